import { type SingleBar } from 'cli-progress';
import { type IngestProgress } from '../pipeline/ingest/appender.ts';
import { type IngestStart } from '../pipeline/ingest/ingest.ts';
import { visibleLine } from '../visible-text.ts';
import { tell } from './output.ts';

/** Shows how an ingest gets on: a bar on a terminal, a line now and then anywhere else. */
export interface ProgressReporter {
  start(start: IngestStart, recognised: boolean): void;
  update(progress: IngestProgress): void;
  /** Says something in a line of its own. */
  note(text: string): void;
  stop(): void;
}

const LINE_MS = 3000;

export function createProgressReporter(stderr: NodeJS.WriteStream): ProgressReporter {
  let bar: SingleBar | undefined;
  let started = 0;
  let lineAt = 0;
  let begin: IngestStart | undefined;
  let latest: IngestProgress | undefined;
  let stopped = false;

  function figures({ bytesRead, events, rejected }: IngestProgress) {
    const seconds = Math.max(0.001, (performance.now() - started) / 1000);
    const total = begin?.size === undefined ? '' : `/${megabytes(begin.size)}`;
    return {
      bytes: `${megabytes(bytesRead)}${total} MB`,
      events: count(events),
      rate: count(Math.round(events / seconds)),
      rejected: count(rejectedLines(rejected)),
      left: timeLeft(bytesRead, seconds),
    };
  }

  function timeLeft(bytesRead: number, seconds: number): string {
    if (begin?.size === undefined || bytesRead <= begin.bytesRead) return '-';
    const left = Math.round(((begin.size - bytesRead) / (bytesRead - begin.bytesRead)) * seconds);
    return left < 60 ? `${left}s` : `${Math.floor(left / 60)}m${String(left % 60).padStart(2, '0')}s`;
  }

  async function showBar(size: number): Promise<void> {
    const { default: progress } = await import('cli-progress');
    if (stopped) return;
    // It fits into 80 columns.
    const format = '{bar} {percentage}% · {bytes} · {rate} events/s · {rejected} rejected · ETA {left}';
    bar = new progress.SingleBar({
      format,
      stream: stderr,
      barsize: 10,
      clearOnComplete: true,
    });
    const now = latest ?? { ...NOTHING, bytesRead: begin!.bytesRead };
    bar.start(size, now.bytesRead, figures(now));
  }

  return {
    start(start, recognised) {
      begin = start;
      started = performance.now();
      lineAt = started;
      const how = recognised ? ', as its beginning shows' : '';
      const known = start.knownLines === 0 ? '' : `; ${count(start.knownLines)} lines are known`;
      tell(stderr, `${start.name}: format ${start.format}${how}${known}`);
      if (stderr.isTTY && start.size !== undefined) void showBar(start.size);
    },
    update(progress) {
      latest = progress;
      if (bar !== undefined) {
        bar.update(progress.bytesRead, figures(progress));
        return;
      }
      const now = performance.now();
      if (now - lineAt < LINE_MS) return;
      lineAt = now;
      const { bytes, events, rate, rejected } = figures(progress);
      tell(stderr, `${bytes} · ${events} events, ${rate}/s · ${rejected} rejected`);
    },
    note(text) {
      // The bar draws itself again below.
      stderr.write(`${bar === undefined ? '' : '\r\u001b[K'}${visibleLine(text)}\n`);
    },
    stop() {
      stopped = true;
      bar?.stop();
    },
  };
}

const NOTHING: IngestProgress = {
  bytesRead: 0,
  lines: 0,
  events: 0,
  rejected: {},
  leftOut: {},
  placeholderIds: 0,
  links: 0,
  aliases: 0,
  withoutProduct: 0,
  times: undefined,
};

export function rejectedLines(rejected: IngestProgress['rejected']): number {
  return Object.values(rejected).reduce((sum, lines) => sum + lines, 0);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** With a comma between thousands. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
