import { type LogRecord } from '../../../src/pipeline/event-log/event-log.ts';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { shopperOf } from '../../../src/pipeline/events/shop-event.ts';
import { timeZone } from '../../../src/pipeline/events/time-zone.ts';
import { LEVEL_NAMES, levelStart } from '../../../src/pipeline/metrics/cells.ts';
import { type CounterLines } from '../dump-counters.ts';
import { firstReduce, type PartitionMemory, type ReduceSettings, type States } from './reduce.ts';
import { createSeenIds } from './seen-ids.ts';
import { addTo, type Counters } from './tally.ts';

/**
 * Every counter that the first `reduce` makes of a log, in one go and without a store: what a faster one has to give as well. The files
 * beside it stay as they were then: code that both shared would be wrong on both sides at once.
 * @param log records by partition, from offset 0 on, all of them taken before `clock`
 */
export function countFirst(
  log: readonly LogRecord[][],
  settings: ReduceSettings,
  clock: number,
): CounterLines {
  const states: States = { shoppers: new Map(), orders: new Map() };
  const memories = log.map(
    (): PartitionMemory => ({ position: 0, begin: 0, watermark: 0, seen: createSeenIds() }),
  );
  const batches = log.map((origins, partition) => {
    const records = origins.map(({ offset, index, value, appendedAt }) =>
      decodeRecord(value, { partition, offset, index, appendedAt }),
    );
    const shoppers = records.map((record) => (isRejected(record) ? undefined : shopperOf(record)));
    return { partition, records, origins, shoppers, next: origins.length, clock, lost: 0 };
  });
  const { cells } = firstReduce(batches, (partition) => memories[partition]!, states, settings);
  const zone = timeZone(settings.timeZone);
  const lines = new Map<string, Counters>();
  const gather = (place: string, counters: Counters): void => {
    const sums = lines.get(place) ?? new Map();
    lines.set(place, sums);
    addTo(sums, counters);
  };
  for (const [start, { totals, breakdowns }] of cells) {
    for (const level of ['all', ...LEVEL_NAMES] as const) {
      const at = level === 'all' ? 0 : levelStart(level, start, zone);
      gather(`${level}|totals|${at}|`, totals);
      for (const [dimension, rows] of breakdowns) {
        for (const [key, counters] of rows) gather(`${level}|${dimension}|${at}|${key}`, counters);
      }
    }
  }
  return new Map(
    [...lines].flatMap(([place, counters]) =>
      [...counters]
        .filter(([, value]) => value !== 0)
        .map(([column, value]) => [`${place}|${column}`, String(value)] as const),
    ),
  );
}
