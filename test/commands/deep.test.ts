import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportLetters, list } from '../../src/commands/dead-letters.ts';
import { exportData } from '../../src/commands/export.ts';
import { formatLogEntry, parseLogLines } from '../../src/commands/log-entry.ts';
import { replay } from '../../src/commands/replay.ts';
import { ensureDataDir } from '../../src/config.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { runOn } from '../support/run-on.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const DEEP = `${'['.repeat(8000)}${']'.repeat(8000)}`;
const event = (id: string, type: string, more = ''): string =>
  `{"id":"${id}","type":"${type}","time":${Date.now()},"userId":"u"${more}}`;

/** A shop where an unknown field is nested more deeply than anything can be written: of an event, of an item, of a bad line. */
async function shop(): Promise<string> {
  const dataDir = join(tempDir(), 'shop');
  const config = configFor(dataDir);
  ensureDataDir(config);
  const stores = await openStores(config);
  const lines = [
    event('before', 'view_item'),
    event('top', 'view_item', `,"x":${DEEP}`),
    event('item', 'view_item', `,"items":[{"productId":"p","x":${DEEP}}]`),
    event('property', 'view_item', `,"properties":{"x":${DEEP}}`),
    event('bad', 'nope', `,"x":${DEEP}`),
    event('after', 'view_item'),
  ];
  await stores.log.append(lines.map((value) => ({ key: 'k', value })));
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  await stores.close();
  return dataDir;
}

test('what is nested deeply stops neither an export nor a replay, and is told', async () => {
  const dataDir = await shop();
  const events = runOn(dataDir);
  await exportData(events.context, { what: 'events', format: 'jsonl', out: '-' });
  const ids = events
    .text()
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
  expect(ids).toEqual(['before', 'top', 'item', 'property', 'after']);

  const letters = runOn(dataDir);
  await exportLetters(letters.context, { out: '-' });
  const letter = JSON.parse(letters.text()) as { reason: string; text: string };
  expect(letter.reason).toBe('type is wrong');
  expect(letter.text).toContain(DEEP);

  const sent = runOn(dataDir);
  await replay(sent.context, { set: ['type=view_item'], json: true });
  expect(JSON.parse(sent.text())).toMatchObject({
    sent: 0,
    left: [{ reason: 'nested too deeply', count: 1 }],
  });

  const told = runOn(dataDir);
  await list(told.context, { limit: 5, json: true });
  expect(JSON.parse(told.text())).toMatchObject({ total: 1, truncated: 3 });
  const text = runOn(dataDir);
  await list(text.context, { limit: 5 });
  expect(text.text()).toContain('3 events were truncated');
});

test('a line of a log that is nested deeply is shown', () => {
  const [entry] = parseLogLines([`{"level":30,"time":1,"msg":"m","x":${DEEP}}`], 'processor');
  expect(formatLogEntry(entry!, false)).toContain('m x=…');
});
