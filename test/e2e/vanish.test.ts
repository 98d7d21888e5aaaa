import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { packageFile } from '../../src/package-root.ts';
import { tempDir } from '../support/temp-dir.ts';

const ECOM = packageFile('bin', 'ecom.js');

test.each(['deleted', 'replaced'])(
  'ecom up whose data folder is %s says so of every component, starts none again and makes nothing anew',
  {
    timeout: 120_000,
  },
  async (how) => {
    const dataDir = join(tempDir(), 'data');
    const child = spawn(process.execPath, [ECOM, 'up', '--data-dir', dataDir], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    await once(child.stdout, 'data');
    if (how === 'replaced') {
      cpSync(dataDir, `${dataDir}-copy`, { recursive: true, filter: (path) => !path.endsWith('.sock') });
      renameSync(dataDir, `${dataDir}-old`);
      renameSync(`${dataDir}-copy`, dataDir);
    } else rmSync(dataDir, { recursive: true, force: true });
    const failed = () =>
      [...said.matchAll(/^(\w+?)(?:-\d+)? failed and is not started again: .+ while it was in use$/gm)].map(
        ([, name]) => name,
      );
    await expect
      .poll(() => [...new Set(failed())].sort(), { timeout: 60_000 })
      .toEqual(['generator', 'processor', 'recommender']);
    // The first one simulates a shop, in a folder of its own.
    expect(existsSync(join(dataDir, 'demo', 'log.db'))).toBe(how === 'replaced');
    expect(existsSync(join(dataDir, 'log.db'))).toBe(false);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  },
);
