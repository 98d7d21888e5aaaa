import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageFile } from '../../src/package-root.ts';
import { SQLITE_DRIVERS } from '../support/drivers.ts';
import { tempDir } from '../support/temp-dir.ts';

test('a build is one line, which names the driver that is used', async () => {
  const dir = join(tempDir(), 'dist');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['scripts/build.js', dir], {
    cwd: packageFile('.'),
  });
  expect(stdout).toMatch(/^built [^\n]*\n$/);
  expect(stdout).toContain(`SQLite by ${SQLITE_DRIVERS[0]}`);
  expect(stderr).toBe('');
  expect(existsSync(join(dir, 'cli.js'))).toBe(true);
});
