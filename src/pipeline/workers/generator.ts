import { randomInt } from 'node:crypto';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { type EventLog } from '../event-log/event-log.ts';
import { openEventLog } from '../event-log/open.ts';
import { createGenerator, type GeneratedRecord, type Generator } from '../generator/generator.ts';
import { planHistory } from '../generator/history.ts';
import { type ComponentContext, type RunComponent } from './component.ts';

/** Pause between appends while the log keeps up, ms. */
const TICK_MS = 20;
const MAX_BATCH = 4000;
/** What was missed for longer than this, in a stall or at a rate beyond the machine's, is left out. */
const MAX_BACKLOG_MS = 2000;
/** A next event so far ahead means that the clock was set back. */
const MAX_AHEAD_MS = 60_000;

/** Lets simulated shoppers loose: first a day of history where the log is empty, then live. */
export const run: RunComponent = async (context) => {
  const log = await openEventLog(context.config);
  try {
    context.ready();
    const empty = (await log.bounds()).every(({ end }) => end === 0);
    await simulate(context, log, empty);
  } finally {
    await log.close();
  }
};

async function simulate(context: ComponentContext, log: EventLog, withHistory: boolean): Promise<void> {
  const { config, options, logger, signal, handled } = context;
  const { rate = 100, seed = 'ecom', dirty = 0, count = Number.POSITIVE_INFINITY } = options.generator ?? {};
  const now = Date.now();
  const { start, phases } = withHistory ? planHistory(now, rate) : { start: now, phases: [] };
  // The time and a random number: a generator that was started again repeats no id.
  const runId = now.toString(36) + randomInt(36 ** 2).toString(36);
  const generator = createGenerator({
    seed,
    rate,
    start,
    dirty,
    rhythm: 'flat',
    currency: config.currency,
    runId,
  });

  /** Appends what arrives up to a time; false where a batch did not suffice. */
  async function appendUntil(time: number): Promise<boolean> {
    const batch = take(generator, time, Math.min(MAX_BATCH, count - generator.tally.written));
    if (batch.length > 0) await log.append(batch);
    handled(batch.length);
    return batch.length < MAX_BATCH;
  }
  const goesOn = (): boolean => !signal.aborted && generator.tally.written < count;

  for (const phase of phases) {
    generator.setPace(phase.rate, phase.rhythm);
    while (goesOn() && !(await appendUntil(phase.until))) await setImmediate();
  }
  logger.info({ runId, seed, rate, dirty, history: generator.tally.written }, 'generating');
  generator.setPace(rate, 'flat');
  while (goesOn()) {
    const time = Date.now();
    const ahead = generator.peekTime() - time;
    if (ahead < -MAX_BACKLOG_MS) generator.skipTo(time - MAX_BACKLOG_MS);
    else if (ahead > MAX_AHEAD_MS) generator.skipTo(time);
    if (await appendUntil(time)) await sleep(TICK_MS, undefined, { signal }).catch(() => {});
    else await setImmediate();
  }
  logger.info({ ...generator.tally }, 'generated');
}

function take(generator: Generator, until: number, limit: number): GeneratedRecord[] {
  const records: GeneratedRecord[] = [];
  while (records.length < limit && generator.peekTime() <= until) records.push(generator.next());
  return records;
}
