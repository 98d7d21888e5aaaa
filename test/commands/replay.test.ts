import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { exportLetters, list, show } from '../../src/commands/dead-letters.ts';
import { rebuild } from '../../src/commands/rebuild.ts';
import { type ReplayOptions, replay } from '../../src/commands/replay.ts';
import { ensureDataDir } from '../../src/config.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { alteredLog } from '../support/altered-log.ts';
import { recordsOf } from '../support/document-batch.ts';
import { runOn } from '../support/run-on.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const NOW = Date.now();

/** A shop with one good event, a purchase without a right currency, one without a time, and a line that is no JSON. */
async function shop(): Promise<string> {
  const dataDir = join(tempDir(), 'shop');
  const config = configFor(dataDir);
  ensureDataDir(config);
  const stores = await openStores(config);
  const items = [{ productId: 'p1', price: '12.50', quantity: 2 }];
  const lines = [
    { id: 'good', type: 'view_item', time: NOW - 60_000, userId: 'u1', items },
    {
      id: 'money',
      type: 'purchase',
      time: NOW - 50_000,
      userId: 'u1',
      orderId: 'o1',
      currency: 'euro',
      items,
    },
    { id: 'time', type: 'view_item', time: 'yesterday', userId: 'u2', items },
  ].map((event) => JSON.stringify(event));
  await stores.log.append([...lines, '{"id":"half'].map((value) => ({ key: 'k', value })));
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  await stores.close();
  return dataDir;
}

async function run(dataDir: string, options: ReplayOptions): Promise<{ sent: number; left: object[] }> {
  const { context, text } = runOn(dataDir);
  await replay(context, { ...options, json: true });
  return JSON.parse(text());
}

async function numbers(dataDir: string) {
  const stores = await openStores(configFor(dataDir));
  const { kpis, freshness } = await readStats(stores, {
    period: 'all',
    limit: 1,
    now: Date.now(),
    currency: 'USD',
  });
  const reasons = await stores.documents.deadLetterReasons();
  await stores.close();
  const { received, duplicates, rejected } = freshness;
  expect(received).toBe(kpis.events + duplicates + rejected);
  return { events: kpis.events, gross: kpis.revenue, duplicates, rejected, reasons };
}

