import { type Progress } from '../../ml/recommender.ts';
import { type DocumentStore, type StoredRecords } from '../document-store/document-store.ts';
import { RecordDecoder } from '../event-log/record-decoder.ts';
import { LINK_TYPE } from '../events/shop-event.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { type InteractionMemory } from './interactions.ts';
import { type Pace } from './pace.ts';
import { type InteractionWeights } from './weights.ts';

export interface InteractionReaderOptions {
  readonly documents: Pick<DocumentStore, 'readRecords'>;
  readonly live: Pick<LiveStore, 'positions'>;
  /** Number of partitions of the event log. */
  readonly partitions: number;
  /** Most interactions that are remembered. */
  readonly interactions: number;
  /** Events of other types are passed over. */
  readonly weights: InteractionWeights;
}

/** Records that were read of a partition, of which those before `at` were learnt of. */
interface Page extends StoredRecords {
  readonly decoder: RecordDecoder;
  at: number;
}

/** Records of a partition that are learnt of before those of the next one. */
const TURN_RECORDS = 1_000;
/** Records read at once; where many partitions are read, memory has no room for so many of each. */
const PAGE_RECORDS = 5_000;
const PAGES = 32;
/** What lies further back than so many records for each interaction, of all partitions, is not read. */
const RECORDS_PER_INTERACTION = 2;

/** The events of one record are learnt of together: a place between them has no offset. */
function endOfTurn({ records, at }: Page, left: number): number {
  let end = Math.min(at + left, records.length);
  while (end > 0 && end < records.length && records.offset(end) === records.offset(end - 1)) end += 1;
  return end;
}

/** Offset to go on from. */
function placeOf({ records, at, next }: Page): number {
  return at < records.length ? records.offset(at) : next;
}

/** Reads what was counted into a memory of interactions. */
export function createInteractionReader(
  { documents, live, partitions, interactions, weights }: InteractionReaderOptions,
  memory: InteractionMemory,
) {
  const limit = partitions > PAGES ? TURN_RECORDS : PAGE_RECORDS;
  const horizon = Math.ceil((interactions * RECORDS_PER_INTERACTION) / partitions);
  const next = new Array<number>(partitions).fill(0);

  /** Reads on where a page ends. @returns `undefined` at the end of what is to be read */
  async function turnPage(partition: number, end: number): Promise<Page | undefined> {
    const from = next[partition]!;
    if (from >= end) return undefined;
    const read = await documents.readRecords(partition, from, Math.min(limit, end - from));
    if (read.next === from) return undefined;
    const decoder = new RecordDecoder((type) => type === LINK_TYPE || (weights[type] ?? 0) > 0);
    decoder.begin(partition, read.records);
    const { records, skipped, next: after } = read;
    // Not spread: each page would be of another shape to V8, which then compiles the loop anew for each.
    return { records, skipped, next: after, decoder, at: 0 };
  }
  /** @returns false at the end of what is to be read */
  async function takeTurn(pages: Map<number, Page>, partition: number, end: number): Promise<boolean> {
    let left = TURN_RECORDS;
    while (left > 0) {
      const page = pages.get(partition) ?? (await turnPage(partition, end));
      if (page === undefined) break;
      left -= learnFrom(page, left);
      next[partition] = placeOf(page);
      if (page.at < page.records.length) pages.set(partition, page);
      else pages.delete(partition);
    }
    return left < TURN_RECORDS;
  }
  /** @returns of how many records */
  function learnFrom(page: Page, most: number): number {
    const { skipped, decoder, at } = page;
    const end = endOfTurn(page, most);
    for (let i = at; i < end; i += 1)
      if (!skipped.has(i) && decoder.decode(i)) memory.add(decoder.columns, 0);
    page.at = end;
    return end - at;
  }

  return {
    /** Reads what was counted since the last call. @returns the number of interactions in it */
    async readNew(pace: Pace, progress: Progress = () => {}): Promise<number> {
      const before = memory.added;
      const ends = new Map<number, number>();
      for (const { partition, position } of await live.positions()) {
        if (partition >= partitions) continue;
        ends.set(partition, position);
        next[partition] = Math.max(next[partition]!, position - horizon);
      }
      const left = () => [...ends].reduce((sum, [partition, end]) => sum + end - next[partition]!, 0);
      const all = left();
      const pages = new Map<number, Page>();
      // In turns, because what is read last is remembered longest.
      while (ends.size > 0) {
        for (const [partition, end] of ends) {
          if (!(await takeTurn(pages, partition, end))) ends.delete(partition);
          await pace();
        }
        if (all > 0) progress(1 - left() / all);
      }
      return memory.added - before;
    },
  };
}
