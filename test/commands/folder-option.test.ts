import { expect, onTestFinished, test, vi } from 'vitest';
import { folderOption, withFolder } from '../../src/commands/folder-option.ts';

test('a printed command names the data folder where it would mean another one', () => {
  vi.stubEnv('ECOM_DATA_DIR', '/srv/shop');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(folderOption({ dataDir: '/srv/shop' })).toBe('');
  expect(folderOption({ dataDir: '/srv/shop/demo' })).toBe(' --data-dir /srv/shop/demo');
  expect(folderOption({ dataDir: "/srv/Anna's shop" })).toBe(" --data-dir '/srv/Anna'\\''s shop'");
  expect(folderOption({ dataDir: '/srv/Bücher' })).toBe(' --data-dir /srv/Bücher');
  expect(folderOption({ dataDir: '/srv/\u001b[31m' })).not.toContain('\u001b');
});

test('every command that a text names means the data folder', () => {
  vi.stubEnv('ECOM_DATA_DIR', '/srv/shop');
  onTestFinished(() => void vi.unstubAllEnvs());
  const of = (text: string): string => withFolder(text, { dataDir: '/a' });
  expect(of('ecom train makes one; ecom up does')).toBe(
    'ecom train --data-dir /a makes one; ecom up --data-dir /a does',
  );
  expect(of('see ecom dead-letters show ID')).toBe('see ecom dead-letters show --data-dir /a ID');
  expect(of('ecom up --generator')).toBe('ecom up --data-dir /a --generator');
  for (const text of [
    'update ecom',
    'ecom ingest --data-dir DIR',
    'ecom upgrades',
    'ecom generate --count 1',
  ])
    expect(of(text)).toBe(text);
  expect(withFolder('ecom up', { dataDir: '/srv/shop' })).toBe('ecom up');
});
