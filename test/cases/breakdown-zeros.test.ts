import { expect, test } from 'vitest';
import { newShop } from '../support/counted.ts';
import { file } from '../support/file.ts';

const event = (n: number, country: string, type = 'view_item') => ({
  ...{ type, time: `2026-01-05T10:00:0${n}Z`, userId: `u${n}`, properties: { country } },
  ...{ items: [{ productId: 'A', price: 2 }], orderId: type === 'purchase' ? `o${n}` : undefined },
});
const EVENTS = [
  event(1, 'DE', 'purchase'),
  event(2, 'AT', 'page_view'),
  event(3, 'FR'),
  event(4, 'FR'),
  event(5, 'IT', 'page_view'),
  event(6, 'FR'),
];

test('values that nobody bought anything of are rows, and what is not listed is counted', async () => {
  const shop = newShop();
  await shop.ingest(file(...EVENTS));
  const { breakdown } = await shop.stats({ by: 'country', limit: 10 });
  const values = breakdown!.rows.map(({ value, events, revenue }) => [value, events, revenue]);
  expect(values).toEqual([
    ['DE', 1, '2.00'],
    ['FR', 3, '0.00'],
    ['AT', 1, '0.00'],
    ['IT', 1, '0.00'],
  ]);
  expect(breakdown!.other.values).toBe(0);
  const short = (await shop.stats({ by: 'country', limit: 2 })).breakdown!;
  expect(short.rows.map(({ value }) => value)).toEqual(['DE', 'FR']);
  expect(short.other).toMatchObject({ values: 2, events: 2 });
  const sorted = (await shop.stats({ by: 'country', limit: 10, sort: 'views' })).breakdown!;
  expect(sorted.rows.map(({ value }) => value)).toEqual(['FR', 'DE', 'AT', 'IT']);
});

test('a condition on what no event has is refused', async () => {
  const shop = newShop();
  await shop.ingest(file(...EVENTS));
  await expect(shop.stats({ where: ['contry=DE'] })).rejects.toMatchObject({ code: 'USAGE' });
});