describe('ecom dead-letters replay', () => {
  test('sends what a value mends, once, and leaves the rest', async () => {
    const dataDir = await shop();
    expect(await numbers(dataDir)).toMatchObject({ events: 1, rejected: 3 });
    expect(await run(dataDir, { reason: 'bad currency' })).toEqual({
      schema: 'ecom.replay/1',
      sent: 0,
      left: [{ reason: 'bad currency', count: 1 }],
    });
    const mend = { reason: 'bad currency', set: ['currency=EUR', 'properties.mended=true'] };
    expect((await run(dataDir, mend)).sent).toBe(1);
    const after = await numbers(dataDir);
    expect(after).toMatchObject({
      events: 2,
      rejected: 3,
      duplicates: 0,
      gross: { gross: '25.00', currency: 'EUR' },
    });
    expect(after.reasons.map(({ reason }) => reason).sort()).toEqual(['bad time', 'not JSON']);
    expect((await run(dataDir, mend)).sent).toBe(0);
    expect(await numbers(dataDir)).toEqual(after);
  });

  test('sends the events of a file that was exported and mended by hand', async () => {
    const dataDir = await shop();
    const file = join(dataDir, 'letters.jsonl');
    await exportLetters(runOn(dataDir).context, { out: file });
    const letters = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(letters.map(({ reason }) => reason).sort()).toEqual(['bad currency', 'bad time', 'not JSON']);
    const mended = letters.map((letter) =>
      letter.reason === 'bad time'
        ? { ...letter, event: { ...letter.event, time: NOW - 40_000 } }
        : letter.reason === 'not JSON'
          ? { ...letter, event: { type: 'search', query: 'tea', time: NOW - 30_000, userId: 'u3' } }
          : letter,
    );
    writeFileSync(file, [...mended, { id: '9:9', event: {} }].map((line) => JSON.stringify(line)).join('\n'));
    expect(await run(dataDir, { from: file })).toMatchObject({
      sent: 2,
      left: [
        { reason: 'bad currency', count: 1 },
        { reason: 'no dead letter of that id waits', count: 1 },
      ],
    });
    const after = await numbers(dataDir);
    expect(after).toMatchObject({ events: 3, reasons: [{ reason: 'bad currency', count: 1 }] });
    expect((await run(dataDir, { from: file })).sent).toBe(0);
    expect(await numbers(dataDir)).toEqual(after);
  });

  test('what is no longer kept whole is told, passed over, and sent where a file has it', async () => {
    const dataDir = await shop();
    const file = join(dataDir, 'letters.jsonl');
    await exportLetters(runOn(dataDir).context, { reason: 'bad currency', out: file });
    const stores = await openStores(configFor(dataDir, { ECOM_DEAD_LETTERS_MIB: '1' }));
    const big = { partition: 0, offset: 1e6, time: NOW + 1e6, reason: 'big', detail: '', source: 's' };
    await stores.documents.append([
      {
        ...{ partition: 0, from: 1e6, to: 1e6 + 1, time: NOW, ...recordsOf([]), duplicates: [] },
        deadLetters: [{ ...big, bytes: new Uint8Array(1.2 * 1024 * 1024) }],
      },
    ]);
    await stores.close();
    const listed = runOn(dataDir);
    await list(listed.context, { limit: 10, json: true });
    const answer = JSON.parse(listed.text());
    expect(answer).toMatchObject({ total: 4, cleared: 4 });
    expect(answer.letters.map(({ cleared }: { cleared: boolean }) => cleared)).toEqual(Array(4).fill(true));
    const text = runOn(dataDir);
    await list(text.context, { limit: 10 });
    expect(text.text()).toContain('4 dead letters are no longer kept whole');
    const shown = runOn(dataDir);
    await show(shown.context, '0:1000000', {});
    expect(shown.text()).toMatch(/^bytes {3}no longer kept: .*ECOM_DEAD_LETTERS_MIB/m);
    const exported = runOn(dataDir);
    await exportLetters(exported.context, { out: '-' });
    expect(exported.text()).toBe('');
    expect(String((exported.context.stderr as unknown as PassThrough).read())).toBe(
      '4 dead letters are no longer kept whole, and passed over\n',
    );
    const set = ['currency=EUR'];
    expect(await run(dataDir, { set })).toMatchObject({
      sent: 0,
      left: [{ reason: 'no longer kept whole', count: 4 }],
    });
    expect(await run(dataDir, { set, from: file })).toMatchObject({ sent: 1, left: [] });
  });

  test('what came ahead of the clock counts once, also when that time has come and all is counted again', async () => {
    const dataDir = join(tempDir(), 'shop');
    const config = configFor(dataDir);
    ensureDataDir(config);
    const stores = await openStores(config);
    const view = { type: 'view_item', time: NOW - 1000 };
    const items = [{ productId: 'p1', price: '1.00' }];
    const events = [
      { ...view, id: 'ahead1', userId: 'u1' },
      { ...view, id: 17, userId: 'u2', source: 'ahead' },
      { type: 'purchase', time: NOW - 1000, userId: 'u3', orderId: 'o', items, source: 'ahead' },
      // The second is of nobody: nothing but its place names it.
      ...Array.from({ length: 8 }, (_, i) => ({ ...view, source: `ahead${i}` })),
    ];
    const good = { ...view, id: 'good', userId: 'u1' };
    const records = [...events, good].map((event, i) => ({ key: `k${i}`, value: JSON.stringify(event) }));
    await stores.log.append(records);
    const log = alteredLog(stores.log, (record) =>
      String(record.value).includes('ahead')
        ? { ...record, appendedAt: record.appendedAt + 3_600_000 }
        : record,
    );
    const processor = createProcessor({ ...stores, log, settings: SETTINGS });
    while ((await processor.step()) > 0);
    await processor.close();
    await stores.close();
    expect(await numbers(dataDir)).toMatchObject({ events: 1, rejected: events.length });

    // Some as they are, some with another time, one with a name that somebody gave it by hand.
    const file = join(dataDir, 'letters.jsonl');
    await exportLetters(runOn(dataDir).context, { out: file });
    const letters = readFileSync(file, 'utf8').trimEnd().split('\n').slice(0, 3);
    const renamed = letters.map((line) => JSON.parse(line));
    for (const letter of renamed) letter.event.id = `renamed-${letter.id}`;
    writeFileSync(file, renamed.map((letter) => JSON.stringify(letter)).join('\n'));
    expect(await run(dataDir, { from: file })).toMatchObject({ sent: 3, left: [] });
    const rest = events.length - 3;
    expect(await run(dataDir, { set: [`time=${NOW - 2000}`] })).toMatchObject({ sent: rest, left: [] });
    expect(await numbers(dataDir)).toMatchObject({
      events: 1 + events.length,
      duplicates: 0,
      rejected: events.length,
    });
    await rebuild(runOn(dataDir).context, {});
    expect(await numbers(dataDir)).toMatchObject({
      events: 1 + events.length,
      duplicates: events.length,
      rejected: 0,
    });
  });

  test('shows and sends each of several dead letters of one record', async () => {
    const dataDir = await shop();
    const file = join(dataDir, 'letters.jsonl');
    const stores = await openStores(configFor(dataDir));
    const letter = (index: number) => ({
      ...{ partition: 3, offset: 7, ...(index === 0 ? {} : { index }) },
      ...{ time: NOW, reason: 'several', detail: `no ${index}`, source: 'feed' },
      bytes: Buffer.from(JSON.stringify({ type: 'search', query: `q${index}`, time: NOW, userId: 'u' })),
    });
    await stores.documents.append([
      {
        ...{ partition: 3, from: 7, to: 8, time: NOW, ...recordsOf([]), duplicates: [] },
        deadLetters: [0, 1, 2, 12].map(letter),
      },
    ]);
    await stores.close();
    const listed = runOn(dataDir);
    await list(listed.context, { limit: 9, reason: 'several', json: true });
    const ids = (JSON.parse(listed.text()).letters as { id: string }[]).map(({ id }) => id);
    expect(ids).toEqual(['3:7:12', '3:7:2', '3:7:1', '3:7']);
    for (const id of [...ids, '3:7:0']) {
      const index = Number(id.split(':')[2] ?? 0);
      const shown = runOn(dataDir);
      await show(shown.context, id, { json: true });
      expect(JSON.parse(shown.text())).toMatchObject({
        id: index === 0 ? '3:7' : id,
        detail: `no ${index}`,
        text: Buffer.from(letter(index).bytes).toString(),
      });
    }
    await expect(show(runOn(dataDir).context, '3:7:3', {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const id of ['3:7:', '3:7:1:1', '3:7:x', ':7'])
      await expect(show(runOn(dataDir).context, id, {})).rejects.toMatchObject({ code: 'USAGE' });
    await exportLetters(runOn(dataDir).context, { reason: 'several', out: file });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    writeFileSync(file, lines.slice(1, 3).join('\n'));
    expect(await run(dataDir, { from: file })).toMatchObject({ sent: 2, left: [] });
    expect(await run(dataDir, { reason: 'several' })).toMatchObject({ sent: 2, left: [] });
    expect(await run(dataDir, { from: file })).toMatchObject({ sent: 0 });
    expect(await numbers(dataDir)).toMatchObject({ events: 5, duplicates: 0 });
  });

  test('refuses what is no change', async () => {
    for (const set of ['currency', '=EUR', '__proto__.x=1', 'a.__proto__=1'])
      await expect(run(await shop(), { set: [set] })).rejects.toThrow(/is no field=value/);
  });
});
