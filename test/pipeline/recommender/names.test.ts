import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, Names } from '../../../src/pipeline/recommender/names.ts';
import { OpenSessions } from '../../../src/pipeline/recommender/open-sessions.ts';

/** Names of which some come again and again, and most once. */
const name = fc.oneof(
  fc.nat(20).map((n) => `n${n}`),
  fc.nat(100_000).map(String),
  fc.constantFrom('', '靴', '👟'),
);

describe('names', () => {
  test('have a number as long as they are in use, whatever came and went before', () => {
    const steps = fc.array(fc.tuple(name, fc.boolean()), { maxLength: 6000, minLength: 2000, size: 'max' });
    fc.assert(
      fc.property(steps, (list) => {
        const names = new Names();
        // By name its number and uses; free numbers, of which the last is given first.
        const known = new Map<string, { number: number; uses: number }>();
        const order: string[] = [];
        const free: number[] = [];
        let end = 0;
        for (const [text, isMore] of list) {
          const bytes = Buffer.from(`x${text}`);
          const place = [bytes, 1, bytes.length - 1] as const;
          const entry = known.get(text);
          expect(names.find(...place)).toBe(entry?.number ?? -1);
          const number = entry?.number ?? free.pop() ?? end;
          end = Math.max(end, number + 1);
          expect(names.take(...place)).toBe(number);
          known.set(text, { number, uses: (entry?.uses ?? 0) + 1 });
          order.push(text);
          expect(names.is(number, ...place)).toBe(true);
          expect(names.is(number, Buffer.from('another'), 0, 7)).toBe(false);
          while (order.length > (isMore ? 200 : 5)) {
            const oldest = order.shift()!;
            const { number: dropped, uses } = known.get(oldest)!;
            expect(names.drop(dropped)).toBe(uses === 1);
            if (uses === 1) {
              known.delete(oldest);
              free.push(dropped);
            } else known.set(oldest, { number: dropped, uses: uses - 1 });
          }
        }
        expect([names.size, names.end]).toEqual([known.size, end]);
        const texts = new Map([...known].map(([text, { number }]) => [number, text]));
        for (let number = 0; number < end; number += 1) {
          expect(names.textOf(number)).toBe(texts.get(number));
          if (texts.has(number)) expect(names.lengthOf(number)).toBe(texts.get(number)!.length);
        }
        expect(names.bytes).toBe([...known.keys()].reduce((sum, { length }) => sum + bytesOf(length), 0));
      }),
      { numRuns: 10 },
    );
  });
});

describe('open sessions', () => {
  test('are those that had an event last', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.nat()), { maxLength: 300 }), fc.nat(9), (list, more) => {
        const most = more + 1;
        const sessions = new OpenSessions(most);
        const open = new Map<string, { number: number; time: number }>();
        for (const [number, [text, time]] of list.entries()) {
          const key = Buffer.from(`x${text}`);
          const place = sessions.place(key, 1, key.length - 1);
          const known = open.get(text);
          expect(sessions.number(place)).toBe(known?.number ?? -1);
          if (known !== undefined) expect(sessions.time(place)).toBe(known.time);
          const now = known?.number ?? number;
          sessions.put(place, now, time);
          open.delete(text);
          open.set(text, { number: now, time });
          if (open.size > most) open.delete(open.keys().next().value!);
        }
      }),
      { numRuns: 300 },
    );
  });
});
