import { expect, onTestFinished, test, vi } from 'vitest';
import { folderOption } from '../../src/commands/folder-option.ts';

test('a printed command names the data folder where it would mean another one', () => {
  vi.stubEnv('ECOM_DATA_DIR', '/srv/shop');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(folderOption({ dataDir: '/srv/shop' })).toBe('');
  expect(folderOption({ dataDir: '/srv/shop/demo' })).toBe(' --data-dir /srv/shop/demo');
  expect(folderOption({ dataDir: "/srv/Anna's shop" })).toBe(" --data-dir '/srv/Anna'\\''s shop'");
  expect(folderOption({ dataDir: '/srv/Bücher' })).toBe(' --data-dir /srv/Bücher');
  expect(folderOption({ dataDir: '/srv/\u001b[31m' })).not.toContain('\u001b');
});
