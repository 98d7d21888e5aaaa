import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { EcomError } from '../errors.ts';
import { LIMITS } from '../pipeline/events/shop-event.ts';
import { createGenerator, type Generator } from '../pipeline/generator/generator.ts';
import { type CommandContext } from './context.ts';
import { openTarget } from './target.ts';

export interface GenerateOptions {
  readonly count: number;
  /** Events a second of the simulated shop. */
  readonly rate: number;
  readonly seed: string;
  /** ISO 8601, UTC where it names no zone, or `now`. */
  readonly start: string;
  readonly dirty: number;
  readonly paced?: boolean;
  /** File, `-` for standard output. */
  readonly out: string;
}

/** Characters that are written at once. */
const CHUNK = 128 * 1024;
const PACED_TICK_MS = 50;
const PROGRESS_EVERY_MS = 250;

/** Writes simulated events as JSON lines: the same options, but `--start now`, give the same bytes. */
export async function generate(context: CommandContext, options: GenerateOptions): Promise<void> {
  const { count, rate, seed, dirty } = options;
  const start = parseStart(options.start);
  const { signal } = context;
  const target = await openTarget(options.out, context);
  const generator = createGenerator({
    seed,
    rate,
    start,
    dirty,
    rhythm: 'daily',
    currency: context.config.currency,
  });
  const report = progress(context, options);
  const wait = options.paced ? pace(start) : async (): Promise<number> => Number.POSITIVE_INFINITY;
  try {
    while (!signal.aborted && generator.tally.written < count) {
      const until = await wait(signal);
      await target.write(chunkOf(generator, count, until));
      report(generator.tally.written);
      await setImmediate(); // or Ctrl-C would not be noticed
    }
  } finally {
    report(generator.tally.written, true);
    await target.close();
  }
  if (signal.aborted) {
    throw new EcomError('INTERRUPTED', 'interrupted', {
      hint: `wrote ${generator.tally.written} of ${count} events`,
    });
  }
}

/** Lines up to a time, as many as a chunk takes. */
function chunkOf(generator: Generator, count: number, until: number): string {
  let chunk = '';
  while (chunk.length < CHUNK && generator.tally.written < count && generator.peekTime() <= until) {
    chunk += `${generator.next().value}\n`;
  }
  return chunk;
}

/** Waits a little, and tells what time it is in the shop if that opened at `start` when the command began. */
function pace(start: number): (signal: AbortSignal) => Promise<number> {
  const began = performance.now();
  return async (signal) => {
    await sleep(PACED_TICK_MS, undefined, { signal }).catch(() => {});
    return start + performance.now() - began;
  };
}

/** Says how far a file is, on a terminal, from the first quarter of a second on. */
function progress(
  { stderr }: CommandContext,
  { count, out }: GenerateOptions,
): (events: number, end?: boolean) => void {
  if (out === '-' || !stderr.isTTY) return () => {};
  const began = performance.now();
  let shown = 0;
  return (events, end = false) => {
    const now = performance.now();
    if (end ? shown === 0 : now - Math.max(began, shown) < PROGRESS_EVERY_MS) return;
    shown = now;
    const perSecond = Math.round((1000 * events) / (now - began));
    const share = Math.floor((100 * events) / count);
    stderr.write(`\r\u001b[K${share} %  ${events} of ${count} events  ${perSecond}/s${end ? '\n' : ''}`);
  };
}

/** @throws EcomError `USAGE` where it is no time. */
function parseStart(text: string): number {
  if (text === 'now') return Date.now();
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text.slice(10)) || text.length <= 10 ? text : `${text}Z`;
  const time = /^\d{4}-\d\d-\d\d(?:T|$)/.test(text) ? Date.parse(zoned) : Number.NaN;
  if (time >= LIMITS.minTime) return time;
  throw new EcomError('USAGE', `--start '${text}' is not a time`, {
    hint: 'use ISO 8601 from 2000 on such as 2026-01-05T08:00:00Z, or now',
  });
}
