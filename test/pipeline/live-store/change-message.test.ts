import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteDictionary } from '../../../src/pipeline/events/byte-dictionary.ts';
import {
  buffersOf,
  createChangeReceiver,
  createChangeSender,
} from '../../../src/pipeline/live-store/change-message.ts';
import { type LiveChange } from '../../../src/pipeline/live-store/live-store.ts';
import { BucketDeltas, createNames, translated } from '../../../src/pipeline/metrics/bucket-deltas.ts';

const counter = fc.record({
  bucket: fc.nat(3),
  slot: fc.nat(2),
  key: fc.constantFrom('a', 'b', '红', '', 'key with spaces', 'constructor'),
  column: fc.constantFrom('n', 'gross:EUR'),
  amount: fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: 2n ** 54n, max: 2n ** 70n })),
});
const states = fc.dictionary(fc.string(), fc.uint8Array({ maxLength: 20 }));
const step = fc.record({ counters: fc.array(counter), states, isFull: fc.boolean() });

test('a change that was sent to another thread is the change that it was', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 5 }), (steps) => {
      const [send, receive] = [createChangeSender(), createChangeReceiver()];
      let names = createNames(new ByteDictionary(), 3);
      for (const { counters, states: byKey, isFull } of steps) {
        // A dictionary that has too many keys is followed by another.
        if (isFull)
          names = {
            ...names,
            keys: names.keys.map((keys, slot) => (slot === 1 ? new ByteDictionary() : keys)),
          };
        const deltas = new BucketDeltas();
        for (const { bucket, slot, key, column, amount } of counters) {
          const number = slot === 0 ? 0 : names.keys[slot]!.numberOf(key);
          deltas.add(deltas.bucketAt(bucket * 10_000), slot, number, names.columns.numberOf(column), amount);
        }
        const change: LiveChange = {
          advances: [
            {
              partition: 1,
              from: 2,
              to: 3,
              watermark: 4,
              seen: { ids: Uint8Array.of(1, 2), since: 0 },
              derived: { from: 1, ids: Uint8Array.of(3), since: 0 },
            },
          ],
          generation: 'g',
          cells: deltas.copy(),
          names,
          claims: ['order:1'],
          states: new Map(Object.entries(byKey)),
          products: new Map([['p', { time: 1, name: 'P' }]]),
        };
        const told = readable(change);
        const message = send(change);
        const arrived = structuredClone(message, { transfer: buffersOf(message) });
        expect(readable(receive(arrived))).toEqual(told);
      }
    }),
  );
});

/** A change with names in the place of numbers. */
function readable({ cells, names, states: byKey, ...rest }: LiveChange): unknown {
  const ids = (size: number) => Array.from({ length: size }, (_, i) => i);
  const same = translated(cells, (slot) => ids(names.keys[slot]!.size), ids(names.columns.size));
  return {
    ...rest,
    counters: countersOf(same, names),
    states: [...byKey].map(([key, state]) => [key, [...state]]),
  };
}

function countersOf({ starts, tables }: BucketDeltas, { columns, keys }: LiveChange['names']): unknown[] {
  return starts.flatMap((start, bucket) =>
    tables.flatMap((table, slot) =>
      Array.from({ length: table?.read(bucket, 2 ** 20) ?? 0 }, (_, i) => [
        start,
        slot === 0 ? '' : keys[slot]!.textOf(table!.key(i)),
        columns.textOf(table!.column(i)),
        table!.amount(i),
      ]),
    ),
  );
}
