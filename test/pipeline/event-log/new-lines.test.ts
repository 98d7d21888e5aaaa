import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NewLines } from '../../../src/pipeline/event-log/new-lines.ts';
import { partitionFor } from '../../../src/pipeline/event-log/partitioner.ts';
import { EventColumns, TEXT } from '../../../src/pipeline/events/columns.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 120 }).filter((each) => !each.includes('\n'));

describe('new lines', () => {
  test('are gathered by the partition of their key, in order, from bytes as from texts, again and again', () => {
    const records = fc.array(fc.record({ key: text, value: text }), { maxLength: 200 });
    const lines = new NewLines(3);
    const columns = new EventColumns();
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 300 }), (added, cut, bytes) => {
        lines.clear();
        const expected: { key: string; value: string }[][] = [[], [], []];
        added.forEach((record, i) => {
          expected[partitionFor(record.key, 3)]!.push(record);
          const before = Buffer.from(`before ${record.key}`);
          const value = Buffer.byteLength(record.value);
          const line = Buffer.concat([before, Buffer.from(`${record.value} after`)]);
          const keyStart = 'before '.length;
          if (i % 2 === 0) lines.addRecord(record);
          else {
            columns.begin(line);
            columns.open();
            columns.putText(TEXT.userId, keyStart, before.length - keyStart);
            columns.close(1 << TEXT.userId, 0, 0, before.length, before.length + value);
            lines.add(line, columns, 0);
          }
        });
        expect(lines.count).toBe(added.length);
        expect(lines.bytes).toBe(added.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0));
        lines.partitions.forEach((some, partition) => {
          const own = expected[partition]!;
          expect(some.count).toBe(own.length);
          own.forEach(({ key, value }, i) => {
            expect(String(some.key(i))).toBe(key);
            expect(String(some.piece(i, i + 1))).toBe(value);
          });
          for (let from = 0; from < own.length; ) {
            const to = some.endOfPiece(from, 1 + (cut % 9), bytes);
            const size = (end: number) => some.piece(from, end).length + 1;
            expect(to - from).toBeLessThanOrEqual(1 + (cut % 9));
            expect(to === from + 1 || (to > from && size(to) <= bytes)).toBe(true);
            if (to < own.length && to - from < 1 + (cut % 9)) expect(size(to + 1)).toBeGreaterThan(bytes);
            from = to;
          }
          const from = cut % (own.length + 1);
          if (from < own.length)
            expect(String(some.piece(from, own.length))).toBe(
              own
                .slice(from)
                .map(({ value }) => value)
                .join('\n'),
            );
        });
      }),
    );
  });

  test('go to the partition that a record names, and hold no line feed', () => {
    const lines = NewLines.of([{ key: 'k', value: '1', partition: 2 }], 3);
    expect(lines.partitions.map(({ count }) => count)).toEqual([0, 0, 1]);
    expect(() => lines.addRecord({ key: 'k', value: '1\n2' })).toThrow('line feed');
  });
});
