import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { checkServers } from '../../../src/commands/doctor/servers.ts';
import { openLiveStore } from '../../../src/pipeline/live-store/open.ts';
import { SCRIPTS, type ScriptedClient } from '../../../src/pipeline/live-store/redis-scripts.ts';
import { createRedisWriter } from '../../../src/pipeline/live-store/redis-writer.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';
import { deltasOf, NO_DELTAS } from '../../support/deltas.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tcpProxy } from '../../support/tcp-proxy.ts';
import { tempDir } from '../../support/temp-dir.ts';

const EVENT =
  '{"id":"a","type":"view_item","time":"2026-01-05T10:00:00Z","userId":"u","items":[{"productId":"p"}]}';
const EMPTY = { advances: [], ...NO_DELTAS, claims: [], states: new Map(), products: new Map() };

describeWith(['redis'], 'damage of the live store on Redis', () => {
  function shop(port = Number(new URL(backendUrl('redis')!).port)) {
    const name = uniqueName('damage');
    const client = new Redis(backendUrl('redis')!);
    onTestFinished(async () => {
      await client.quit();
    });
    const config = configFor(tempDir(), { ECOM_LIVE_URL: `redis://127.0.0.1:${port}/0?prefix=${name}` });
    return { config, client, key: (part: string) => `{${name}}:${part}` };
  }

  test.each(['', '{', '{}', 'null', '{"timeZone":"UTC"}', '{"timeZone":"Nowhere/Land","properties":[]}'])(
    'a layout that is %j is told with what mends it',
    async (damaged) => {
      const { config, client, key } = shop();
      const stores = await openStores(config);
      await stores.log.append([{ key: 'u', value: EVENT }]);
      const count = async () => {
        const processor = createProcessor({ ...stores, settings: SETTINGS });
        await processor.step();
        await processor.close();
      };
      const events = async () => {
        const period = { period: 'all', limit: 1, now: Date.now(), currency: 'USD' } as const;
        return (await readStats(stores, period)).kpis.events;
      };
      await count();
      const data = async () => (await checkServers(config)).find(({ name }) => name === 'redis data');
      expect(await data()).toMatchObject({ state: 'ok' });
      await client.set(key('layout'), damaged);
      expect(await data()).toMatchObject({ state: 'fail', advice: expect.stringContaining('ecom rebuild') });
      await stores.log.append([{ key: 'u', value: EVENT.replace('"a"', '"b"') }]);
      const told = { code: 'STORAGE', hint: expect.stringContaining('ecom rebuild') };
      await expect(events()).rejects.toMatchObject(told);
      await expect(count().then(count)).rejects.toMatchObject(told);
      const anew = await stores.live.rebuild();
      expect(await anew.replace()).toBe(false);
      const processor = createProcessor({ ...stores, live: anew.live, settings: SETTINGS });
      await processor.step();
      await processor.close();
      expect(await anew.replace()).toBe(true);
      await anew.close();
      expect(await events()).toBe(2);
      expect(await data()).toMatchObject({ state: 'ok' });
      await client.hset(key('states'), 'u:u', '{}');
      expect(await data()).toMatchObject({ state: 'fail', detail: expect.stringContaining("'u:u'") });
      await stores.close();
    },
  );

  test('what an older version has counted is counted again from the log, and what it published stays', async () => {
    const { config, client, key } = shop();
    const stores = await openStores(config);
    await stores.log.append([{ key: 'u', value: EVENT }]);
    // A version before formats had a number, which kept states and ids as text.
    await client.set(key('layout'), '{"timeZone":"UTC","properties":["country"]}');
    await client.hset(key('positions'), '0', 7, '1', 7, '2', 7, '3', 7);
    await client.hset(key('states'), 'u:u', '[1,1,[1,1,0],[1,1,0],1,[],[],[]]');
    await client.zadd(key('seen:0'), 7, '0 [0,"a"]');
    await client.set(key('published:lists'), 'old');
    await client.hset(key('documents:old'), 'a', '[1]');
    // Who only reads would show none of what was counted.
    const reader = await openLiveStore(config);
    await expect(reader.positions()).rejects.toMatchObject({ code: 'STORAGE', hint: expect.any(String) });
    expect(await client.hget(key('positions'), '0')).toBe('7');
    await reader.close();
    for (let again = 0; again < 2; again += 1) {
      const live = await openLiveStore(config, { counts: true });
      const processor = createProcessor({ ...stores, live, settings: SETTINGS });
      while ((await processor.step()) > 0);
      await processor.close();
      const period = { period: 'all', limit: 1, now: Date.now(), currency: 'USD' } as const;
      expect((await readStats({ ...stores, live }, period)).kpis).toMatchObject({ events: 1, sessions: 1 });
      expect(await live.published('lists', ['a'])).toEqual(new Map([['a', '[1]']]));
      await live.close();
    }
    expect(await client.get(key('layout'))).toContain('"format"');
    await stores.close();
  });

  test('what a rebuild that was killed has left goes by itself, and nothing of one that goes on', async () => {
    const { config, client, key } = shop();
    const live = await openLiveStore(config);
    const anew = await live.rebuild();
    const counters = { n: 1 };
    const deltas = deltasOf([
      { time: 0, counters },
      { time: 0, dimension: 'product', key: 'p', counters },
    ]);
    for (let from = 0; from < 40; from += 1) {
      const advances = [{ partition: 0, from, to: from + 1, watermark: 1 }];
      await anew.live.apply({ ...EMPTY, advances, ...deltas });
    }
    const left = () => client.keys(key('rebuild*'));
    await live.report({ id: 'w', time: 1, json: '{}' });
    expect((await anew.live.positions())[0]!.position).toBe(40);
    expect(await client.ttl(key('rebuilding'))).toBeGreaterThan(0);
    await anew.live.close();
    await client.del(key('rebuilding'));
    expect((await left()).length).toBeGreaterThan(10);
    await live.report({ id: 'w', time: 2, json: '{}' });
    expect(await left()).toEqual([]);
    await live.close();
  });

  test('a page or a key that is damaged is told as one, with what mends it', async () => {
    const { config, client, key } = shop();
    const live = await openLiveStore(config);
    for (let from = 0; from < 40; from += 1) {
      const advances = [{ partition: 0, from, to: from + 1, watermark: 1 }];
      await live.apply({ ...EMPTY, advances, ...deltasOf([{ time: 0, counters: { n: 1 } }]) });
    }
    const told = {
      code: 'STORAGE',
      message: expect.stringContaining('damaged'),
      hint: expect.stringContaining('ecom rebuild'),
    };
    const [change] = await client.lrangeBuffer(key('changes'), 0, 0);
    await client.rpush(key('changes'), change!.subarray(0, change!.length - 1));
    const other = await openLiveStore(config);
    await expect(other.snapshot({ tallies: [{ ranges: 'all' }] })).rejects.toMatchObject(told);
    await other.close();
    await client.del(key('states'));
    await client.set(key('states'), 'no hash');
    await expect(live.states(['u:u'])).rejects.toMatchObject(told);
    await live.close();
  });

  test('no change is stored without a layout', async () => {
    const { client, key } = shop();
    const prefix = key('').slice(0, -1);
    await expect(
      client.eval(SCRIPTS.ecomApply, 1, prefix, '', '', 'name', 0, 0, 0, 0, '', 9, 9),
    ).rejects.toThrow(/ECOM/);
    expect(await client.keys(`${prefix}*`)).toEqual([]);
  });

  test('a reconnect at any step of a change leaves it whole', async () => {
    let answers = Number.POSITIVE_INFINITY;
    const proxy = await tcpProxy(Number(new URL(backendUrl('redis')!).port), () => {
      answers -= 1;
      return answers === 0 ? 'cut' : 'pass';
    });
    onTestFinished(proxy.close);
    for (let step = 1; step <= 8; step += 1) {
      const { config, client, key } = shop(proxy.port);
      const live = await openLiveStore(config);
      const counters = { n: 1 };
      answers = step;
      const change = {
        ...EMPTY,
        advances: [{ partition: 0, from: 0, to: 1, watermark: 1 }],
        ...deltasOf([
          { time: 0, counters },
          { time: 0, dimension: 'product', key: 'p', counters },
        ]),
      };
      // One whose answer is lost comes again, and is refused.
      await live.apply(change);
      answers = Number.POSITIVE_INFINITY;
      expect(JSON.parse((await client.get(key('layout')))!)).toMatchObject(config.layout);
      const rankings = [{ dimension: 'product' as const, columns: ['n'], limit: 9 }];
      const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all', rankings }] });
      expect(tallies[0]!.totals).toEqual(new Map([['n', 1]]));
      expect(tallies[0]!.rankings[0]!.entries.map(({ key: product }) => product)).toEqual(['p']);
      await live.close();
    }
  });

  test('a server that was away when it was first asked is asked again', async () => {
    let away = true;
    const proxy = await tcpProxy(Number(new URL(backendUrl('redis')!).port), () => (away ? 'cut' : 'pass'));
    onTestFinished(proxy.close);
    const live = await openLiveStore(shop(proxy.port).config);
    await expect(live.positions()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    away = false;
    expect(await live.positions()).toEqual([]);
    await live.close();
  });

  test('what is published stays where the answer is lost and the command comes again', async () => {
    let answers = Number.POSITIVE_INFINITY;
    const proxy = await tcpProxy(Number(new URL(backendUrl('redis')!).port), () => {
      answers -= 1;
      return answers === 0 ? 'cut' : 'pass';
    });
    onTestFinished(proxy.close);
    const { config } = shop(proxy.port);
    const live = await openLiveStore(config);
    await live.publish('lists', new Map([['a', '0']]));
    for (let step = 1; step <= 6; step += 1) {
      answers = step;
      await live.publish('lists', new Map([['a', String(step)]]));
      answers = Number.POSITIVE_INFINITY;
      expect(await live.published('lists', ['a'])).toEqual(new Map([['a', String(step)]]));
    }
    await live.close();
  });

  test('cells that have expired are left out of what is read', async () => {
    const { config, client, key } = shop();
    const live = await openLiveStore(config);
    const time = Date.UTC(2026, 0, 5);
    // Enough for a fold, which makes cells of the changes.
    for (let i = 0; i < 40; i += 1) {
      const advances = [{ partition: 0, from: i, to: i + 1, watermark: time }];
      await live.apply({ ...EMPTY, advances, ...deltasOf([{ time, counters: { n: 1 } }]) });
    }
    const ids = await client.zrange(key('cells'), 0, -1);
    expect(ids.length).toBeGreaterThan(1);
    const ranges = [{ level: '10s', from: time, to: time + 10_000 }] as const;
    const query = { tallies: [{ ranges }, { ranges: 'all' as const }] };
    const read = async (reader: typeof live) =>
      (await reader.snapshot(query)).tallies.map(({ totals }) => totals.get('n') ?? 0);
    expect(await read(live)).toEqual([40, 40]);
    // The narrowest cells go first; the sum of everything stays.
    for (const id of ids.slice(0, -1)) await client.del(key(`cell:${id}`));
    const other = await openLiveStore(config);
    const [narrow, all] = await read(other);
    expect(narrow).toBeLessThan(40);
    expect(all).toBe(40);
    expect((await read(live))[1]).toBe(40);
    await Promise.all([live.close(), other.close()]);
  });

  test('a fold that a failover takes back takes nothing away from who has read it', async () => {
    const { config, client, key } = shop();
    const live = await openLiveStore(config);
    for (const [name, lua] of Object.entries(SCRIPTS)) client.defineCommand(name, { numberOfKeys: 1, lua });
    const scripted = client as Redis & ScriptedClient;
    const copy = new Map<string, Buffer>();
    // A replica that has all that comes before a fold becomes the leader after it.
    const folding = Object.assign(Object.create(scripted) as ScriptedClient, {
      async ecomFold(...rest: Parameters<ScriptedClient['ecomFold']>) {
        for (const name of await client.keys(key('*'))) copy.set(name, (await client.dumpBuffer(name))!);
        return scripted.ecomFold(...rest);
      },
    });
    const stored = () => client.get(key('layout'));
    const writer = createRedisWriter(folding, key('').slice(0, -1), config.layout, stored);
    const count = async () =>
      (await live.snapshot({ tallies: [{ ranges: 'all' }] })).tallies[0]!.totals.get('n');
    let changes = 0;
    for (; copy.size === 0; changes += 1) {
      const advances = [{ partition: 0, from: changes, to: changes + 1, watermark: 1 }];
      await writer.apply({ ...EMPTY, advances, ...deltasOf([{ time: 0, counters: { n: 1 } }]) });
    }
    expect(await count()).toBe(changes);
    await client.del(await client.keys(key('*')));
    for (const [name, bytes] of copy) await client.restore(name, 0, bytes);
    expect(await count()).toBe(changes);
    await live.close();
  });
});
