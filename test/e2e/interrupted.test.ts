import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ingest } from '../../src/commands/ingest.ts';
import { packageFile } from '../../src/package-root.ts';
import { file } from '../support/file.ts';
import { runOn } from '../support/run-on.ts';
import { tempDir } from '../support/temp-dir.ts';

const WAIT = { timeout: 60_000 };
const EVENT = { id: 'a', type: 'search', time: '2026-01-05T10:00:00Z', userId: 'u', query: 'q' };

/** Starts a command and interrupts it once it has said something. @returns its exit code */
async function interrupted(dataDir: string, args: readonly string[], input?: string): Promise<number | null> {
  const child = spawn(process.execPath, [packageFile('bin', 'ecom.js'), ...args], {
    env: { ...process.env, ECOM_DATA_DIR: dataDir },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  if (input !== undefined) child.stdin.write(input);
  await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')]);
  child.kill('SIGINT');
  const [code] = (await ended) as [number | null];
  return code;
}

describe.skipIf(process.platform === 'win32')('Ctrl-C', () => {
  test.each([
    ['stats --watch', ['stats', '--window', 'all', '--watch']],
    ['up', ['up', '--no-generator', '--no-dashboard']],
    ['ingest --follow', ['ingest', '--follow']],
  ])('ends %s as done, because it runs until then', WAIT, async (name, args) => {
    const [dataDir, path] = [join(tempDir(), 'shop'), file(EVENT)];
    await ingest(runOn(dataDir).context, [path], { format: 'auto', speed: 'max' });
    expect(await interrupted(dataDir, name === 'ingest --follow' ? [...args, path] : args)).toBe(0);
  });

  test('interrupts what would have come to an end', WAIT, async () => {
    const dataDir = join(tempDir(), 'shop');
    expect(await interrupted(dataDir, ['ingest', '-'], `${JSON.stringify(EVENT)}\n`)).toBe(130);
  });
});
