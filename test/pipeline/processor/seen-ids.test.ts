import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSeenIds } from '../../../src/pipeline/processor/seen-ids.ts';

test('an id is a duplicate where it occurred within the horizon before, wherever the memory begins', () => {
  const ids = fc.array(fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { nil: undefined }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      ids,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: 60 }),
      (log, horizon, restart) => {
        let seen = createSeenIds(horizon);
        log.forEach((id, offset) => {
          if (offset === restart) {
            seen = createSeenIds(horizon);
            for (let i = Math.max(0, offset - horizon); i < offset; i += 1)
              if (log[i] !== undefined) seen.add(log[i]!, i);
          }
          if (id === undefined) return;
          const before = log.slice(Math.max(0, offset - horizon), offset).includes(id);
          expect(seen.add(id, offset)).toBe(before);
        });
      },
    ),
    { numRuns: 300 },
  );
});
