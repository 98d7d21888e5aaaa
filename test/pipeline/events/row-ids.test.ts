import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hash128 } from '../../../src/pipeline/events/murmur.ts';
import { Occurrences } from '../../../src/pipeline/events/occurrences.ts';
import { idOfKey, RowIds } from '../../../src/pipeline/events/row-ids.ts';

function hex(text: string): string {
  const words = new Int32Array(4);
  const bytes = Buffer.from(text);
  hash128(bytes, 0, bytes.length, words);
  return [...words].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

describe('ids of rows', () => {
  test('are made of MurmurHash3, as others compute it', () => {
    expect(hex('')).toBe('0'.repeat(32));
    expect(hex('I will not buy this record, it is scratched.')).toBe('a0a9683b25ac5e40d9af2895890dddf5');
  });

  test('say how often the content came before', () => {
    const ids = new RowIds();
    const id = idOfKey('a');
    expect([ids.take('a'), ids.take('b'), ids.take('a'), ids.take('a')]).toEqual([
      id,
      idOfKey('b'),
      `${id}.1`,
      `${id}.2`,
    ]);
    expect(id).toMatch(/^~[\w-]{16}$/);
    for (let i = 3; i < 12; i += 1) expect(ids.take('a')).toBe(`${id}.${i}`);
  });

  test('are not taken before they are kept', () => {
    const ids = new RowIds();
    const bytes = Buffer.from('content');
    const to = Buffer.alloc(40);
    const write = (): string => to.toString('latin1', 0, ids.write(bytes, 0, bytes.length, to, 0));
    expect(write()).toBe(write());
    ids.keep();
    expect(write()).toMatch(/\.1$/);
  });

  test('count as a map of all contents does, within the bound of what is remembered', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(400), { maxLength: 3000 }),
        fc.integer({ min: 1, max: 300 }),
        (contents, most) => {
          const occurrences = new Occurrences(most);
          const counts = new Map<number, { count: number; at: number }>();
          contents.forEach((content, i) => {
            const found = occurrences.find(content % 7, content);
            occurrences.keep();
            const { count = 0, at = -1 } = counts.get(content) ?? {};
            const between = new Set(contents.slice(at + 1, i)).size;
            // Fewer different ones between two of the same than a generation has.
            if (count > 0 && between < most) expect(found).toBe(count);
            else expect(found).toBeLessThanOrEqual(count);
            counts.set(content, { count: found + 1, at: i });
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});
