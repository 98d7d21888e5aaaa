import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportData } from '../../src/commands/export.ts';
import { ingest } from '../../src/commands/ingest.ts';
import { rebuild } from '../../src/commands/rebuild.ts';
import { recommendTo } from '../../src/pipeline/recommender/serve.ts';
import { DEFAULT_SETTINGS } from '../../src/pipeline/recommender/settings.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { runOn } from '../support/run-on.ts';
import { configFor, openStores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const CASES = join(import.meta.dirname, '..', 'cases');
const T = Date.UTC(2026, 0, 5, 10);

/** Ingests a file into a folder. @returns what the summary says */
async function read(dataDir: string, path: string): Promise<string> {
  const { context, text } = runOn(dataDir);
  await ingest(context, [path], { format: 'auto', speed: 'max' });
  return text();
}

async function statsOf(dataDir: string): Promise<Stats> {
  const stores = await openStores(configFor(dataDir));
  const stats = await readStats(stores, { period: 'all', now: Date.now(), currency: 'USD', limit: 10 });
  await stores.close();
  return stats;
}

/** What a file gives in a folder of its own, and what its summary says. */
async function countFile(path: string) {
  const dataDir = join(tempDir(), 'shop');
  const told = await read(dataDir, path);
  return { dataDir, told, stats: await statsOf(dataDir) };
}

/** The same of events of ours, `[minute, type, anonymous id, user id]`. */
function countEvents(events: readonly (readonly [number, string, string?, string?])[]) {
  const lines = events.map(([minute, type, anonymousId, userId], i) => {
    const items = type === 'identify' ? [] : [{ productId: `p${i}`, price: 5 }];
    const order = type === 'purchase' ? { orderId: `o${i}` } : {};
    return JSON.stringify({
      id: `e${i}`,
      type,
      time: T + minute * 60_000,
      anonymousId,
      userId,
      ...order,
      items,
    });
  });
  const path = join(tempDir(), 'events.jsonl');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return countFile(path);
}

const funnelOf = ({ funnel }: Stats): number[] => funnel.map(({ sessions }) => sessions);

describe('people', () => {
  test('who logs in at the checkout is one, with one session from the first view to the purchase', async () => {
    const { stats, told } = await countFile(join(CASES, 'login-stitch', 'in.jsonl'));
    expect(stats.kpis).toMatchObject({
      ...{ events: 4, users: 1, newUsers: 1, sessions: 1, orders: 1, conversion: { session: 1, user: 1 } },
    });
    expect(funnelOf(stats)).toEqual([1, 1, 1, 1]);
    expect(stats.freshness).toMatchObject({ links: 1, received: 5, rejected: 0 });
    expect(told).toContain('1 login that links a device to a user');
  });

  test('a placeholder for a user id joins nobody, and is told', async () => {
    const { stats, told } = await countFile(join(CASES, 'placeholder-ids', 'in.jsonl'));
    expect(stats.kpis).toMatchObject({ events: 20, users: 20, sessions: 20 });
    // Two of them are empty, which is no id of old.
    expect(stats.freshness).toMatchObject({ placeholderIds: 18, rejected: 0 });
    expect(told).toContain("18 with a placeholder such as 'undefined' for an id, counted without it");
  });

  const login = [
    [0, 'view_item', 'a1'],
    [1, 'add_to_cart', 'a1'],
    [2, 'begin_checkout', 'a1', 'u1'],
    [3, 'purchase', 'a1', 'u1'],
  ] as const;

  test.each([
    ['in the order of time', login],
    ['the other way round', [...login].reverse()],
    [
      'with the id in one call only',
      [...login.slice(0, 2), [2, 'identify', 'a1', 'u1'], [3, 'begin_checkout', 'a1'], [4, 'purchase', 'a1']],
    ],
    [
      'with a call that comes last',
      [
        [0, 'view_item', 'a1'],
        [1, 'add_to_cart', 'a1'],
        [2, 'begin_checkout', 'a1'],
        [3, 'purchase', 'a1'],
        [9, 'identify', 'a1', 'u1'],
      ],
    ],
    ['with the purchase by the user id alone', [...login.slice(0, 3), [3, 'purchase', undefined, 'u1']]],
    [
      'on two devices',
      [
        [0, 'view_item', 'a1'],
        [1, 'identify', 'a1', 'u1'],
        [2, 'add_to_cart', 'a2'],
        [3, 'begin_checkout', 'a2'],
        [4, 'purchase', 'a2', 'u1'],
      ],
    ],
  ] as const)('one person is one, %s', async (_, events) => {
    const { stats } = await countEvents(events as Parameters<typeof countEvents>[0]);
    expect(stats.kpis).toMatchObject({ users: 1, sessions: 1, conversion: { session: 1, user: 1 } });
    expect(funnelOf(stats)).toEqual([1, 1, 1, 1]);
  });

  test('two people who log in on one device stay two, and what is anonymous is of the one who is next', async () => {
    const { stats, dataDir } = await countEvents([
      [0, 'view_item', 'a1'],
      [1, 'purchase', 'a1', 'u1'],
      [2, 'view_item', 'a1'],
      [3, 'add_to_cart', 'a1', 'u2'],
      [4, 'view_item', 'a1'],
      [90, 'view_item', 'a1', 'u1'],
    ]);
    expect(stats.kpis).toMatchObject({ users: 2, buyers: 1, sessions: 3 });
    const sessions = await exported(dataDir, 'sessions');
    expect(sessions.map(({ shopper, events }) => [shopper, events])).toEqual([
      ['u:u1', 3],
      ['u:u1', 1],
      ['u:u2', 2],
    ]);
  });

  test('a past that is too long to join is told', async () => {
    const many = Array.from({ length: 600 }, (_, i) => [i / 100, 'view_item', 'a1'] as const);
    const { stats } = await countEvents([...many, [9, 'purchase', 'a1', 'u1']]);
    expect(stats.kpis).toMatchObject({ users: 2 });
    expect(stats.freshness).toMatchObject({ unjoined: 1 });
    const few = many.slice(0, 400);
    const joined = await countEvents([...few, [9, 'purchase', 'a1', 'u1']]);
    expect(joined.stats.kpis).toMatchObject({ users: 1, sessions: 1 });
    expect(joined.stats.freshness).toMatchObject({ unjoined: 0 });
  });

  test('a former id is taken for that of a device, and that is told', async () => {
    const path = join(tempDir(), 'in.jsonl');
    const view = { type: 'track', event: 'Product Viewed', properties: { product_id: 'p', price: 5 } };
    const time = (minute: number) => ({ messageId: `m${minute}`, timestamp: T + minute * 60_000 });
    const lines = [
      { ...view, ...time(0), userId: 'old' },
      { type: 'alias', ...time(1), previousId: 'old', userId: 'new' },
      { ...view, ...time(2), userId: 'new' },
    ];
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { stats, told } = await countFile(path);
    expect(stats.kpis).toMatchObject({ users: 2 });
    expect(stats.freshness).toMatchObject({ links: 1, aliases: 1 });
    expect(told).toContain('1 call names a former id, taken for that of a device');
  });

  test('aliases are links one by one, and make no chain of users, whatever comes first', async () => {
    const view = { type: 'track', event: 'Product Viewed', properties: { product_id: 'p', price: 5 } };
    const at = (minute: number) => ({ messageId: `m${minute}`, timestamp: T + minute * 60_000 });
    const views = [
      { ...view, ...at(0), anonymousId: 'a' },
      { ...view, ...at(1), anonymousId: 'b' },
      { ...view, ...at(4), userId: 'b' },
      { ...view, ...at(5), userId: 'c' },
    ];
    const aliases = [
      { type: 'alias', ...at(2), previousId: 'a', userId: 'b' },
      { type: 'alias', ...at(3), previousId: 'b', userId: 'c' },
    ];
    const [first, second] = aliases;
    for (const lines of [
      [...views, ...aliases],
      [second, first, ...views],
      [first, ...views.slice(0, 2), second, ...views.slice(2)],
      [...views.slice(2), second, ...views.slice(0, 2), first],
    ]) {
      const path = join(tempDir(), 'in.jsonl');
      writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      const { stats, dataDir } = await countFile(path);
      expect(stats.kpis).toMatchObject({ events: 4, users: 2, sessions: 2 });
      expect(stats.freshness).toMatchObject({ links: 2, aliases: 2 });
      const sessions = await exported(dataDir, 'sessions');
      expect(sessions.map(({ shopper, events }) => [shopper, events]).sort()).toEqual([
        ['u:b', 2],
        ['u:c', 2],
      ]);
    }
  });

  test('a login that comes when older events have settled with somebody else is told', async () => {
    const many = Array.from({ length: 300 }, (_, i) => [10 + i / 100, 'view_item', 'a1'] as const);
    const first = await countEvents([...many, [20, 'identify', 'a1', 'u1']]);
    expect(first.stats.freshness).toMatchObject({ unjoined: 0, lateLinks: 0 });
    // Whose would all of it be, if it had come first.
    const second = await countEvents([...many, [20, 'identify', 'a1', 'u1'], [15, 'identify', 'a1', 'u2']]);
    expect(second.stats.freshness).toMatchObject({ lateLinks: 1 });
    const later = await countEvents([...many, [20, 'identify', 'a1', 'u1'], [25, 'identify', 'a1', 'u2']]);
    expect(later.stats.freshness).toMatchObject({ lateLinks: 0 });
  });

  test('are the same where all is counted again, and what goes out comes in', async () => {
    const { stats, dataDir } = await countEvents([
      ...login,
      [300, 'view_item', 'a2'],
      [301, 'identify', 'a2', 'u1'],
    ]);
    expect(stats.kpis).toMatchObject({ users: 1, sessions: 2 });
    await rebuild(runOn(dataDir).context, {});
    const again = await statsOf(dataDir);
    expect(again.kpis).toEqual(stats.kpis);
    expect(again.funnel).toEqual(stats.funnel);
  });

  test('are recommended to by what they did before they were known', async () => {
    const { dataDir } = await countEvents(login);
    const stores = await openStores(configFor(dataDir));
    const documents = async () => stores.documents;
    const seen = async (user: string) => {
      const request = { audience: { user }, algorithm: 'auto', exclude: 'seen', limit: 10 } as const;
      const found = await recommendTo({ live: stores.live, documents }, request, DEFAULT_SETTINGS);
      return found?.items.map(({ productId }) => productId);
    };
    // All four products are the user's own, under any id.
    expect(await seen('u1')).toEqual([]);
    expect(await seen('a1')).toEqual([]);
    await stores.close();
  });
});

async function exported(dataDir: string, what: 'sessions' | 'orders') {
  mkdirSync(join(dataDir, 'out'), { recursive: true });
  const out = join(dataDir, 'out', `${what}.jsonl`);
  await exportData(runOn(dataDir).context, { what, format: 'jsonl', out });
  return readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
