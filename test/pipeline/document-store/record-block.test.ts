import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blocksOf, cutBlock, decodeBlock } from '../../../src/pipeline/document-store/record-block.ts';
import { type LogRecord, LogRecords } from '../../../src/pipeline/event-log/event-log.ts';

const record = fc.record({
  gap: fc.nat(3),
  events: fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { minLength: 1, maxLength: 4 }),
  appendedAt: fc.integer({ min: 0, max: 2 ** 45 }),
});

test('blocks say of each offset once what its events are, and give back their lines, places and times', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 30 }), fc.nat(100), (given, start) => {
      const all: LogRecord[] = [];
      let to = start;
      for (const { gap, events, appendedAt } of given) {
        to += gap;
        events.forEach((value, index) => {
          all.push(
            index === 0 ? { offset: to, value, appendedAt } : { offset: to, index, value, appendedAt },
          );
        });
        to += 1;
      }
      const isDuplicate = ({ value }: LogRecord) => String(value).length % 5 === 4;
      const kept = all.filter((one) => !isDuplicate(one));
      const taken = { records: LogRecords.of(all), first: 0, last: all.length, deadLetters: [] };
      const batch = { partition: 0, from: start, to, time: 1, ...taken, duplicates: all.filter(isDuplicate) };
      const blocks = [...blocksOf(batch)];
      const read = blocks.flatMap(({ count, bytes }) => (count === 0 ? [] : [...decodeBlock(bytes)]));
      expect(read).toEqual(kept);
      for (const block of blocks) {
        const middle = Math.floor((block.from + block.to) / 2);
        const parts = [cutBlock(block, block.from, middle), cutBlock(block, middle, block.to)];
        expect(parts.map((part) => [part.from, part.to])).toEqual([
          [block.from, middle],
          [middle, block.to],
        ]);
        const [below, above] = parts.map(({ count, bytes }) => (count === 0 ? [] : [...decodeBlock(bytes)]));
        expect([...below!, ...above!]).toEqual(block.count === 0 ? [] : [...decodeBlock(block.bytes)]);
        expect(below!.every(({ offset }) => offset < middle)).toBe(true);
      }
    }),
  );
});

test('blocks are bounded, but for the events of one record', () => {
  const records = new LogRecords();
  for (let offset = 0; offset < 3; offset += 1)
    for (let index = 0; index < 5000; index += 1) records.add(offset, index, `${index}`, 1);
  for (let offset = 3; offset < 8003; offset += 1) records.add(offset, 0, 'x', 1);
  for (let offset = 8003; offset < 8006; offset += 1) records.add(offset, 0, 'x'.repeat(600_000), 1);
  const all = { records, first: 0, last: records.length, duplicates: [], deadLetters: [] };
  const blocks = [...blocksOf({ partition: 0, from: 0, to: 8006, time: 1, ...all })];
  expect(blocks.map(({ from, to, count }) => [from, to, count])).toEqual([
    [0, 1, 5000],
    [1, 2, 5000],
    [2, 3, 5000],
    [3, 4099, 4096],
    [4099, 8005, 3906],
    [8005, 8006, 1],
  ]);
});
