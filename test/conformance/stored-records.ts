import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type DocumentBatch,
  type DocumentStore,
  type StoredRecords,
} from '../../src/pipeline/document-store/document-store.ts';
import { LogRecords } from '../../src/pipeline/event-log/event-log.ts';

/** A batch that takes the records of a stretch for events, but for those of some places; every third record holds three events. */
export function stretch(partition: number, from: number, to: number, round: number): DocumentBatch {
  const records = new LogRecords();
  const duplicates: { offset: number; index: number }[] = [];
  for (let offset = from; offset < to; offset += 1) {
    for (let index = 0; index < (offset % 3 === 0 ? 3 : 1); index += 1) {
      records.add(offset, index, `{"${offset}":${index}}`, 1_700_000_000_000 + offset);
      if ((offset + index + round) % 4 === 0) duplicates.push({ offset, index });
    }
  }
  const all = { records, first: 0, last: records.length };
  return { partition, from, to, time: Date.now(), ...all, duplicates, deadLetters: [] };
}

/** What a stretch holds as one reads it. */
export function expectedOf(
  from: number,
  to: number,
  round: (offset: number) => number | undefined,
): string[] {
  const lines: string[] = [];
  for (let offset = from; offset < to; offset += 1) {
    const of = round(offset);
    if (of === undefined) continue;
    for (const { index = 0, value } of stretch(0, offset, offset + 1, of).records)
      if ((offset + index + of) % 4 !== 0) lines.push(String(value));
  }
  return lines;
}

export async function readLines(
  read: (from: number, limit: number) => Promise<StoredRecords>,
  limit: number,
  since = 0,
): Promise<string[]> {
  const lines: string[] = [];
  for (let from = since; ; ) {
    const { records, skipped, next } = await read(from, limit);
    expect(next).toBeGreaterThanOrEqual(from);
    for (const { offset } of records) expect(offset >= from && offset < next).toBe(true);
    lines.push(...[...records].filter((_, i) => !skipped.has(i)).map(({ value }) => String(value)));
    if (next === from) return lines;
    from = next;
  }
}

/** What a document store must do that has the events itself. */
export function describeStoredRecords(name: string, open: () => Promise<DocumentStore>, runs: number): void {
  test(`${name} holds of each record what it was taken for last, whatever the batches`, async () => {
    const documents = await open();
    let partition = 0;
    const ranges = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 20 })), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(ranges, fc.integer({ min: 1, max: 30 }), fc.nat(50), async (batches, limit, since) => {
        partition += 1;
        const own = partition;
        const rounds = new Map<number, number>();
        for (const [round, [from, size]] of batches.entries()) {
          await documents.append([stretch(own, from, from + size, round)]);
          for (let offset = from; offset < from + size; offset += 1) rounds.set(offset, round);
        }
        const read = (from: number, most: number) => documents.readRecords(own, from, most);
        const expected = expectedOf(since, 70, (offset) => rounds.get(offset));
        expect(await readLines(read, limit, since)).toEqual(expected);
      }),
      { numRuns: runs },
    );
    await documents.close();
  });
}
