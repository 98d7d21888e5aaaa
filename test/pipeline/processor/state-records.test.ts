import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader } from '../../../src/pipeline/events/bytes.ts';
import { StateRecords } from '../../../src/pipeline/processor/state-records.ts';

test('what is found is the newest that was put, what acted lately is found, and whatever is not is asked for', () => {
  const act = fc.record({
    key: fc.nat(12).map((number) => `u:${number}`),
    // They grow and shrink, within the room that they have and beyond; none is a shopper of whom nothing is stored.
    state: fc.uint8Array({ maxLength: 400 }),
    turns: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 120 }), fc.integer({ min: 1, max: 5 }), (acts, size) => {
      const records = new StateRecords(size);
      const reader = new ByteReader();
      const stored = new Map<string, Uint8Array>();
      const lately: string[] = [];
      const numbers = new Map<string, number>();
      for (const { key, state, turns } of acts) {
        if (turns) {
          records.turn();
          numbers.clear();
        }
        const bytes = Buffer.from(key);
        const number = records.numberOf(bytes, 0, bytes.length);
        // As long as nothing turns, a shopper keeps the number.
        if (numbers.has(key)) expect(number).toBe(numbers.get(key));
        numbers.set(key, number);
        expect(records.keyOf(number)).toBe(key);
        const before = stored.get(key) ?? new Uint8Array();
        const asked = records.unknown();
        if (lately.slice(-size).includes(key)) expect(asked).toEqual([]);
        if (asked.length > 0) {
          expect(asked).toEqual([number]);
          expect(() => records.settle()).toThrow('not looked for');
          records.put(number, before, 0, before.length);
        }
        records.settle();
        expect(records.open(number, reader)).toBe(before.length > 0);
        expect([...reader.bytes.subarray(reader.at, reader.end)]).toEqual([...before]);
        const after = Buffer.concat([Buffer.of(1), state, Buffer.of(2)]);
        records.put(number, after, 1, 1 + state.length);
        stored.set(key, state);
        expect(Buffer.from(records.copiesOf([number]).get(key)!)).toEqual(Buffer.from(state));
        if (lately.includes(key)) lately.splice(lately.indexOf(key), 1);
        lately.push(key);
      }
    }),
    { numRuns: 500 },
  );
});
