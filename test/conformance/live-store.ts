import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Count } from '../../src/pipeline/events/money.ts';
import { cellStart, coverRange, createTally, LEVELS } from '../../src/pipeline/live-store/cells.ts';
import { type LiveChange, type LiveStore } from '../../src/pipeline/live-store/live-store.ts';

export type OpenLive = (name: string) => Promise<LiveStore>;

const BASE = Date.UTC(2026, 0, 5);

function change(from: number, to: number, parts: Partial<LiveChange> = {}): LiveChange {
  const advances = [{ partition: 0, from, to, watermark: BASE + to }];
  return { advances, cells: new Map(), claims: [], states: new Map(), products: new Map(), ...parts };
}

/** One 10-second cell with some counters of totals and of one product. */
function cell(
  time: number,
  totals: Record<string, Count>,
  product?: string,
  counters: Record<string, Count> = {},
) {
  const tally = createTally();
  for (const [column, value] of Object.entries(totals)) tally.totals.set(column, value);
  if (product !== undefined) tally.breakdowns.get('product')!.set(product, new Map(Object.entries(counters)));
  return new Map([[cellStart(time, LEVELS['10s']), tally]]);
}

/** What every live store must do. */
export function describeLiveStore(name: string, open: OpenLive): void {
  describe(`live store: ${name}`, () => {
    test('applies a change once and refuses it when it comes again', async () => {
      const live = await open('once');
      const first = change(0, 5, { cells: cell(BASE, { n: 1 }), states: new Map([['u:1', 'x']]) });
      expect(await live.apply(first)).toBe(true);
      expect(await live.apply(first)).toBe(false);
      expect(await live.apply(change(4, 6))).toBe(false);
      expect(await live.positions()).toEqual([{ partition: 0, position: 5, watermark: BASE + 5 }]);
      const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }] });
      expect(tallies[0]!.totals).toEqual(new Map([['n', 1]]));
      expect(await live.apply(change(5, 6, { cells: cell(BASE, { n: 2 }) }))).toBe(true);
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
      expect(await live.apply({ ...change(0, 0, { states: new Map([['k', 'v']]) }), advances })).toBe(false);
      expect((await live.positions()).map(({ position }) => position)).toEqual([5]);
      expect(await live.states(['k'])).toEqual(new Map());
      await live.close();
    });

    test('refuses a change whose claim is taken', async () => {
      const live = await open('claims');
      const states = new Map([['o:1', '']]);
      expect(await live.apply(change(0, 1, { claims: ['o:1'], states }))).toBe(true);
      expect(await live.apply(change(1, 2, { claims: ['o:1'], states }))).toBe(false);
      expect(await live.apply(change(1, 2, { states }))).toBe(true);
      await live.close();
    });

    test('lets one of several appliers win', async () => {
      const stores = await Promise.all([open('race'), open('race'), open('race')]);
      let applied = 0;
      for (let position = 0; position < 20; position += 1) {
        const results = await Promise.all(
          stores.map((live) => live.apply(change(position, position + 1, { cells: cell(BASE, { n: 1 }) }))),
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
      await live.apply(
        change(0, 1, {
          states: new Map([
            ['a', '1'],
            ['b', ''],
          ]),
        }),
      );
      await live.apply(change(1, 2, { states: new Map([['a', '2']]) }));
      expect(await live.states(['a', 'b', 'c'])).toEqual(
        new Map([
          ['a', '2'],
          ['b', ''],
        ]),
      );
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
        await live.apply(
          change(i, i + 1, { cells: cell(BASE + i * 60_000, { g: amount }, 'p', { g: amount }) }),
        );
      }
      for (let i = amounts.length; i < 40; i += 1)
        await live.apply(change(i, i + 1, { cells: cell(BASE, { n: 1 }, 'p', { g: 1 }) }));
      const ranking = { dimension: 'product' as const, column: 'g', limit: 1 };
      const ranges = coverRange(BASE, Number.POSITIVE_INFINITY, '10s');
      const { tallies } = await live.snapshot({
        tallies: [
          { ranges: 'all', rankings: [ranking] },
          { ranges, rankings: [ranking] },
        ],
      });
      const sum = amounts.reduce<bigint>((total, amount) => total + BigInt(amount), 0n);
      for (const { totals, rankings } of tallies) {
        expect(totals.get('g')).toBe(sum);
        expect(rankings[0]![0]!.counters.get('g')).toBe(sum + 35n);
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
        await live.apply(change(i, i + 1, { cells: cell(BASE, {}, product, { v, w: 1 }) }));
      }
      const rank = async (limit: number) => {
        const rankings = [{ dimension: 'product' as const, column: 'v', limit }];
        const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all', rankings }] });
        return tallies[0]!.rankings[0]!.map(({ key }) => key);
      };
      expect(await rank(2)).toEqual(['c', 'a']);
      expect(await rank(9)).toEqual(['c', 'a', 'b', 'd']);
      await live.close();
    });

    test('answers any range as a plain sum would', async () => {
      let run = 0;
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
          const live = await open(`ranges-${run++}`);
          for (const [i, { at, n, product }] of list.entries()) {
            await live.apply(
              change(i, i + 1, { cells: cell(BASE + at * 1000, { n }, product, { n: Math.abs(n) }) }),
            );
          }
          const [from, to] = [BASE + Math.min(a, b) * 10_000, BASE + Math.max(a, b) * 10_000];
          const inside = list.filter(({ at }) => BASE + at * 1000 >= from && BASE + at * 1000 < to);
          const rankings = [{ dimension: 'product' as const, column: 'n', limit: 9 }];
          const { tallies, series } = await live.snapshot({
            tallies: [{ ranges: coverRange(from, to, '10s'), rankings }],
            series: { level: '1h', from: BASE, to: Number.POSITIVE_INFINITY },
          });
          const total = inside.reduce((sum, { n }) => sum + n, 0);
          expect(tallies[0]!.totals.get('n') ?? 0).toBe(total);
          const byProduct = new Map<string, number>();
          for (const { product, n } of inside)
            byProduct.set(product, (byProduct.get(product) ?? 0) + Math.abs(n));
          const expected = [...byProduct]
            .filter(([, n]) => n > 0)
            .sort(([x, m], [y, n]) => n - m || (x < y ? -1 : 1));
          expect(tallies[0]!.rankings[0]!.map(({ key, counters }) => [key, counters.get('n')])).toEqual(
            expected,
          );
          const hours = new Map<number, number>();
          for (const { at, n } of list) {
            const hour = cellStart(BASE + at * 1000, LEVELS['1h']);
            hours.set(hour, (hours.get(hour) ?? 0) + n);
          }
          for (const { start, totals } of series) expect(totals.get('n') ?? 0).toBe(hours.get(start));
          for (const [hour, n] of hours)
            if (n !== 0) expect(series.some(({ start }) => start === hour)).toBe(true);
          await live.close();
        }),
        { numRuns: 25 },
      );
    });
  });
}
