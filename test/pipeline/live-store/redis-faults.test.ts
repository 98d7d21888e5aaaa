import { expect, test } from 'vitest';
import { proxyFaults } from '../../../soak/proxy.ts';
import { ensureDataDir } from '../../../src/config.ts';
import { describeWith } from '../../support/backends.ts';
import { configFor } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

describeWith(['redis'], 'faults on the way to Redis', () => {
  const run = (seed: string, faults: number, kills: number) => {
    const config = configFor(tempDir());
    ensureDataDir(config);
    return proxyFaults({ config, faults, kills, seed });
  };

  test('answers are cut, halved and late', { timeout: 300_000 }, async () => {
    const result = await run('answers', 100, 0);
    expect(result.problems).toEqual([]);
    expect(result.cut + result.halved + result.delayed).toBeGreaterThanOrEqual(100);
  });

  test('Redis is killed 100 times while counting, and comes back empty', { timeout: 300_000 }, async () => {
    const result = await run('kills', 100, 1);
    expect(result.problems).toEqual([]);
    expect(result.killed).toBeGreaterThanOrEqual(100);
  });
});
