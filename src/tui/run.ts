import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../errors.ts';
import { type WindowLabel } from '../pipeline/stats/types.ts';
import { type TerminalSize } from './layout.ts';
import { type DashboardModel, type DashboardSource } from './source.ts';
import { type DashboardState, type KeyPress, pressKey, withModel } from './state.ts';
import { enterTerminal, type Terminal } from './terminal.ts';

export interface DashboardOptions {
  readonly source: DashboardSource;
  /** The window to begin with. */
  readonly window: WindowLabel;
  /** Whether to begin with recommendations in the place of the top products. */
  readonly recommendations?: boolean;
  /** Closes the dashboard when it aborts. */
  readonly signal: AbortSignal;
  readonly stdin: NodeJS.ReadStream;
  /** A terminal. */
  readonly stdout: NodeJS.WriteStream;
  /** What stands in the header, such as the shop's name. */
  readonly title?: string;
  /** @default true */
  readonly colour?: boolean;
}

/** A little more often than twice a second. */
const READ_MS = 450;
/** At most ten frames a second. */
const FRAME_MS = 100;
/** How often ages on the screen are brought up to date where nothing else happens. */
const TICK_MS = 1000;
/** How long the first frame waits for the first numbers. */
const FIRST_MS = 150;

/**
 * Shows the dashboard on the whole terminal until the user quits or the signal aborts. The terminal is given back however
 * it ends. Where the source fails, the last numbers stay, marked as stale, and it is asked again.
 */
export async function runDashboard(options: DashboardOptions): Promise<void> {
  if (options.signal.aborted) return;
  const { window, recommendations = false } = options;
  const first = options.source.read({ window, recommendations });
  first.catch(() => {}); // the session shows what went wrong
  const ui = await loadUi();
  const model = await settledWithin(FIRST_MS, first);
  const terminal = enterTerminal(options.stdout);
  const keyboard = options.stdin.isTTY ? options.stdin : undefined;
  keyboard?.setRawMode(true); // before the first frame, so that no key is echoed into it
  try {
    await runSession(options, terminal, ui, first, model);
  } finally {
    keyboard?.setRawMode(false);
    terminal.leave();
  }
}

/** What the promise resolves with; `undefined` where it has not within `ms`, or rejects. */
async function settledWithin<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const timeout = new AbortController();
  const late = sleep(ms, undefined, { signal: timeout.signal });
  try {
    return await Promise.race([promise, late]);
  } catch {
    return undefined;
  } finally {
    timeout.abort();
    late.catch(() => {});
  }
}

type Ui = Awaited<ReturnType<typeof loadUi>>;

/** Loaded while the first numbers are being read. */
async function loadUi() {
  const [{ render }, { createElement }, { Dashboard }] = await Promise.all([
    import('ink'),
    import('react'),
    import('./components/Dashboard.tsx'),
  ]);
  return { render, createElement, Dashboard };
}

async function runSession(
  options: DashboardOptions,
  terminal: Terminal,
  { render, createElement, Dashboard }: Ui,
  first: Promise<DashboardModel>,
  model: DashboardModel | undefined,
): Promise<void> {
  const { signal, stdin, stdout, colour = true } = options;
  const { promise: finished, resolve: finish } = deferred();
  const empty = initialState(options, terminal.size());
  let state = model === undefined ? empty : withModel(empty, model, Date.now());
  const keyboard = stdin.isTTY === true;
  const element = () => createElement(Dashboard, { state, now: Date.now(), colour, keyboard, onKey });
  const frames = throttle(FRAME_MS, () => instance.rerender(element()));
  const update = (next: DashboardState): void => {
    state = next;
    frames.request();
  };
  const reader = createReader(options.source, model === undefined ? first : undefined, () => state, update);

  function onKey(key: KeyPress): void {
    const effect = pressKey(state, key);
    if (effect === 'quit') {
      finish();
    } else if (effect === 'redraw') {
      terminal.redraw();
      frames.request();
    } else {
      const asked = (['window', 'sort', 'recommendations'] as const).some(
        (key) => effect[key] !== state[key],
      );
      update(effect);
      if (asked) reader.wake();
    }
  }
  function onResize(): void {
    terminal.redraw();
    update({ ...state, size: terminal.size() });
  }

  // In debug mode Ink hands over every frame whole and leaves the drawing of it to `terminal`.
  const ink = { stdin, stdout: terminal.frames, debug: true, exitOnCtrlC: false, patchConsole: false };
  const instance = render(element(), ink);
  const ticking = setInterval(frames.request, TICK_MS);
  stdout.on('resize', onResize);
  signal.addEventListener('abort', finish, { once: true });
  try {
    reader.start();
    await Promise.race([finished, instance.waitUntilExit()]);
  } finally {
    clearInterval(ticking);
    frames.stop();
    reader.stop();
    stdout.off('resize', onResize);
    signal.removeEventListener('abort', finish);
    instance.unmount();
  }
}

function initialState(
  { title = '', window, recommendations = false }: DashboardOptions,
  size: TerminalSize,
): DashboardState {
  return {
    title,
    size,
    window,
    sort: undefined,
    help: false,
    recommendations,
    model: undefined,
    readAt: 0,
    problem: undefined,
    readings: [],
  };
}

/**
 * Reads the source over and over, one reading at a time, at once when woken.
 * @param first a reading that is under way
 */
function createReader(
  source: DashboardSource,
  first: Promise<DashboardModel> | undefined,
  current: () => DashboardState,
  update: (state: DashboardState) => void,
): { start(): void; wake(): void; stop(): void } {
  let stopped = false;
  let wake = new AbortController();
  let pending = first;

  async function rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: wake.signal }).catch(() => {});
    wake = new AbortController();
  }
  async function loop(): Promise<void> {
    if (pending === undefined) await rest(READ_MS);
    while (!stopped) {
      const started = Date.now();
      const { window, sort, recommendations } = current();
      try {
        const model = await (pending ?? source.read({ window, sort, recommendations }));
        if (!stopped) update(withModel(current(), model, Date.now()));
      } catch (error) {
        if (!stopped) update({ ...current(), problem: errorMessage(error) });
      }
      pending = undefined;
      await rest(Math.max(0, started + READ_MS - Date.now()));
    }
  }
  return {
    start: () => void loop(),
    wake: () => wake.abort(),
    stop() {
      stopped = true;
      wake.abort();
    },
  };
}

/** Calls `work` at once, then at most once in `ms`, and once more for what was requested meanwhile. */
function throttle(ms: number, work: () => void): { request(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let requested = false;
  function request(): void {
    if (timer !== undefined) {
      requested = true;
      return;
    }
    requested = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (requested) request();
    }, ms);
    work();
  }
  return { request, stop: () => clearTimeout(timer) };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
