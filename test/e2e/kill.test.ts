import { existsSync } from 'node:fs';
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
