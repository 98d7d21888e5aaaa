import { copyFileSync, cpSync, existsSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { STORE_FILES } from '../../../src/pipeline/sqlite/files.ts';
import { configFor, openStores, type Stores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** What is done to a file, or to the folder with all of them, while it is open. */
const HARM: Record<string, (path: string, dir: string) => void> = {
  'is deleted': (path) => rmSync(path),
  'is moved away': (path) => renameSync(path, `${path}.old`),
  'is replaced by its own copy': (path) => {
    copyFileSync(path, `${path}.copy`);
    renameSync(`${path}.copy`, path);
  },
  'is cut': (path) => truncateSync(path, statSync(path).size - 1),
  'loses its write-ahead log': (path) => rmSync(`${path}-wal`),
  'goes with its folder': (_, dir) => rmSync(dir, { recursive: true }),
  'goes with its folder, which is moved': (_, dir) => renameSync(dir, `${dir}-moved`),
  'goes with its folder, which is restored': (_, dir) => {
    cpSync(dir, `${dir}-copy`, { recursive: true });
    rmSync(dir, { recursive: true });
    renameSync(`${dir}-copy`, dir);
  },
};
const USE: Record<keyof typeof STORE_FILES, readonly ((stores: Stores) => Promise<unknown>)[]> = {
  log: [({ log }) => log.append([{ key: 'k', value: '{}' }]), ({ log }) => log.bounds()],
  documents: [
    ({ documents }) => documents.readEvents(0, 0, 1),
    ({ documents }) => documents.saveModel({ name: 'm', time: 1, json: '{}' }),
  ],
  live: [
    ({ live }) => live.positions(),
    ({ live }) => live.snapshot({ tallies: [{ ranges: 'all' }] }),
    ({ live }) => live.report({ id: 'w', time: 1, json: '{}' }),
  ],
};
const CASES = (['log', 'documents', 'live'] as const).flatMap((port) =>
  Object.keys(HARM).map((harm) => [port, harm] as const),
);

describe('an open file', () => {
  test.each(CASES)('of the %s store that %s is noticed at the next use', async (port, harm) => {
    const config = configFor(join(tempDir(), 'data'));
    ensureDataDir(config);
    const stores = await openStores(config);
    for (const use of USE[port]) await use(stores);
    const path = join(config.dataDir, STORE_FILES[port]);
    HARM[harm]!(path, config.dataDir);
    const there = existsSync(path);
    for (const use of USE[port]) {
      await expect(use(stores)).rejects.toMatchObject({
        code: 'GONE',
        message: expect.stringContaining(path),
      });
    }
    expect(existsSync(path)).toBe(there);
    await stores.close().catch(() => {});
  });
});
