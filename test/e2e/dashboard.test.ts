import { join } from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ensureDataDir } from '../../src/config.ts';
import { packageFile } from '../../src/package-root.ts';
import { configFor, openStores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[0m\u001b[2J\u001b[H\u001b[?7h\u001b[?25h\u001b[?1049l';

// What stands between the two is one frame: in the midst of it there is nothing to look at.
const BEGIN = '\u001b[?2026h';
const END = '\u001b[?2026l';

/** A program in a terminal that can be looked at. */
interface Screen {
  readonly pty: IPty;
  readonly terminal: InstanceType<typeof xterm.Terminal>;
  readonly exit: Promise<number>;
  /** All that was written. */
  output(): string;
  rows(): string[];
  /** The screen as soon as it shows what is looked for. */
  until(what: RegExp): Promise<string>;
  resize(columns: number, rows: number): void;
}

function open(
  program: readonly string[],
  cols: number,
  rows: number,
  env: Record<string, string> = {},
): Screen {
  const { CI: _, NO_COLOR: __, ...inherited } = process.env;
  const pty = spawn(process.execPath, [...program], {
    cols,
    rows,
    name: env.TERM ?? 'xterm-256color',
    env: { ...inherited, ...env },
  });
  const terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 1000 });
  let output = '';
  let drawn = '';
  pty.onData((data) => {
    output += data;
    terminal.write(data, () => {
      drawn += data;
    });
  });
  const exit = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
  onTestFinished(() => {
    try {
      pty.kill('SIGKILL');
    } catch {
      // it has ended
    }
    terminal.dispose();
  });
  const lines = (): string[] => {
    const { active } = terminal.buffer;
    return Array.from({ length: terminal.rows }, (_, row) => {
      return active.getLine(active.viewportY + row)?.translateToString(true) ?? '';
    });
  };
  return {
    pty,
    terminal,
    exit,
    output: () => output,
    rows: lines,
    async until(what) {
      for (;;) {
        await new Promise<void>((resolve) => terminal.write('', resolve));
        const text = lines().join('\n');
        if (what.test(text) && drawn.lastIndexOf(BEGIN) <= drawn.lastIndexOf(END)) return text;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    resize(columns, height) {
      terminal.resize(columns, height);
      pty.resize(columns, height);
    },
  };
}

let program = '';

beforeAll(async () => {
  const bundle = await rolldown({
    input: packageFile('test', 'e2e', 'dashboard-program.ts'),
    platform: 'node',
    external: ['react-devtools-core'],
    transform: { define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' } },
  });
  const dir = packageFile('node_modules', '.cache', 'dashboard-test');
  await bundle.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
  });
  program = join(dir, 'dashboard-program.mjs');
});

test('a terminal without a screen gets no dashboard, but what to do', async () => {
  const config = configFor(join(tempDir(), 'shop'));
  ensureDataDir(config);
  await (await openStores(config)).close();
  const screen = open([packageFile('bin', 'ecom.js'), 'dashboard', '--data-dir', config.dataDir], 80, 24, {
    TERM: 'dumb',
  });
  expect(await screen.exit).toBe(2);
  expect(screen.output()).toContain('TERM is dumb');
  expect(screen.output()).toContain('--watch prints the numbers anywhere');
  expect(screen.output()).not.toContain(ENTER);
});

describe('the dashboard in a terminal', () => {
  test.each([
    [80, 24],
    [160, 50],
    [40, 10],
    [100, 30],
  ])('fits %i×%i: nothing wraps, nothing scrolls, every frame is closed', async (columns, rows) => {
    const screen = open([program], columns, rows);
    await screen.until(/● LIVE 12:00:0[89]/);
    const shown = screen.rows();
    expect(shown[0]).toMatch(/^ ecom/);
    expect(shown[rows - 2]).toMatch(/^ q quit {2}\?/);
    expect(shown[rows - 1]).toBe('');
    expect(screen.terminal.buffer.active.baseY).toBe(0);
    const { active } = screen.terminal.buffer;
    for (let row = 0; row < rows; row += 1) expect(active.getLine(row)!.isWrapped).toBe(false);
    for (const line of shown.filter((text) => /^[╭│╰]/.test(text))) {
      expect(line).toMatch(/[╮│╯]$/);
      const last = active.getLine(shown.indexOf(line))!.getCell(columns - 1)!;
      expect(last.getChars()).toMatch(/[╮│╯]/);
    }
    expect(shown.some((text) => /^[╭│╰]/.test(text))).toBe(rows > 12);
  });

  test('writes only the lines that have changed', async () => {
    const screen = open([program], 80, 24);
    await screen.until(/LIVE 12:00:07/);
    const updates = screen.output().split(BEGIN).slice(1);
    const rowsWritten = (update: string) => update.match(/\u001b\[\d+;1H/g)?.length ?? 0;
    expect(rowsWritten(updates[0]!)).toBe(23);
    for (const update of updates.slice(1)) {
      expect(rowsWritten(update)).toBeGreaterThan(0);
      expect(rowsWritten(update)).toBeLessThan(23);
      // The lower border of the key figures never changes.
      expect(update).not.toContain('\u001b[7;1H');
    }
  });

  test.each([
    ['q', 'q'],
    ['Ctrl-C', '\u0003'],
  ])('%s gives the terminal back', async (_, key) => {
    const screen = open([program], 80, 24);
    await screen.until(/LIVE/);
    expect(screen.terminal.buffer.active.type).toBe('alternate');
    screen.pty.write(key);
    expect(await screen.exit).toBe(0);
    await screen.until(/left after \d+ readings/);
    expect(screen.terminal.buffer.active.type).toBe('normal');
    expect(screen.output().split(ENTER)).toHaveLength(2);
    expect(screen.output().split(LEAVE)).toHaveLength(2);
    expect(screen.output().slice(screen.output().indexOf(LEAVE) + LEAVE.length)).toMatch(
      /^left after \d+ readings\r\n$/,
    );
  });

  test('SIGTERM gives the terminal back', async () => {
    const screen = open([program], 80, 24);
    await screen.until(/LIVE/);
    process.kill(screen.pty.pid, 'SIGTERM');
    expect(await screen.exit).toBe(0);
    expect(screen.output()).toContain(`${LEAVE}left after`);
  });

  test('a crash gives the terminal back before it is reported', async () => {
    const screen = open([program, 'crash'], 80, 24);
    expect(await screen.exit).toBe(1);
    const [, after] = screen.output().split(LEAVE);
    expect(after).toContain('the crash of the test');
    await new Promise<void>((resolve) => screen.terminal.write('', resolve));
    expect(screen.terminal.buffer.active.type).toBe('normal');
  });

  test('a source that fails is shown with the last numbers, and asked again', async () => {
    const screen = open([program, 'source'], 80, 24);
    const text = await screen.until(/live\.db: the disk is full · trying again/);
    expect(text).toMatch(/LIVE 12:00:07/);
    await screen.until(/✖ STALE 3\.\ds/);
    await screen.until(/LIVE 12:00:1[7-9]/);
    expect(screen.rows()[22]).toMatch(/^ q quit/);
  });

  test('a reading that never comes does not keep the user from leaving', async () => {
    const screen = open([program, 'never'], 80, 24);
    await screen.until(/✖ STALE/);
    screen.pty.write('q');
    expect(await screen.exit).toBe(0);
    expect(screen.output()).toContain(LEAVE);
  });

  test('follows its keys', async () => {
    const screen = open([program], 80, 24);
    await screen.until(/LIVE/);
    screen.pty.write('w');
    await screen.until(/╭─ Last 1h/);
    screen.pty.write('\u001b[D');
    await screen.until(/╭─ Last 30m/);
    screen.pty.write('7');
    await screen.until(/╭─ All time/);
    screen.pty.write('s');
    await screen.until(/sort: units/);
    screen.pty.write('?');
    await screen.until(/╭─ Help/);
    screen.pty.write('\u001b');
    await screen.until(/^(?![\s\S]*╭─ Help)/);
  });

  test('follows the size of its terminal', async () => {
    const screen = open([program], 80, 24);
    await screen.until(/╭─ Events/);
    screen.resize(160, 50);
    await screen.until(/╭─ Data quality/);
    expect(screen.rows()[48]).toMatch(/^ q quit/);
    screen.resize(30, 6);
    await screen.until(/terminal too small/);
    expect(screen.rows().slice(1).join('')).toBe('');
    screen.resize(60, 20);
    await screen.until(/╭─ Top products/);
    expect(screen.rows()[18]).toMatch(/^ q quit/);
    expect(screen.terminal.buffer.active.baseY).toBe(0);
  });
});

describe('ecom dashboard', () => {
  const ECOM = packageFile('bin', 'ecom.js');

  test('shows what is in the data folder, in colour or without', async () => {
    const config = configFor(join(tempDir(), 'shop'));
    ensureDataDir(config);
    const stores = await openStores(config);
    await stores.log.append(Array.from({ length: 42 }, (_, index) => ({ key: String(index), value: '{}' })));
    await stores.close();
    for (const env of [{}, { NO_COLOR: '1' }]) {
      const screen = open([ECOM, 'dashboard', '--data-dir', config.dataDir], 80, 24, env);
      const text = await screen.until(/backlog 42/);
      expect(text).toContain('○ NO EVENTS');
      expect(/\u001b\[[\d;]*3[0-7]m/.test(screen.output())).toBe(!('NO_COLOR' in env));
      screen.pty.write('q');
      expect(await screen.exit).toBe(0);
    }
  });

  test('says what to do where there is no data', async () => {
    const screen = open([ECOM, 'dashboard', '--data-dir', join(tempDir(), 'nowhere')], 80, 24);
    expect(await screen.exit).toBe(1);
    expect(screen.output()).toContain('there is no shop');
    expect(screen.output()).not.toContain(ENTER);
  });
});
