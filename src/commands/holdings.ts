import { type Config } from '../config.ts';
import { type EventLog, type PartitionBounds } from '../pipeline/event-log/event-log.ts';
import { openEventLog } from '../pipeline/event-log/open.ts';
import { RecordDecoder } from '../pipeline/event-log/record-decoder.ts';
import { FLAG } from '../pipeline/events/columns.ts';
import { type LiveStore, type Position } from '../pipeline/live-store/live-store.ts';
import { openLiveStore } from '../pipeline/live-store/open.ts';
import { COLUMNS } from '../pipeline/metrics/columns.ts';
import { countEvents } from '../pipeline/stats/compute-stats.ts';
import { backlogOf } from '../pipeline/stats/read-stats.ts';

/** Whose events a shop has: nobody's yet, those of simulated shoppers and no others, or others, and be it one. */
export type Holdings = 'nothing' | 'simulated' | 'other';

/** So many events that are not counted yet are looked at; of more it is not known what they are. */
const LOOKED_AT = 200_000;
/** Several rows of an embedded log: of one that is read in part, the rest is read once more. */
const BATCH = 20_000;
const WAIT_MS = 5000;

/** Looks whose events the stores hold, those that are not counted yet among them. The stores are opened, and so created. */
export async function holdingsOf(config: Config): Promise<Holdings> {
  const log = await openEventLog(config);
  try {
    // Whoever asks is about to count.
    const live = await openLiveStore(config, { counts: true });
    try {
      return await readHoldings(log, live);
    } finally {
      await live.close();
    }
  } finally {
    await log.close();
  }
}

export async function readHoldings(log: EventLog, live: LiveStore): Promise<Holdings> {
  const bounds = await log.bounds();
  const { positions, events, simulated } = await readCounted(live);
  if (events > simulated) return 'other';
  const backlog = backlogOf(bounds, positions);
  if (backlog > 0) {
    const waiting = backlog > LOOKED_AT ? 'other' : await lookAhead(log, positions, bounds);
    if (waiting !== 'nothing') return waiting;
  }
  if (events > 0) return 'simulated';
  // What holds only lines that are rejected is somebody's, whether they are counted yet or not.
  return bounds.every(({ end }) => end === 0) ? 'nothing' : 'other';
}

/** Whether a shop has counted events of simulated shoppers, and of others. */
export async function isMixed(live: LiveStore): Promise<boolean> {
  const { events, simulated } = await readCounted(live);
  return simulated > 0 && simulated < events;
}

/** How many events and rejected lines came again so far. */
export async function duplicatesIn(live: LiveStore): Promise<number> {
  const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }] });
  return Number(tallies[0]!.totals.get(COLUMNS.duplicates) ?? 0);
}

async function readCounted(
  live: LiveStore,
): Promise<{ positions: readonly Position[]; events: number; simulated: number }> {
  const { positions, tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }] });
  const { totals } = tallies[0]!;
  return { positions, events: countEvents(totals), simulated: Number(totals.get(COLUMNS.simulated) ?? 0) };
}

/** Whose the records are that nobody has counted yet. */
async function lookAhead(
  log: EventLog,
  positions: readonly Position[],
  bounds: readonly PartitionBounds[],
): Promise<Holdings> {
  const counted = new Map(positions.map(({ partition, position }) => [partition, position]));
  const next = new Map(bounds.map(({ begin }, partition) => [partition, counted.get(partition) ?? begin]));
  const consumer = log.consume({ reader: 'holdings', start: async () => new Map(next) });
  const isLeft = (): boolean => bounds.some(({ end }, partition) => next.get(partition)! < end);
  const decoder = new RecordDecoder();
  let found: Holdings = 'nothing';
  let looked = 0;
  try {
    while (isLeft()) {
      const batches = await consumer.poll(BATCH, WAIT_MS);
      // Nothing comes where something should: what it is remains unknown.
      if (batches.length === 0) return 'other';
      for (const { partition, records, next: after } of batches) {
        next.set(partition, after);
        looked += records.length;
        // One record may hold many.
        if (looked > LOOKED_AT) return 'other';
        decoder.begin(partition, records);
        for (let i = 0; i < records.length; i += 1) {
          if (!decoder.decode(i)) continue;
          if (!decoder.columns.is(0, FLAG.simulated)) return 'other';
          found = 'simulated';
        }
      }
    }
    return found;
  } finally {
    await consumer.close();
  }
}
