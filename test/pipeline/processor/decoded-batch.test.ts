import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogRecords } from '../../../src/pipeline/event-log/event-log.ts';
import { EventColumns, TEXT } from '../../../src/pipeline/events/columns.ts';
import { decodeRecord, isRejected, rejectAhead } from '../../../src/pipeline/events/decode.ts';
import { LIMITS } from '../../../src/pipeline/events/shop-event.ts';
import { createBatchDecoder } from '../../../src/pipeline/processor/decoded-batch.ts';

const NOW = 1_750_000_000_000;

const event = fc
  .record(
    {
      id: fc.constantFrom('e1', 'e2', '茶', ''),
      type: fc.constantFrom('view_item', 'purchase', 'search', 'nothing'),
      time: fc.constantFrom(NOW - 5, NOW, NOW + 1000, 12),
      userId: fc.constantFrom('u', 'ü'),
      source: fc.constant('shop'),
      orderId: fc.constant('o'),
      partial: fc.boolean(),
      items: fc.constantFrom([], [{ productId: 'p', price: 1.5 }]),
    },
    { requiredKeys: ['type', 'time'] },
  )
  .map((fields) => JSON.stringify(fields));
const value = fc.oneof(
  { weight: 4, arbitrary: event },
  // What only foreign producers write: several lines, line feeds in between, no UTF-8, nothing.
  fc.tuple(event, event).map(([one, two]) => `${one}\n${two}`),
  event.map((line) => `${line}\r`),
  event.map((line) => line.replace(',', ',\n ')),
  event.map((line) => Buffer.concat([Buffer.from(line), Buffer.of(0xff)])),
  fc.constantFrom('', '\n', 'x', null),
);
const record = fc.record({ value, late: fc.constantFrom(0, 3, LIMITS.clockMs + 1), several: fc.boolean() });

test('records are decoded as one by one, whatever they hold and whatever lies beside them', () => {
  const decoder = createBatchDecoder({ properties: [] });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), (list) => {
      const records = new LogRecords();
      let [offset, index] = [0, 0];
      for (const [i, one] of list.entries()) {
        if (one.several && i > 0) index += 1;
        else [offset, index] = [offset + 2, 0];
        records.add(offset, index, one.value, NOW + one.late);
      }
      const next = offset + 1;
      const batch = decoder.decode({ partition: 3, records, next }, NOW, { lost: 0, earlier: 0 });
      expect(batch).toMatchObject({ partition: 3, from: 0, to: list.length, next });
      for (let i = 0; i < records.length; i += 1) {
        const { value: bytes, ...place } = records.at(i);
        expect(bytes === null ? null : Buffer.from(bytes)).toEqual(
          list[i]!.value === null ? null : Buffer.from(list[i]!.value!),
        );
        let expected = decodeRecord(bytes, { partition: 3, ...place });
        if (!isRejected(expected) && place.appendedAt > NOW + LIMITS.clockMs)
          expected = rejectAhead(expected, bytes!, place.appendedAt);
        if (isRejected(expected)) expect(batch.rejected.get(i)).toEqual(expected);
        else {
          const alone = new EventColumns();
          alone.begin(Buffer.alloc(0));
          alone.add(expected, 0, 0);
          const { columns } = batch;
          expect(batch.rejected.has(i)).toBe(false);
          expect([columns.time(i), columns.type(i), columns.items(i)]).toEqual([
            alone.time(0),
            alone.type(0),
            alone.items(0),
          ]);
          for (const field of Object.values(TEXT)) {
            // What names no source is from nowhere that is known.
            const absent = field === TEXT.source ? 'unknown' : undefined;
            expect(columns.text(i, field) ?? absent).toBe(alone.text(0, field));
          }
        }
      }
    }),
    { numRuns: 1000 },
  );
});
