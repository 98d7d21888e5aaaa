import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { endOf } from '../../../src/pipeline/workers/error-message.ts';

/** The error that a thread ends by. */
function ended(code: string): Promise<Error> {
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 };
  const thread = new Worker(code, { eval: true, resourceLimits });
  return new Promise((resolve) => thread.on('error', resolve));
}

test('a thread that runs out of memory is told with what to try, and any other error as it is', async () => {
  const full = await ended('const all = []; for (;;) all.push(new Array(1000).fill(all.length));');
  expect(endOf(full)).toMatchObject({ name: 'EcomError', code: 'MEMORY', hint: expect.any(String) });
  const other = await ended('throw new TypeError("odd")');
  expect(endOf(other)).toBe(other);
});
