import { expect, test } from 'vitest';
import { PREFIXES } from '../../src/pipeline/metrics/columns.ts';
import { fileShop } from '../support/file-shop.ts';
import { openStores } from '../support/stores.ts';

const at = (day: number) => `2026-01-0${day}T10:00:00Z`;
const line = (orderId: string, day: number, price: number, currency?: string) => ({
  ...{ type: 'purchase', time: at(day), userId: 'u', orderId, partial: true, currency },
  items: [{ productId: `${orderId}${price}`, price }],
});
const SINGLE = [line('a', 5, 10), line('a', 5, 5, 'EUR')];
const TWO = [line('a', 5, 10), line('b', 6, 20, 'USD'), line('a', 5, 5, 'EUR')];

function orders<T>(list: readonly T[]): T[][] {
  return list.length < 2
    ? [[...list]]
    : list.flatMap((one, i) => orders(list.toSpliced(i, 1)).map((rest) => [one, ...rest]));
}

test.each([
  ['one order', SINGLE, [15, 0]],
  ['two orders', TWO, [15, 20]],
])('lifetime value of %s is by currency, in any order of arrival', async (_, events, expected) => {
  for (const list of orders(events)) {
    const shop = fileShop();
    for (const [i, event] of list.entries()) await shop.readText(`${i}.jsonl`, `${JSON.stringify(event)}\n`);
    const { live, close } = await openStores(shop.config);
    const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }], series: [] });
    await close();
    const { totals } = tallies[0]!;
    const lifetime = ['EUR', 'USD'].map((code) => Number(totals.get(PREFIXES.lifetime + code) ?? 0) / 10_000);
    const said = list.map(({ orderId, currency }) => `${orderId} ${currency ?? 'unsaid'}`);
    expect([said, lifetime]).toEqual([said, expected]);
  }
});
