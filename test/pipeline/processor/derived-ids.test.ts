import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DerivedIds } from '../../../src/pipeline/processor/derived-ids.ts';
import { idBytes } from '../../../src/pipeline/processor/seen-ids.ts';

interface Stored {
  readonly from: number;
  readonly to: number;
  readonly ids: Uint8Array;
}

/** A partition whose steps are stored as the live store does it. */
function partition(most: number) {
  let derived = new DerivedIds(most);
  let stored: Stored[] = [];
  let offset = 0;
  return {
    steps: () => stored,
    count(ids: readonly string[]): boolean[] {
      derived.begin(offset);
      const found = ids.map((id) => {
        const { bytes, length } = idBytes(id);
        return derived.add(bytes, 0, length);
      });
      offset += ids.length + 1;
      const step = derived.end(offset);
      if (step === undefined) return found;
      const { from, since } = step;
      stored = stored.filter(({ to }) => to > since && to <= from);
      stored.push({ from, to: offset, ids: step.ids });
      return found;
    },
    restart(): void {
      derived = new DerivedIds(most);
      for (const { from, to, ids } of stored) derived.recall(from, to, ids);
    },
  };
}

describe('derived ids', () => {
  const steps = (maxId: number) =>
    fc.array(fc.tuple(fc.array(fc.nat(maxId), { maxLength: 40 }), fc.boolean()), { maxLength: 60 });

  test('are known within the last generation at least, and no longer than two', () => {
    fc.assert(
      fc.property(steps(60), fc.integer({ min: 1, max: 100 }), (log, most) => {
        const one = partition(most);
        const all: number[] = [];
        for (const [ids] of log) {
          const found = one.count(ids.map((id) => `~${id}`));
          ids.forEach((id, i) => {
            const at = all.lastIndexOf(id);
            if (at >= 0 && all.length - at <= most) expect(found[i]).toBe(true);
            if (at < 0 || all.length - at >= 2 * most) expect(found[i]).toBe(false);
            all.push(id);
          });
        }
      }),
      { numRuns: 200 },
    );
  });

  test('are decided alike wherever the memory begins', () => {
    fc.assert(
      fc.property(steps(2000), fc.constantFrom(7, 600, 1500), (log, most) => {
        const [one, other] = [partition(most), partition(most)];
        for (const [ids, restarts] of log) {
          // Many, so that steps are stored apart.
          const texts = ids.flatMap((id) => Array.from({ length: 20 }, (_, i) => `~${(id + i * 7) % 2500}`));
          if (restarts) other.restart();
          expect(other.count(texts)).toEqual(one.count(texts));
        }
        expect(other.steps()).toEqual(one.steps());
      }),
      { numRuns: 40 },
    );
  });

  test('leave few steps and no more ids than they need', () => {
    const one = partition(2000);
    for (let i = 0; i < 30_000; i += 1) one.count([`~${i}`]);
    expect(one.steps().length).toBeLessThan(12);
    expect(one.steps().reduce((sum, { ids }) => sum + ids.length, 0)).toBeLessThan(5000 * 8);
  });

  test('of a damaged store are refused', () => {
    const derived = new DerivedIds();
    expect(() => derived.recall(0, 1, Uint8Array.of(1, 0, 1, 2, 3))).toThrow(RangeError);
    expect(() => derived.recall(0, 1, Uint8Array.of(9))).toThrow(RangeError);
  });
});
