import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { killProcessors } from '../../soak/kill.ts';
import { ensureDataDir } from '../../src/config.ts';
import { packageFile } from '../../src/package-root.ts';
import { configFor } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const EVENTS = 200_000;
const KILLS = 50;

test(`the processor is killed ${KILLS} times while ${EVENTS} events flow: the numbers are those of a calm run`, {
  timeout: 300_000,
}, async () => {
  expect(existsSync(packageFile('dist', 'worker.js')), 'run npm run build first').toBe(true);
  const config = configFor(tempDir());
  ensureDataDir(config);
  const options = { config, kills: KILLS, events: EVENTS, seed: 'kill' };
  const { atWork, tally, killed, calm } = await killProcessors(options);
  // The kills mean something only where work was under way.
  expect(atWork).toBeGreaterThan(KILLS / 4);
  expect(killed).toEqual(calm);
  const { freshness } = killed.stats[0]!;
  expect(freshness).toMatchObject({ received: EVENTS, backlog: 0 });
  expect(freshness.rejected).toBe(tally.malformed + tally.invalid);
});

test('a rebuild that is killed half-way leaves the numbers, and the next one is not misled', {
  timeout: 120_000,
}, async () => {
  const dataDir = tempDir();
  const ecom = packageFile('bin', 'ecom.js');
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, [ecom, ...args, '--data-dir', dataDir], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  const events = join(dataDir, 'events.jsonl');
  run('generate', '--count', '60000', '--seed', 'rebuild', '--out', events);
  run('ingest', events);
  const numbers = () => JSON.parse(run('stats', '--window', 'all', '--json')).kpis;
  const before = numbers();
  const beside = join(dataDir, 'live.db.rebuild');
  // Enough is counted that something half-made is left.
  const size = () => statSync(`${beside}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  for (const bytes of [1, 200_000, 1_000_000]) {
    const child = spawn(process.execPath, [ecom, 'rebuild', '--data-dir', dataDir], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    while (child.exitCode === null && size() < bytes) await sleep(1);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(existsSync(beside)).toBe(true);
    expect(numbers()).toEqual(before);
  }
  run('rebuild');
  expect(numbers()).toEqual(before);
  expect(existsSync(beside)).toBe(false);
});
