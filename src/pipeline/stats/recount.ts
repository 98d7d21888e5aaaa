import { type DocumentStore } from '../document-store/document-store.ts';
import { type EventLog, type PartitionBounds } from '../event-log/event-log.ts';
import { type LiveStore, type Position } from '../live-store/live-store.ts';

/** How far numbers have come that are made again from the log; records. */
export interface Recount {
  readonly counted: number;
  /** How many had been counted before. */
  readonly of: number;
}

/** Up to which offset a partition was counted before the numbers were lost, 0 where it never was. */
export type CountedBefore = (partition: number) => Promise<number>;

const KIND = 'recount';
const KEY = 'offsets';
/** Partitions that are looked at where nobody knows how many there are: as many as a new log on Kafka has. */
const PARTITIONS = 8;

/**
 * To be called before anybody begins to count. A live store without numbers, beside documents of what was counted once, has lost
 * them, or they were in an older form: how far they went is noted, so that what is counted until then does not pass for all.
 */
export async function noteRecount(
  log: Pick<EventLog, 'partitions'>,
  documents: Pick<DocumentStore, 'appended'>,
  live: Pick<LiveStore, 'positions' | 'publish'>,
): Promise<void> {
  if ((await live.positions()).length > 0) return;
  const offsets: number[] = [];
  for (let partition = 0; partition < log.partitions; partition += 1)
    offsets.push(await documents.appended(partition));
  await live.publish(KIND, new Map([[KEY, JSON.stringify(offsets)]]));
}

/** How far partitions were counted before, as {@link noteRecount} noted it. */
export async function notedRecount(live: Pick<LiveStore, 'published'>): Promise<readonly number[]> {
  return JSON.parse((await live.published(KIND, [KEY])).get(KEY) ?? '[]');
}

/**
 * Whether the numbers are being counted again, and how far that is.
 * @param noted how far partitions were counted before, where somebody noted it
 * @param bounds of the log; undefined where nobody knows them
 * @param countedBefore is asked where nothing is counted at all
 * @returns null where all is counted that was counted before
 */
export async function recountOf(
  noted: readonly number[],
  positions: readonly Position[],
  bounds: readonly PartitionBounds[] | undefined,
  countedBefore?: CountedBefore,
): Promise<Recount | null> {
  const counted = new Map(positions.map(({ partition, position }) => [partition, position]));
  const ask = positions.length === 0 ? countedBefore : undefined;
  const recount = { counted: 0, of: 0 };
  for (let partition = 0; partition < (bounds?.length ?? PARTITIONS); partition += 1) {
    const { begin = 0, end = Number.POSITIVE_INFINITY } = bounds?.[partition] ?? {};
    const before = Math.max(noted[partition] ?? 0, (await ask?.(partition)) ?? 0);
    // A log that was put back from an older copy cannot be counted further than it goes.
    const until = Math.min(end, before);
    recount.of += Math.max(0, until - begin);
    recount.counted += Math.max(0, Math.min(until, counted.get(partition) ?? 0) - begin);
  }
  return recount.counted < recount.of ? recount : null;
}

/** What to say of numbers that are being counted again. */
export function recountText({ counted, of }: Recount): string {
  const shown = (count: number): string => count.toLocaleString('en-US');
  return `the numbers are being counted again from the log: ${shown(counted)} of ${shown(of)} records`;
}
