import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Count } from '../../src/pipeline/events/money.ts';
import { timeZone } from '../../src/pipeline/events/time-zone.ts';
import {
  type LiveChange,
  type LiveStore,
  type ProductInfo,
} from '../../src/pipeline/live-store/live-store.ts';
import {
  type CellLayout,
  coverRange,
  levelStart,
  maxKeys,
  OTHER_KEY,
} from '../../src/pipeline/metrics/cells.ts';
import { deltasOf, NO_DELTAS } from '../support/deltas.ts';

export type OpenLive = (name: string, layout: CellLayout) => Promise<LiveStore>;

const LAYOUT: CellLayout = { timeZone: 'UTC', properties: ['country'] };

const BASE = Date.UTC(2026, 0, 5);

function change(from: number, to: number, parts: Partial<LiveChange> = {}): LiveChange {
  const advances = [{ partition: 0, from, to, watermark: BASE + to }];
  return { advances, ...NO_DELTAS, claims: [], states: new Map(), products: new Map(), ...parts };
}

function statesOf(texts: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  return new Map(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text)]));
}

/** States in one kind of array, whichever kind a store gives. */
function plain(states: ReadonlyMap<string, Uint8Array>): Record<string, number[]> {
  return Object.fromEntries([...states].map(([key, bytes]) => [key, [...bytes]]));
}

/** One 10-second cell with some counters of totals and of one product. */
function cell(
  time: number,
  totals: Record<string, Count>,
  product?: string,
  counters: Record<string, Count> = {},
): Pick<LiveChange, 'cells' | 'names'> {
  const ofProduct = product === undefined ? [] : [{ time, dimension: 'product', key: product, counters }];
  return deltasOf([{ time, counters: totals }, ...ofProduct]);
}

/** What is known of a product after something was said of it. */
function newer(known: ProductInfo | undefined, info: ProductInfo): ProductInfo {
  if (known === undefined) return info;
  const [a, b] = [known, info].map(({ time, name = '', price = 0 }) => [time, name, price] as const);
  const place = a!.findIndex((value, i) => value !== b![i]);
  if (place < 0 || b![place]! < a![place]!) return known;
  return { time: info.time, name: info.name ?? known.name, price: info.price ?? known.price };
}

