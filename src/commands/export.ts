import { EcomError } from '../errors.ts';
import { timeZone } from '../pipeline/events/time-zone.ts';
import { csvLine } from '../pipeline/export/csv.ts';
import {
  type Export,
  type ExportSource,
  exportEvents,
  exportOrders,
  exportProducts,
  exportSessions,
  readUntil,
} from '../pipeline/export/rows.ts';
import { openWorkbench } from '../pipeline/export/workbench.ts';
import { mainCurrency } from '../pipeline/stats/compute-stats.ts';
import { type Condition, createFilter, leavesToOrder, parseFilter } from '../pipeline/stats/filter.ts';
import { checkReached } from '../pipeline/stats/oldest.ts';
import { newestOf } from '../pipeline/stats/read-stats.ts';
import { checkBegun } from '../pipeline/stats/time-frame.ts';
import { visibleText } from '../visible-text.ts';
import { type CommandContext } from './context.ts';
import { type KnownFields, knownFields } from './known-fields.ts';
import { type PeriodOptions, periodOf } from './period.ts';
import { requireData } from './require-data.ts';
import { storedLayout } from './stored-layout.ts';
import { type Stores, withStores } from './stores.ts';
import { openTarget, type Target } from './target.ts';

export const EXPORTS = ['events', 'orders', 'products', 'sessions'] as const;

export interface ExportOptions extends Omit<PeriodOptions, 'window'> {
  readonly what: (typeof EXPORTS)[number];
  readonly format: 'csv' | 'jsonl';
  /** File, `-` for standard output. */
  readonly out: string;
  readonly where?: readonly string[];
}

/** Characters that are written at once. */
const CHUNK = 64 * 1024;

/**
 * Writes what the shop has gathered as CSV or JSON lines, in bounded memory however much it is.
 * @throws EcomError `USAGE` for products of a part of the history, which are not counted by event
 */
export async function exportData(context: CommandContext, options: ExportOptions): Promise<void> {
  const { config, signal } = context;
  const { what, where = [], from, to } = options;
  requireData(config);
  if (what === 'products' && (from !== undefined || to !== undefined || where.length > 0)) {
    throw new EcomError('USAGE', 'products are exported with all that was ever counted of them', {
      hint: 'ecom stats --by product --from … --limit 1000 --json tells those of a period',
    });
  }
  await withStores(config, async (stores) => {
    let leftToOrder = 0;
    const source = await sourceOf(context, stores, options, () => {
      leftToOrder += 1;
    });
    const bench =
      what === 'orders' || what === 'sessions'
        ? openWorkbench(config.sqliteDriver, config.currency)
        : undefined;
    const target = await openTarget(options.out, context);
    try {
      const chosen =
        what === 'events'
          ? exportEvents(source)
          : what === 'products'
            ? exportProducts(source)
            : (what === 'orders' ? exportOrders : exportSessions)(source, bench!);
      await writeAll(chosen, options.format, target, signal);
      if (leftToOrder > 0) context.stderr.write(leftToOrderNote(leftToOrder));
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new EcomError('INTERRUPTED', 'interrupted', { hint: 'what is written is not all' });
    } finally {
      await target.close();
      bench?.close();
    }
  });
}

async function sourceOf(
  { config, stderr, signal }: CommandContext,
  { documents, live, log }: Stores,
  { where = [], ...period }: ExportOptions,
  onLeftToOrder: () => void,
): Promise<ExportSource> {
  const { timeZone: zone, properties } = await storedLayout({ config, stderr }, live);
  const stretch = periodOf(period, 'all', timeZone(zone));
  const { from, to } =
    typeof stretch === 'string' || !('from' in stretch)
      ? { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
      : stretch;
  const now = Date.now();
  checkBegun(from, newestOf(await live.positions(), now), now);
  await checkReached(live, stretch, timeZone(zone));
  const conditions = parseFilter(where);
  const { partitions } = log;
  await requireKnown({ documents, partitions, signal }, conditions, knownFields(conditions, properties));
  const filter = createFilter(conditions);
  const isLeft = leavesToOrder(conditions);
  const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }] });
  return {
    documents,
    live,
    partitions,
    keep(event) {
      if (!(event.time >= from && event.time < to)) return undefined;
      if (isLeft(event)) onLeftToOrder();
      return filter(event);
    },
    currency: config.currency,
    mainCurrency: mainCurrency(tallies[0]!.totals, config.currency),
    signal,
  };
}

/** What `ecom stats` tells of a filter in the same words. */
function leftToOrderNote(lines: number): string {
  const [is, taken] = lines === 1 ? ['line of an order does', 'it is'] : ['lines of orders do', 'they are'];
  return `note: ${lines.toLocaleString('en-US')} ${is} not say what --where asks, though another line may: ${taken} taken by what ${lines === 1 ? 'it says' : 'they say'} alone\n`;
}

/**
 * Looks for events that have the properties of a filter, whatever the period, before anything is written.
 * @throws EcomError `USAGE` where none has one
 */
async function requireKnown(
  source: Pick<ExportSource, 'documents' | 'partitions' | 'signal'>,
  conditions: readonly Condition[],
  fields: KnownFields,
): Promise<void> {
  const look = createFilter(conditions, fields.onProperty);
  if (!fields.isComplete()) {
    await readUntil(source, (event) => {
      look(event);
      return fields.isComplete();
    });
  }
  fields.check();
}

async function writeAll(
  { columns, rows }: Export,
  format: ExportOptions['format'],
  target: Target,
  signal: AbortSignal,
): Promise<void> {
  let chunk = format === 'csv' ? csvLine(columns) : '';
  for await (const row of rows()) {
    chunk +=
      format === 'csv'
        ? csvLine(row)
        : `${visibleText(JSON.stringify(Object.fromEntries(columns.map((name, i) => [name, row[i]]))))}\n`;
    if (chunk.length < CHUNK) continue;
    await target.write(chunk);
    chunk = '';
    signal.throwIfAborted();
  }
  await target.write(chunk);
}
