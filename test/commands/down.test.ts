import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { down } from '../../src/commands/down.ts';
import { runOn } from '../support/run-on.ts';
import { tempDir } from '../support/temp-dir.ts';

test('where the folder is not there, it says how to stop what ran on it before', async () => {
  const dataDir = join(tempDir(), 'data');
  const said = async (): Promise<string> => {
    const { context } = runOn(dataDir);
    await down(context);
    return String((context.stderr as unknown as PassThrough).read());
  };
  expect(await said()).toMatch(/^nothing is running on .+\nthe folder is not there: .+ end it with kill\n$/);
  mkdirSync(dataDir, { mode: 0o700 });
  expect(await said()).toBe(`nothing is running on ${dataDir}\n`);
});