/** What every live store must do. */
export function describeLiveStore(name: string, openWith: OpenLive): void {
  const open = (store: string, layout = LAYOUT): Promise<LiveStore> => openWith(store, layout);

  describe(`live store: ${name}`, () => {
    test('applies a change once and refuses it when it comes again', async () => {
      const live = await open('once');
      const first = change(0, 5, { ...cell(BASE, { n: 1 }), states: statesOf({ 'u:1': 'x' }) });
      expect(await live.apply(first)).toBe(true);
      expect(await live.apply(first)).toBe(false);
      expect(await live.apply(change(4, 6))).toBe(false);
      expect(await live.positions()).toEqual([{ partition: 0, position: 5, watermark: BASE + 5 }]);
      const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }] });
      expect(tallies[0]!.totals).toEqual(new Map([['n', 1]]));
      expect(await live.apply(change(5, 6, { ...cell(BASE, { n: 2 }) }))).toBe(true);
      expect((await live.snapshot({ tallies: [{ ranges: 'all' }] })).tallies[0]!.totals.get('n')).toBe(3);
      await live.close();
    });

    test('refuses a change of several partitions whole', async () => {
      const live = await open('several');
      await live.apply(change(0, 5));
      const advances = [
        { partition: 1, from: 0, to: 3, watermark: 1 },
        { partition: 0, from: 4, to: 8, watermark: 1 },
      ];
      expect(await live.apply({ ...change(0, 0, { states: statesOf({ k: 'v' }) }), advances })).toBe(false);
      expect((await live.positions()).map(({ position }) => position)).toEqual([5]);
      expect(await live.states(['k'])).toEqual(new Map());
      await live.close();
    });

    test('refuses a change that was computed from another state', async () => {
      const live = await open('expects');
      const [first, second] = [Buffer.from([1, 0, 255]), Buffer.from([2])];
      const known = (state: Buffer) => new Map([['o:1', state]]);
      expect(await live.apply(change(0, 1, { expects: known(first), states: known(second) }))).toBe(false);
      expect(await live.apply(change(0, 1, { states: known(first) }))).toBe(true);
      expect(await live.apply(change(1, 2, { expects: known(second), states: known(second) }))).toBe(false);
      expect(await live.apply(change(1, 2, { expects: known(first), states: known(second) }))).toBe(true);
      expect([...(await live.states(['o:1'])).values()].map((state) => [...state])).toEqual([[2]]);
      await live.close();
    });

    test('refuses a change whose claim is taken', async () => {
      const live = await open('claims');
      const states = statesOf({ 'o:1': '' });
      expect(await live.apply(change(0, 1, { claims: ['o:1'], states }))).toBe(true);
      expect(await live.apply(change(1, 2, { claims: ['o:1'], states }))).toBe(false);
      expect(await live.apply(change(1, 2, { states }))).toBe(true);
      await live.close();
    });

    test('keeps messages in their order until they are taken, once', async () => {
      const live = await open('inboxes');
      const message = (partition: number, text: string) => ({ partition, bytes: Buffer.from(text) });
      const waiting = async () =>
        [...(await live.inboxes([0, 1]))].map(([partition, { taken, messages }]) => [
          partition,
          taken,
          messages.map((bytes) => Buffer.from(bytes).toString()),
        ]);
      const send = (from: number, ...messages: ReturnType<typeof message>[]) =>
        live.apply(change(from, from + 1, { messages }));
      const take = (at: number, from: number, to: number) =>
        live.apply({
          ...change(0, 0),
          advances: [{ partition: 1, from: at, to: at, watermark: 0, taken: { from, to } }],
        });
      expect(await waiting()).toEqual([
        [0, 0, []],
        [1, 0, []],
      ]);
      expect(await send(0, message(1, 'a'), message(0, 'x'), message(1, 'b'))).toBe(true);
      // What is refused says nothing.
      expect(await send(0, message(1, 'c'))).toBe(false);
      expect(await send(1, message(1, 'd'))).toBe(true);
      expect(await waiting()).toEqual([
        [0, 0, ['x']],
        [1, 0, ['a', 'b', 'd']],
      ]);
      expect(await take(0, 0, 2)).toBe(true);
      expect(await take(0, 0, 2)).toBe(false);
      expect(await take(0, 1, 2)).toBe(false);
      expect(await waiting()).toEqual([
        [0, 0, ['x']],
        [1, 2, ['d']],
      ]);
      // One that takes none is refused too, where another one has taken some: it does not know what they changed.
      expect(await take(0, 0, 0)).toBe(false);
      expect(await take(0, 2, 2)).toBe(true);
      expect(await send(2, message(1, '\u0000é'))).toBe(true);
      expect(await take(0, 2, 4)).toBe(true);
      expect(await waiting()).toEqual([
        [0, 0, ['x']],
        [1, 4, []],
      ]);
      await live.close();
    });

    test('a rebuild has inboxes of its own, which take the place of those that are there', async () => {
      const live = await open('rebuilt-inboxes');
      const message = (text: string) => ({ partition: 0, bytes: Buffer.from(text) });
      await live.apply(change(0, 1, { messages: [message('old'), message('older')] }));
      const anew = await live.rebuild();
      expect((await anew.live.inboxes([0])).get(0)).toMatchObject({ taken: 0, messages: [] });
      await anew.live.apply(change(0, 1, { messages: [message('new')] }));
      expect(await anew.replace()).toBe(true);
      await anew.close();
      const { taken, messages } = (await live.inboxes([0])).get(0)!;
      expect([taken, messages.map((bytes) => Buffer.from(bytes).toString())]).toEqual([0, ['new']]);
      await live.close();
    });

    test('lets one of several appliers win', async () => {
      const stores = await Promise.all([open('race'), open('race'), open('race')]);
      let applied = 0;
      for (let position = 0; position < 20; position += 1) {
        const results = await Promise.all(
          stores.map((live) => live.apply(change(position, position + 1, { ...cell(BASE, { n: 1 }) }))),
        );
        applied += results.filter(Boolean).length;
      }
      expect(applied).toBe(20);
      expect((await stores[0]!.snapshot({ tallies: [{ ranges: 'all' }] })).tallies[0]!.totals.get('n')).toBe(
        20,
      );
      await Promise.all(stores.map((live) => live.close()));
    });

    test('keeps states, in one trip', async () => {
      const live = await open('states');
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      // In a larger piece of memory, as a processor gives them.
      const part = all.subarray(7, 70);
      const many = Array.from({ length: 5000 }, (_, i) => [`ä${i}`, Uint8Array.of(i % 256, 0)] as const);
      const first = new Map([['a', all], ['b', new Uint8Array()], ['ключ:1', part], ...many]);
      await live.apply(change(0, 1, { states: first }));
      await live.apply(change(1, 2, { states: statesOf({ a: '2' }) }));
      const found = await live.states([...first.keys(), 'c']);
      expect(plain(found)).toEqual(plain(new Map([...first, ...statesOf({ a: '2' })])));
      await live.close();
    });

    test('keeps the newest that was said of a product, and what newer events leave open', async () => {
      const live = await open('products');
      const say = (from: number, time: number, name?: string, price?: number) =>
        live.apply(change(from, from + 1, { products: new Map([['p', { time, name, price }]]) }));
      await say(0, 100, 'first', 5);
      await say(1, 300, 'third');
      await say(2, 200, 'second', 7);
      expect(await live.products(['p', 'q'])).toEqual(
        new Map([['p', { time: 300, name: 'third', price: 5 }]]),
      );
      await live.close();
    });

    test('keeps the newest that was said of products, whoever says it, and in whatever order', async () => {
      let run = 0;
      const say = (time: number, name: 'a' | 'b', by: number, reopens = false) => {
        return { by, reopens, infos: { p: { time, name, price: 5 as const } } };
      };
      /** Said once more, then something else that was said between the two. */
      const late = (by: number, reopens: boolean) => [
        say(1, 'a', 0),
        say(3, 'a', 0),
        say(2, 'b', by, reopens),
      ];
      const said = fc.record({
        by: fc.nat(1),
        reopens: fc.boolean(),
        infos: fc.dictionary(
          fc.constantFrom('p', 'q'),
          fc.record({
            time: fc.integer({ min: 1, max: 6 }),
            name: fc.constantFrom('a', 'a', 'b', undefined),
            price: fc.constantFrom(5, 5, undefined),
          }),
        ),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(said, { minLength: 4, maxLength: 12 }), async (list) => {
          const store = `said-${run++}`;
          const stores = [await open(store), await open(store)];
          const newest = new Map<string, ProductInfo>();
          for (const [i, { by, reopens, infos }] of list.entries()) {
            if (reopens) {
              await stores[by]!.close();
              stores[by] = await open(store);
            }
            const products = new Map(Object.entries(infos));
            const deltas = deltasOf(
              [...products.keys()].map((key) => ({
                time: BASE,
                dimension: 'product',
                key,
                counters: { n: 1 },
              })),
            );
            expect(await stores[by]!.apply(change(i, i + 1, { ...deltas, products }))).toBe(true);
            for (const [key, info] of products) newest.set(key, newer(newest.get(key), info));
          }
          const found = await stores[0]!.products([...newest.keys()]);
          const told = ([key, { name, price }]: [string, ProductInfo]) => [key, name, price];
          expect([...found].map(told).sort()).toEqual([...newest].map(told).sort());
          await Promise.all(stores.map((live) => live.close()));
        }),
        { numRuns: 30, examples: [[late(0, true)], [late(1, false)]] },
      );
    });

    test('replaces what is published under a kind, and nothing else', async () => {
      const live = await open('published');
      await live.publish(
        'similar',
        new Map([
          ['a', '[1]'],
          ['b', '[2]'],
        ]),
      );
      await live.publish('popular', new Map([['a', '[9]']]));
      await live.publish(
        'similar',
        new Map([
          ['b', '[3]'],
          ['c', '[4]'],
        ]),
      );
      expect(await live.published('similar', ['a', 'b', 'c'])).toEqual(
        new Map([
          ['b', '[3]'],
          ['c', '[4]'],
        ]),
      );
      expect(await live.published('popular', ['a'])).toEqual(new Map([['a', '[9]']]));
      await live.close();
    });

    test('sums exactly beyond what a double holds', async () => {
      const live = await open('exact');
      const large = 2 ** 53 - 1;
      const amounts: Count[] = [large, large, 1, 10n ** 25n, 7];
      for (const [i, amount] of amounts.entries()) {
        await live.apply(change(i, i + 1, { ...cell(BASE + i * 60_000, { g: amount }, 'p', { g: amount }) }));
      }
      for (let i = amounts.length; i < 40; i += 1)
        await live.apply(change(i, i + 1, { ...cell(BASE, { n: 1 }, 'p', { g: 1 }) }));
      const ranking = { dimension: 'product' as const, columns: ['g'], limit: 1 };
      const ranges = coverRange(BASE, Number.POSITIVE_INFINITY, '10s', timeZone('UTC'));
      const { tallies } = await live.snapshot({
        tallies: [
          { ranges: 'all', rankings: [ranking] },
          { ranges, rankings: [ranking] },
        ],
      });
      const sum = amounts.reduce<bigint>((total, amount) => total + BigInt(amount), 0n);
      for (const { totals, rankings } of tallies) {
        expect(totals.get('g')).toBe(sum);
        expect(rankings[0]!.entries[0]!.counters.get('g')).toBe(sum + 35n);
      }
      await live.close();
    });

    test('ranks by a column, ties by key, and leaves out what has none', async () => {
      const live = await open('ranks');
      const products: [string, number][] = [
        ['b', 5],
        ['a', 5],
        ['c', 9],
        ['z', 0],
        ['d', 1],
      ];
      for (const [i, [product, v]] of products.entries()) {
        await live.apply(change(i, i + 1, { ...cell(BASE, {}, product, { v, w: 1 }) }));
      }
      const rank = async (limit: number) => {
        const rankings = [{ dimension: 'product' as const, columns: ['v'], limit }];
        const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all', rankings }] });
        return tallies[0]!.rankings[0]!.entries.map(({ key }) => key);
      };
      expect(await rank(2)).toEqual(['c', 'a']);
      expect(await rank(9)).toEqual(['c', 'a', 'b', 'd']);
      await live.close();
    });

    test('ranks by the first column that a key shown has, and what follows by the one in the same place', async () => {
      const live = await open('columns');
      await live.apply(change(0, 1, cell(BASE, { n: 1 }, 'p', { v: 2, w: 9 })));
      // A key of no shop, which stands for those beyond the bound, is not shown.
      await live.apply(change(1, 2, cell(BASE, { n: 1 }, OTHER_KEY, { u: 7 })));
      const of = async (columns: readonly string[]) => {
        const rankings = [
          { dimension: 'product', columns, limit: 3 },
          { dimension: 'product', columns: ['w', 'w', 'v', 'none'], limit: 3, follows: 0 },
        ];
        const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all', rankings }] });
        return tallies[0]!.rankings.map(({ by, entries }) => [by, entries.map(({ key }) => key).join()]);
      };
      expect(await of(['none', 'u', 'v', 'w'])).toEqual([
        [2, 'p'],
        [2, 'p'],
      ]);
      expect(await of(['none', 'u'])).toEqual([
        [0, ''],
        [0, 'p'],
      ]);
      await live.close();
    });

    test('keeps the layout that its cells were cut by', async () => {
      const live = await open('layout');
      expect(await live.layout()).toEqual(LAYOUT);
      await live.apply(change(0, 1, { ...cell(BASE, { n: 1 }) }));
      const moved = await open('layout', { ...LAYOUT, timeZone: 'Asia/Tokyo' });
      expect(await moved.layout()).toEqual(LAYOUT);
      await expect(moved.apply(change(1, 2))).rejects.toThrow(/counted by the days of UTC.*Asia\/Tokyo/);
      const swapped = await open('layout', { ...LAYOUT, properties: ['device', 'country'] });
      await expect(swapped.apply(change(1, 2))).rejects.toThrow(/broken down by country/);
      const more = { ...LAYOUT, properties: ['country', 'device'] };
      const grown = await open('layout', more);
      expect(await grown.apply(change(1, 2))).toBe(true);
      expect(await grown.layout()).toEqual(more);
      await expect(live.apply(change(2, 3)).then((done) => done || live.apply(change(2, 3)))).rejects.toThrow(
        /device/,
      );
      await Promise.all([live, moved, swapped, grown].map((store) => store.close()));
    });

    const ranked = async (store: LiveStore) => {
      const rankings = [{ dimension: 'product' as const, columns: ['n'], limit: 9 }];
      const { tallies } = await store.snapshot({ tallies: [{ ranges: 'all', rankings }] });
      return tallies[0]!.rankings[0]!.entries.map(({ key, counters }) => [key, counters.get('n')]);
    };

    test('counts again beside what it has, under any layout, and puts that in place at once', async () => {
      const live = await open('rebuild');
      const states = statesOf({ 'u:1': 'x' });
      await live.apply(change(0, 5, { ...cell(BASE, { n: 3 }, 'p', { n: 3 }), states }));
      await live.publish('lists', new Map([['a', '[]']]));
      await live.report({ id: 'w', time: BASE, json: '{}' });
      const old = [['p', 3]];
      expect(await ranked(live)).toEqual(old);

      const tokyo = await open('rebuild', { timeZone: 'Asia/Tokyo', properties: [] });
      const anew = await tokyo.rebuild();
      expect(await anew.live.positions()).toEqual([]);
      await anew.live.apply(change(0, 4, { ...cell(BASE, { n: 1 }, 'q', { n: 1 }) }));
      expect(await anew.replace()).toBe(false);
      expect([await ranked(live), plain(await live.states(['u:1']))]).toEqual([old, plain(states)]);
      await anew.live.apply(change(4, 6, { ...cell(BASE, { n: 1 }, 'p', { n: 1 }) }));
      expect(await ranked(live)).toEqual(old);
      expect(await anew.replace()).toBe(true);
      await anew.close();

      const now = [
        ['p', 1],
        ['q', 1],
      ];
      expect([await ranked(live), await ranked(tokyo)]).toEqual([now, now]);
      expect((await live.layout()).timeZone).toBe('Asia/Tokyo');
      expect(await live.positions()).toMatchObject([{ partition: 0, position: 6 }]);
      expect(await live.states(['u:1'])).toEqual(new Map());
      expect(await live.published('lists', ['a'])).toEqual(new Map([['a', '[]']]));
      expect(await live.reports(BASE)).toHaveLength(1);
      expect(await tokyo.apply(change(6, 7, { ...cell(BASE, { n: 1 }, 'q', { n: 1 }) }))).toBe(true);
      expect(await ranked(live)).toEqual([['q', 2], now[0]]);
      await Promise.all([live.close(), tokyo.close()]);
    });

    test('keeps ids apart, one step in the place of others', async () => {
      const live = await open('derived');
      const ids = (text: string) => Buffer.from(`${text}\u0000 \n`);
      const step = (from: number, to: number, derived: { from: number; since: number; text: string }) => {
        const { text, ...rest } = derived;
        const advance = { partition: 0, from, to, watermark: 0, derived: { ...rest, ids: ids(text) } };
        return change(from, to, { advances: [advance] });
      };
      const kept = async (store: LiveStore) =>
        (await store.derived(0)).map(({ from, to, ids: bytes }) => [from, to, Buffer.from(bytes)]);
      expect(await live.apply(step(0, 5, { from: 0, since: -1, text: 'a' }))).toBe(true);
      expect(await live.apply(step(5, 9, { from: 5, since: -1, text: 'b' }))).toBe(true);
      expect(await live.apply(step(9, 12, { from: 5, since: -1, text: 'bc' }))).toBe(true);
      expect(await live.apply(change(12, 20))).toBe(true);
      expect(await live.apply(step(12, 22, { from: 12, since: 12, text: 'no' }))).toBe(false);
      expect(await kept(live)).toEqual([
        [0, 5, ids('a')],
        [5, 12, ids('bc')],
      ]);
      expect(await live.apply(step(20, 30, { from: 20, since: 5, text: 'd' }))).toBe(true);
      const last = [
        [5, 12, ids('bc')],
        [20, 30, ids('d')],
      ];
      expect(await kept(live)).toEqual(last);
      expect(await live.derived(1)).toEqual([]);
      const anew = await live.rebuild();
      expect(await kept(anew.live)).toEqual([]);
      await anew.live.apply(step(0, 30, { from: 0, since: -1, text: 'e' }));
      expect(await anew.replace()).toBe(true);
      await anew.close();
      expect(await kept(live)).toEqual([[0, 30, ids('e')]]);
      await live.close();
    });

    test('keeps the ids that steps leave, until a later one lets them go', async () => {
      const live = await open('seen');
      const ids = (from: number) => Uint8Array.of(from, 0, 10, 32, 195, 255);
      const step = (from: number, to: number, since: number, partition = 0) => {
        const seen = { ids: ids(from), since };
        return change(from, to, { advances: [{ partition, from, to, watermark: 0, seen }] });
      };
      const kept = async (store: LiveStore, partition = 0) =>
        (await store.seen(partition)).map(({ from, to, ids: bytes }) => {
          expect([...bytes]).toEqual([...ids(from)]);
          return [from, to];
        });
      const cells = () => cell(BASE, { n: 1 });
      for (const [from, to] of [
        [0, 5],
        [5, 9],
        [9, 12],
      ] as const) {
        expect(await live.apply({ ...step(from, to, to - 10), ...cells() })).toBe(true);
      }
      expect(await live.apply(step(9, 30, 29))).toBe(false);
      expect(await live.apply(step(0, 8, -2, 1))).toBe(true);
      expect(await kept(live)).toEqual([
        [0, 5],
        [5, 9],
        [9, 12],
      ]);
      expect(await kept(live, 2)).toEqual([]);
      expect(await live.apply(step(12, 15, 5))).toBe(true);
      expect(await kept(live)).toEqual([
        [5, 9],
        [9, 12],
        [12, 15],
      ]);
      expect(await live.apply(change(15, 16))).toBe(true);

      const anew = await live.rebuild();
      expect(await kept(anew.live)).toEqual([]);
      for (const [from, to] of [
        [0, 11],
        [11, 20],
      ] as const)
        await anew.live.apply(step(from, to, to - 10));
      expect(await kept(live)).toEqual([
        [5, 9],
        [9, 12],
        [12, 15],
      ]);
      expect(await anew.replace(true)).toBe(true);
      await anew.close();
      expect([await kept(live), await kept(live, 1)]).toEqual([
        [
          [0, 11],
          [11, 20],
        ],
        [],
      ]);
      await live.close();
    });

    test('refuses what was computed from numbers that a rebuild has replaced, though it is as far', async () => {
      const [live, other] = [await open('generation'), await open('generation')];
      const before = await live.generation();
      expect(before).toBe('');
      const of = (generation: string, from: number) =>
        change(from, from + 1, { generation, ...cell(BASE, { n: 1 }), states: statesOf({ 'u:1': 'x' }) });
      expect(await live.apply(of(before, 0))).toBe(true);
      const names = new Set([before]);
      for (let rebuilds = 1; rebuilds <= 2; rebuilds += 1) {
        const old = await live.generation();
        const anew = await other.rebuild();
        for (let i = 0; i < rebuilds; i += 1)
          expect(await anew.live.apply(of(await anew.live.generation(), i))).toBe(true);
        expect(await live.generation()).toBe(old);
        expect(await anew.replace()).toBe(true);
        await anew.close();
        const name = await live.generation();
        expect(await other.generation()).toBe(name);
        names.add(name);
        for (const outdated of names) {
          if (outdated !== name) expect(await live.apply(of(outdated, rebuilds))).toBe(false);
        }
        expect(await live.positions()).toMatchObject([{ partition: 0, position: rebuilds }]);
        expect(await live.apply(of(name, rebuilds))).toBe(true);
      }
      expect(names.size).toBe(3);
      const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }] });
      expect(tallies[0]!.totals.get('n')).toBe(3);
      await Promise.all([live.close(), other.close()]);
    });

    test('a rebuild that was left half-way changes nothing, and is not found by the next one', async () => {
      const live = await open('left');
      await live.apply(change(0, 5, { ...cell(BASE, { n: 3 }, 'p', { n: 3 }) }));
      const other = await open('left');
      const left = await other.rebuild();
      await left.live.apply(change(0, 9, { ...cell(BASE, { n: 1 }, 'q', { n: 1 }) }));
      await left.live.close();
      const anew = await live.rebuild();
      expect(await anew.live.positions()).toEqual([]);
      expect(await anew.replace()).toBe(false);
      await anew.live.apply(change(0, 2, { ...cell(BASE, { n: 7 }, 'r', { n: 7 }) }));
      expect(await anew.replace()).toBe(false);
      expect(await ranked(live)).toEqual([['p', 3]]);
      expect(await anew.replace(true)).toBe(true);
      await anew.close();
      expect(await ranked(live)).toEqual([['r', 7]]);
      await Promise.all([live.close(), other.close()]);
    });

    /** Empties a store, as one does that is counted anew from an empty log. */
    async function empty(store: LiveStore): Promise<void> {
      const anew = await store.rebuild();
      await anew.replace(true);
      await anew.close();
    }

    test('remembers nothing that is not so any more, after another one has emptied it', async () => {
      const [live, other] = [await open('remembers'), await open('remembers')];
      const count = (store: LiveStore, partition: number, products: readonly string[]) => {
        const deltas = deltasOf(
          products.map((key) => ({ time: BASE, dimension: 'product', key, counters: { n: 1 } })),
        );
        const advances = [{ partition, from: 0, to: 1, watermark: BASE }];
        return store.apply({ ...change(0, 0, deltas), advances });
      };
      const counted = async (store: LiveStore) => {
        const rankings = [{ dimension: 'product' as const, columns: ['n'], limit: 9 }];
        const { tallies } = await store.snapshot({ tallies: [{ ranges: 'all', rankings }] });
        return Object.fromEntries(
          tallies[0]!.rankings[0]!.entries.map(({ key, counters }) => [key, counters.get('n')]),
        );
      };
      expect(await count(live, 0, ['p', 'q'])).toBe(true);
      expect(await counted(live)).toEqual({ p: 1, q: 1 });
      await empty(other);
      expect(await count(other, 0, ['z', 'q'])).toBe(true);
      expect(await count(live, 1, ['p', 'q', 'r'])).toBe(true);
      const expected = { p: 1, q: 2, r: 1, z: 1 };
      expect([await counted(live), await counted(other)]).toEqual([expected, expected]);
      await Promise.all([live.close(), other.close()]);
    });

    test('answers several who ask at once, and while it changes, each as of one moment', async () => {
      const [live, other] = [await open('at-once'), await open('at-once')];
      const ask = async (store: LiveStore): Promise<number[]> => {
        const { positions, tallies } = await store.snapshot({ tallies: [{ ranges: 'all' }] });
        return [positions[0]?.position ?? 0, Number(tallies[0]!.totals.get('n') ?? 0)];
      };
      for (let i = 0; i < 80; i += 1) {
        const asked = [ask(live), ask(other), ask(live), ask(other)];
        const deltas = cell(BASE + i * 10_000, { n: 1 }, `p${i}`, { n: 1 });
        const [done] = await Promise.all([live.apply(change(i, i + 1, deltas)), ask(live), ask(live)]);
        expect(done).toBe(true);
        for (const [position, n] of await Promise.all(asked)) expect(n).toBe(position);
      }
      await Promise.all([live.close(), other.close()]);
    });

    test('counts the keys that come after a dimension is full together', async () => {
      const live = await open('full');
      const most = maxKeys('country');
      const keys = Array.from({ length: most + 3 }, (_, i) => `c${i}`);
      const deltas = deltasOf(
        keys.map((key) => ({ time: BASE, dimension: 'country', key, counters: { n: 1 } })),
      );
      await live.apply(change(0, 1, deltas));
      const rankings = [{ dimension: 'country', columns: ['n'], limit: 2 }];
      const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all', rankings }] });
      const [ranked] = tallies[0]!.rankings;
      expect(ranked!.entries.map(({ key }) => key)).toEqual(['c0', 'c1']);
      expect(ranked!.entries.some(({ key }) => key === OTHER_KEY)).toBe(false);
      expect(ranked!.total).toEqual(new Map([['n', most + 3]]));
      expect(ranked!.keys).toBe(most + 1);
      await live.close();
    });

    test('answers any range as a plain sum would', async () => {
      let run = 0;
      // The clock goes forward in the night to 29 March.
      const layout = { ...LAYOUT, timeZone: 'Europe/Berlin' };
      const zone = timeZone(layout.timeZone);
      const first = Date.UTC(2026, 2, 27, 23);
      const hits = fc.array(
        fc.record({
          at: fc.integer({ min: 0, max: 3 * 86_400 }),
          n: fc.integer({ min: -5, max: 9 }),
          product: fc.constantFrom('p', 'q', '__proto__', 'constructor'),
        }),
        { maxLength: 90 },
      );
      const edges = fc.tuple(fc.integer({ min: 0, max: 26_000 }), fc.integer({ min: 0, max: 26_000 }));
      await fc.assert(
        fc.asyncProperty(hits, edges, async (list, [a, b]) => {
          const live = await open(`ranges-${run++}`, layout);
          for (const [i, { at, n, product }] of list.entries()) {
            await live.apply(
              change(i, i + 1, { ...cell(first + at * 1000, { n }, product, { n: Math.abs(n) }) }),
            );
          }
          const [from, to] = [first + Math.min(a, b) * 10_000, first + Math.max(a, b) * 10_000];
          const inside = list.filter(({ at }) => first + at * 1000 >= from && first + at * 1000 < to);
          const rankings = [{ dimension: 'product' as const, columns: ['n'], limit: 9 }];
          const { tallies, series } = await live.snapshot({
            tallies: [{ ranges: coverRange(from, to, '10s', zone), rankings }],
            series: (['1h', '1d'] as const).map((level) => ({
              level,
              from: first,
              to: Number.POSITIVE_INFINITY,
            })),
          });
          const total = inside.reduce((sum, { n }) => sum + n, 0);
          expect(tallies[0]!.totals.get('n') ?? 0).toBe(total);
          const byProduct = new Map<string, number>();
          for (const { product, n } of inside)
            byProduct.set(product, (byProduct.get(product) ?? 0) + Math.abs(n));
          const expected = [...byProduct]
            .filter(([, n]) => n > 0)
            .sort(([x, m], [y, n]) => n - m || (x < y ? -1 : 1));
          expect(
            tallies[0]!.rankings[0]!.entries.map(({ key, counters }) => [key, counters.get('n')]),
          ).toEqual(expected);
          for (const [i, level] of (['1h', '1d'] as const).entries()) {
            const cells = new Map<number, number>();
            for (const { at, n } of list) {
              const start = levelStart(level, first + at * 1000, zone);
              cells.set(start, (cells.get(start) ?? 0) + n);
            }
            const told = series[i]!;
            for (const { start, totals } of told) expect(totals.get('n') ?? 0).toBe(cells.get(start));
            for (const [start, n] of cells)
              if (n !== 0) expect(told.some((point) => point.start === start)).toBe(true);
          }
          await live.close();
        }),
        { numRuns: 25 },
      );
    });
  });
}
