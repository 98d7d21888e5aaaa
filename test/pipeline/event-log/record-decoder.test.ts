import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogRecords } from '../../../src/pipeline/event-log/event-log.ts';
import { RecordDecoder } from '../../../src/pipeline/event-log/record-decoder.ts';
import { EventColumns, ITEM_TEXT, TEXT } from '../../../src/pipeline/events/columns.ts';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { encodeRejectedLine } from '../../../src/pipeline/events/record.ts';

const NOW = 1_750_000_000_000;

const type = fc.constantFrom('view_item', 'purchase', 'search', 'page_view', 'nothing', 7);
/** Parts of a line, of which any may be missing or come twice. */
const part = fc.oneof(
  { weight: 12, arbitrary: type.map((name) => `"type":${JSON.stringify(name)}`) },
  type.map((name) => `"type": ${JSON.stringify(name)}`),
  type.map((name) => `"type" :${JSON.stringify(name)}`),
  type.map((name) => `"\\u0074ype":${JSON.stringify(name)}`),
  type.map((name) => `"properties":{"type":${JSON.stringify(name)}}`),
  type.map((name) => `"query":${JSON.stringify(`"type":"${name}"`)}`),
  type.map((name) => `"more\\"type":${JSON.stringify(name)}`),
  fc.constantFrom(
    '"query":"type"',
    '"source":"\\\\"',
    '"type":"view\\u005fitem"',
    '"type',
    '"items":[{"productId":"p"}]',
  ),
);
const line = fc.tuple(fc.array(part, { maxLength: 3 }), fc.boolean()).map(([parts, isWhole]) => {
  const text = `{"time":${NOW},"userId":"u",${parts.join(',')}`;
  return isWhole ? `${text}}` : text;
});
const value = fc.oneof(
  { weight: 8, arbitrary: line },
  // What only foreign producers write: several lines, no UTF-8, nothing.
  fc.tuple(line, line).map(([one, two]) => `${one}\n${two}`),
  line.map((text) => `${text}\r`),
  line.map((text) => Buffer.concat([Buffer.from(text), Buffer.of(0xff)])),
  line.map((raw) => encodeRejectedLine({ id: 'r', reason: 'bad', detail: '', source: 's', raw })),
  fc.constantFrom('', '\n', 'type', '"type":"search"', null),
);

test('records are decoded one by one, but for those that are surely not wanted', () => {
  const wanted = new Set<string>(['view_item', 'purchase']);
  const some = new RecordDecoder((name) => wanted.has(name));
  const all = new RecordDecoder();
  const passed = { over: 0, by: 0 };
  fc.assert(
    fc.property(fc.array(value, { maxLength: 12 }), (values) => {
      const records = new LogRecords();
      for (const [i, one] of values.entries()) records.add(i, 0, one, NOW);
      some.begin(3, records);
      all.begin(3, records);
      for (let i = 0; i < records.length; i += 1) {
        const event = decodeRecord(records.text(i), { partition: 3, offset: i, appendedAt: NOW });
        expect(all.decode(i)).toBe(!isRejected(event));
        const isDecoded = some.decode(i);
        if (isRejected(event)) {
          expect(isDecoded).toBe(false);
          continue;
        }
        if (!isDecoded) {
          expect(wanted).not.toContain(event.type);
          passed.over += 1;
        } else if (!wanted.has(event.type)) passed.by += 1;
        const alone = new EventColumns();
        alone.add(event, 0, 0);
        for (const { columns } of isDecoded ? [some, all] : [all]) {
          expect([columns.time(0), columns.type(0), columns.items(0)]).toEqual([
            alone.time(0),
            alone.type(0),
            alone.items(0),
          ]);
          for (const field of [TEXT.id, TEXT.userId, TEXT.query])
            expect(columns.text(0, field)).toBe(alone.text(0, field));
          for (let item = 0; item < event.items.length; item += 1)
            expect(columns.itemText(columns.firstItem(0) + item, ITEM_TEXT.productId)).toBe('p');
        }
      }
    }),
    { numRuns: 2000 },
  );
  expect(passed.over).toBeGreaterThan(100);
  expect(passed.by).toBeGreaterThan(100);
});
