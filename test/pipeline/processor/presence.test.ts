import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beThere, newPresence, rememberOlder, SPAN } from '../../../src/pipeline/processor/presence.ts';

/**
 * Gaps by unit and gap, after being there in all units in that order.
 * @param remembered after how many of them nothing is forgotten any more
 */
function countGaps(units: readonly number[], remembered = Number.POSITIVE_INFINITY): Map<string, number> {
  const presence = newPresence();
  const counts = new Map<string, number>();
  const add = (unit: number, gap: number, amount: number): void => {
    const key = `${unit}:${gap}`;
    const sum = (counts.get(key) ?? 0) + amount;
    if (sum === 0) counts.delete(key);
    else counts.set(key, sum);
  };
  for (const [i, unit] of units.entries()) {
    if (i === remembered) rememberOlder(presence);
    beThere(presence, unit, (at, before, gap) => {
      if (before !== undefined) add(at, before, -1);
      add(at, gap, 1);
    });
  }
  return counts;
}

describe('presence', () => {
  test('gives every unit the distance to the one before, in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40, size: 'max' }),
        fc.array(fc.nat(SPAN), { maxLength: 40, size: 'max' }),
        (steps, delays) => {
          let at = 1000;
          const units = steps.map((step) => (at += step));
          // Each comes at most so late that it is still in the span of the newest.
          const arrivals = units
            .map((unit, i) => ({ unit, due: unit + ((delays[i] ?? 0) % SPAN) }))
            .sort((a, b) => a.due - b.due || a.unit - b.unit)
            .map(({ unit }) => unit);
          const distinct = [...new Set(units)].sort((a, b) => a - b);
          const expected = new Map(
            distinct.map((unit, i) => [`${unit}:${i === 0 ? 0 : unit - distinct[i - 1]!}`, 1]),
          );
          expect(countGaps(arrivals)).toEqual(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('gives every unit the distance to the one before, however late it comes, where nothing is forgotten', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 60, size: 'max' }), (units) => {
        const distinct = [...units].sort((a, b) => a - b);
        const expected = new Map(
          distinct.map((unit, i) => [`${unit}:${i === 0 ? 0 : unit - distinct[i - 1]!}`, 1]),
        );
        expect(countGaps(units, 0)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('counts each unit at most once, whenever it began to forget nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(400), { minLength: 1, maxLength: 60, size: 'max' }),
        fc.nat(60),
        (units, remembered) => {
          const counted = new Map<string, number>();
          for (const [key, amount] of countGaps(units, remembered)) {
            expect(amount).toBe(1);
            const unit = key.split(':')[0]!;
            counted.set(unit, (counted.get(unit) ?? 0) + 1);
          }
          for (const [unit, count] of counted) {
            expect(count).toBe(1);
            expect(units).toContain(Number(unit));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('counts one person once in a stretch: where the gap reaches back beyond it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 40, size: 'max' }),
        fc.nat(300),
        fc.nat(300),
        (units, a, b) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          const gaps = countGaps([...units].sort((x, y) => x - y));
          let counted = 0;
          for (const [key, amount] of gaps) {
            const [unit, gap] = key.split(':').map(Number) as [number, number];
            if (unit >= from && unit < to && (gap === 0 || unit - gap < from)) counted += amount;
          }
          expect(counted).toBe(units.some((unit) => unit >= from && unit < to) ? 1 : 0);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
