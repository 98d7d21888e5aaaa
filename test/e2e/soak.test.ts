import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { packageFile } from '../../src/package-root.ts';

test.each([
  ['--help', 0],
  ['--nonsense', 2],
  ['nothing', 2],
])('npm run soak -- %s prints how it is used', (option, code) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [packageFile('dist', 'soak.js'), option], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stdout + stderr).toMatch(/^usage: npm run soak -- \[kill/m);
  expect(stdout + stderr).not.toContain('    at ');
  expect(status).toBe(code);
});
