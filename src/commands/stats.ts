import { EcomError } from '../errors.ts';
import { timeZone } from '../pipeline/events/time-zone.ts';
import { type LiveStore } from '../pipeline/live-store/live-store.ts';
import { openLiveStore } from '../pipeline/live-store/open.ts';
import { type Condition as FilterCondition } from '../pipeline/stats/filter.ts';
import { type LogReach, readStats } from '../pipeline/stats/read-stats.ts';
import { type CountedBefore, recountText } from '../pipeline/stats/recount.ts';
import { type SortKey, type Stats } from '../pipeline/stats/types.ts';
import { styledText } from '../visible-text.ts';
import { type Condition } from './condition.ts';
import { type CommandContext } from './context.ts';
import { countedBefore } from './counted-before.ts';
import { openLogBounds } from './log-bounds.ts';
import { draw, printJson, repeat, write } from './output.ts';
import { type PeriodOptions, periodOf } from './period.ts';
import { requireData } from './require-data.ts';
import { storedLayout } from './stored-layout.ts';

export interface StatsOptions extends PeriodOptions {
  readonly sort?: SortKey;
  readonly limit: number;
  readonly by?: string;
  readonly where?: readonly string[];
  readonly includeRobots?: boolean;
  readonly compare?: 'previous';
  readonly anomalies?: boolean;
  readonly json?: boolean;
  readonly watch?: boolean;
  /** Seconds. */
  readonly interval: number;
  readonly failIf?: string;
}

/**
 * Prints the shop's numbers, once or until interrupted.
 * @throws EcomError `NOT_FOUND` where there is no data, `USAGE` for a wrong `--fail-if`; after the numbers were printed
 * `CONDITION` where it holds, `UNAVAILABLE` where they are being counted again
 */
export async function stats(context: CommandContext, options: StatsOptions): Promise<void> {
  const { config } = context;
  const condition =
    options.failIf === undefined
      ? undefined
      : (await import('./condition.ts')).parseCondition(options.failIf);
  const { where = [], includeRobots = false } = options;
  const filter = where.length === 0 ? [] : (await import('../pipeline/stats/filter.ts')).parseFilter(where);
  requireData(config);
  await using(filter, includeRobots, context, (stores) => printAll(context, options, stores, condition));
}

/** The stores that hold the numbers: the shop's, or those of a view where there is a filter, or robots count. */
async function using(
  filter: readonly FilterCondition[],
  robots: boolean,
  context: CommandContext,
  work: (stores: StatsStores) => Promise<void>,
): Promise<void> {
  const { config } = context;
  if (filter.length > 0 || robots) {
    const { fill, openView } = await import('./view.ts');
    const view = await openView(config, filter, robots);
    try {
      await work({ live: view.live, log: view.log, robots, prepare: () => fill(context, view) });
    } finally {
      await view.close();
    }
    return;
  }
  const live = await openLiveStore(config);
  try {
    const log = await openLogBounds(config, live);
    try {
      await work({ live, log, countedBefore: countedBefore(config) });
    } finally {
      await log.close();
    }
  } finally {
    await live.close();
  }
}

interface StatsStores {
  readonly live: LiveStore;
  readonly log: LogReach;
  readonly countedBefore?: CountedBefore;
  readonly robots?: boolean;
  /** To be called before each reading. */
  prepare?(): Promise<void>;
}

async function printAll(
  context: CommandContext,
  options: StatsOptions,
  stores: StatsStores,
  condition: Condition | undefined,
): Promise<void> {
  const { sort, limit, by, anomalies, where = [], watch = false } = options;
  const print = options.json === true ? jsonPrinter(context, watch) : await textPrinter(context, options);
  const { timeZone: zone } = await storedLayout(context, stores.live);
  const period = periodOf(options, '24h', timeZone(zone));
  const compare = options.compare !== undefined;
  const once = async (): Promise<void> => {
    await stores.prepare?.();
    const { currency } = context.config;
    const answer = await readStats(stores, {
      period,
      sort,
      limit,
      by,
      compare,
      anomalies,
      now: Date.now(),
      currency,
    });
    await print({
      ...answer,
      ...(where.length > 0 && { where }),
      ...(stores.robots && { robotsIncluded: true as const }),
    });
    if (condition !== undefined) await failWhere(condition, answer);
  };
  if (watch) await repeat(context.signal, options.interval, once);
  else await once();
}

function jsonPrinter({ stdout }: CommandContext, watch: boolean): (answer: Stats) => Promise<void> {
  return (answer) => (watch ? printJson(stdout, answer, true) : printJson(stdout, answer));
}

/** Text for people: watched on a terminal it is drawn over the one before, watched in a pipe one block follows the other. */
async function textPrinter(
  { stdout, colour }: CommandContext,
  { sort, watch = false }: StatsOptions,
): Promise<(answer: Stats) => Promise<void>> {
  const { statsText } = await import('./stats-text.ts');
  const styled = stdout.isTTY === true && colour;
  let first = true;
  return async (answer) => {
    const text = statsText(answer, { width: stdout.columns ?? 80, sort, styled });
    if (watch && stdout.isTTY) await draw(stdout, inPlace(styledText(text), stdout.rows, first));
    else await write(stdout, watch && !first ? `\n${text}` : text);
    first = false;
  };
}

/** The text over what the terminal shows, as much of it as there are rows for. */
function inPlace(text: string, rows: number, first: boolean): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .slice(0, Math.max(1, rows - 1));
  const home = first ? '\u001b[2J\u001b[H' : '\u001b[H';
  return `${home}${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`;
}

async function failWhere(condition: Condition, answer: Stats): Promise<void> {
  const { recount } = answer.freshness;
  if (recount !== null) {
    throw new EcomError('UNAVAILABLE', `--fail-if is not decided: ${recountText(recount)}`, {
      hint: 'ask again when all is counted: ecom status shows how far it is, ecom up or ecom rebuild counts where nobody does',
    });
  }
  const { EVENT_TYPES } = await import('../pipeline/events/shop-event.ts');
  // A type of event that did not happen counts 0, so that its absence can be asked for.
  const none = Object.fromEntries(EVENT_TYPES.map((type) => [type, 0]));
  const { holds, values } = condition.evaluate({
    ...answer,
    eventsByType: { ...none, ...answer.eventsByType },
  });
  if (holds) throw new EcomError('CONDITION', `${condition.text} holds: ${values.join(', ')}`);
}
