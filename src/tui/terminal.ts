import { EventEmitter } from 'node:events';
import { type TerminalSize } from './layout.ts';

// Alternate screen on, cursor off, no wrapping at the right edge, clean; and the way back. It is left clean: tmux mixes what
// stands in it into the other screen where the size has changed meanwhile.
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J\u001b[H';
const LEAVE = '\u001b[0m\u001b[2J\u001b[H\u001b[?7h\u001b[?25h\u001b[?1049l';
// Terminals that know them show what is written in between at once.
const BEGIN_UPDATE = '\u001b[?2026h';
const END_UPDATE = '\u001b[?2026l';

/** The terminal taken over for a full-screen program. */
export interface Terminal {
  /** What Ink writes its frames to, each as a whole. */
  readonly frames: NodeJS.WriteStream;
  size(): TerminalSize;
  /** Forgets what is on the screen, so that the next frame is drawn whole. */
  redraw(): void;
  /** Gives the terminal back as it was. Safe to call twice, and while the process is dying. */
  leave(): void;
}

/**
 * Enters the alternate screen. Of each frame only the lines that differ are written, each at its own row: nothing ever
 * scrolls, and a slow terminal gets fewer frames instead of a backlog of them.
 */
export function enterTerminal(stdout: NodeJS.WriteStream): Terminal {
  let drawn: readonly string[] = [];
  let waiting: string | undefined;
  let entered = true;

  function size(): TerminalSize {
    return { columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 };
  }
  function draw(frame: string): void {
    if (!entered) return;
    if (stdout.writableNeedDrain) {
      waiting = frame;
      return;
    }
    const lines = frame.split('\n').slice(0, size().rows);
    const last = Math.max(lines.length, drawn.length);
    let update = '';
    for (let row = 0; row < last; row += 1) {
      if (lines[row] !== drawn[row]) update += `\u001b[${row + 1};1H\u001b[2K${lines[row] ?? ''}`;
    }
    drawn = lines;
    if (update !== '') stdout.write(BEGIN_UPDATE + update + END_UPDATE);
  }
  function flush(): void {
    const frame = waiting;
    waiting = undefined;
    if (frame !== undefined) draw(frame);
  }
  function redraw(): void {
    drawn = [];
    if (entered) stdout.write('\u001b[2J');
  }
  function leave(): void {
    if (!entered) return;
    entered = false;
    stdout.off('drain', flush);
    process.off('exit', leave);
    process.off('uncaughtExceptionMonitor', leave);
    if (!stdout.destroyed) stdout.write(LEAVE);
  }

  process.on('exit', leave);
  process.on('uncaughtExceptionMonitor', leave); // before Node prints the error, which would vanish with this screen
  stdout.on('drain', flush);
  stdout.write(ENTER);
  return { frames: frameStream(size, draw), size, redraw, leave };
}

/** A stand-in for standard output that Ink measures itself by and hands its frames to. */
function frameStream(size: () => TerminalSize, draw: (frame: string) => void): NodeJS.WriteStream {
  const stream = Object.assign(new EventEmitter(), {
    write(frame: string): boolean {
      draw(frame);
      return true;
    },
  });
  Object.defineProperty(stream, 'columns', { get: () => size().columns });
  Object.defineProperty(stream, 'rows', { get: () => size().rows });
  return stream as unknown as NodeJS.WriteStream;
}
