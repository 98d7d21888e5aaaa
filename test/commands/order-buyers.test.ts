import { expect, test } from 'vitest';
import { COLUMNS, PREFIXES } from '../../src/pipeline/metrics/columns.ts';
import { fileShop } from '../support/file-shop.ts';
import { openStores } from '../support/stores.ts';

interface Said {
  readonly day: number;
  readonly orderId: string;
  readonly userId?: string;
  readonly revenue: number;
  readonly status?: string;
}

const purchase = ({ day, ...said }: Said) => ({
  ...{ type: 'purchase', time: `2026-01-0${day}T10:00:00Z`, currency: 'EUR' },
  ...said,
});

function orders<T>(list: readonly T[]): T[][] {
  return list.length < 2
    ? [[...list]]
    : list.flatMap((one, i) => orders(list.toSpliced(i, 1)).map((rest) => [one, ...rest]));
}

/** Buyers of all cohorts and what they have spent, once each line came in a file of its own. */
async function buyersOf(lines: readonly Said[]): Promise<number[]> {
  const shop = fileShop();
  for (const [i, line] of lines.entries())
    await shop.readText(`${i}.jsonl`, `${JSON.stringify(purchase(line))}\n`);
  const { live, close } = await openStores(shop.config);
  const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }], series: [] });
  await close();
  const { totals } = tallies[0]!;
  return [COLUMNS.cohortBuyers, `${PREFIXES.lifetime}EUR`].map((column) => Number(totals.get(column) ?? 0));
}

const WEB = { day: 5, orderId: 'o1', userId: 'web-1', revenue: 10 };

test('an order is taken back from whoever it was counted for, whoever says so', async () => {
  const lines: Said[] = [
    WEB,
    { ...WEB, userId: 'crm-1', status: 'cancelled' },
    { day: 6, orderId: 'o2', userId: 'crm-1', revenue: 20 },
  ];
  for (const list of orders(lines)) {
    const said = list.map(({ userId, status }) => [userId, status]);
    expect([said, await buyersOf(list)]).toEqual([said, [1, 200_000]]);
  }
});

test.each([
  ['cancelled', 'paid', [0, 0]],
  ['paid', 'pending', [1, 100_000]],
])('%s is known of a whole order, though who says so names nobody', async (then, first, expected) => {
  const { userId: _, ...nobody } = WEB;
  expect(
    await buyersOf([
      { ...WEB, status: first },
      { ...nobody, status: then },
    ]),
  ).toEqual(expected);
  expect(
    await buyersOf([
      { ...nobody, status: then },
      { ...WEB, status: first },
    ]),
  ).toEqual(expected);
});
