import { ITEM_TEXT } from '../events/columns.ts';
import { add, type Count, subtract } from '../events/money.ts';
import { type TimeZone } from '../events/time-zone.ts';
import { BASE_CELL_MS, cellStart } from '../metrics/cells.ts';
import { COLUMNS, FAMILIES, type Family, MOST_HOURS } from '../metrics/column-numbers.ts';
import { buyerClass } from '../metrics/rfm.ts';
import { type DecodedBatch } from './decoded-batch.ts';
import { type Spending } from './facts.ts';
import { beThere, type GapChange, rememberOlder } from './presence.ts';
import { newPurchases, type Purchases, RECENT_PRODUCTS, type ShopperState } from './shopper-state.ts';
import { type Tally } from './tally.ts';

/** How many days after the first one a shopper's return is counted. */
const COHORT_DAYS = 30;
const HOUR_MS = 3_600_000;

/** Counts when shoppers were there and what they bought. */
export interface ShopperCounter {
  /** Counts an event of a shopper. */
  appear(state: ShopperState, time: number): void;
  buy(state: ShopperState, time: number, spent: Spending): void;
  /** Notes what a shopper was interested in. */
  noteProducts(state: ShopperState, batch: DecodedBatch, row: number, bought: boolean): void;
}

export function createShopperCounter(tally: Tally, zone: TimeZone): ShopperCounter {
  /** The shopper's first event, or one that is earlier than what was the first: what is told of the cohort moves there. */
  function beginAt(state: ShopperState, time: number): void {
    const { firstSeen } = state;
    if (firstSeen !== 0) countCohort(state, -1);
    const days = firstSeen === 0 ? 0 : zone.dayOf(firstSeen) - zone.dayOf(time);
    // The days that were counted from another first one; those that are 30 days away by now fall out.
    state.kept = (days > COHORT_DAYS ? 0 : (state.kept << days) & 0x7fff_ffff) | 1;
    state.firstSeen = time;
    countCohort(state, 1);
  }

  /** Counts a shopper in the cohort of the first event, or takes all of it back. */
  function countCohort({ firstSeen, kept, purchases }: ShopperState, amount: 1 | -1): void {
    const bucket = tally.bucketAt(firstSeen);
    for (let day = 0; day <= COHORT_DAYS; day += 1) {
      if (kept & (1 << day)) tally.addTotal(bucket, FAMILIES.kept.at(day), amount);
    }
    if (purchases === undefined) return;
    countSpent(purchases, bucket, amount);
  }

  /** Counts a buyer and what was spent in the cohort, or takes it back. Who has no order that counts is no buyer. */
  function countSpent({ orders, spent }: Purchases, cohort: number, amount: 1 | -1): void {
    if (orders <= 0) return;
    tally.addTotal(cohort, COLUMNS.cohortBuyers, amount);
    for (const [code, sum] of spent)
      tally.addTotal(cohort, FAMILIES.lifetime.of(code), amount > 0 ? sum : subtract(0, sum));
  }

  /** Moves a shopper's mark to the bucket of a newer event. */
  function moveUser(before: number, now: number): void {
    if (before !== 0) {
      if (cellStart(before, BASE_CELL_MS) === cellStart(now, BASE_CELL_MS)) return;
      tally.addTotal(tally.bucketAt(before), COLUMNS.users, -1);
    }
    tally.addTotal(tally.bucketAt(now), COLUMNS.users, 1);
  }

  /** Counts the hour and the day of an event. */
  function countPresence(state: ShopperState, time: number): void {
    const hour = hourOf(time);
    if (hour === state.hours.last) return;
    beThere(state.hours, hour, seenHours);
    const day = zone.dayOf(time);
    if (day === state.days.last) return;
    beThere(state.days, day, seenDays);
    const since = day - zone.dayOf(state.firstSeen);
    if (since > COHORT_DAYS || state.kept & (1 << since)) return;
    state.kept |= 1 << since;
    tally.addTotal(tally.bucketAt(state.firstSeen), FAMILIES.kept.at(since), 1);
  }

  function hourOf(time: number): number {
    return Math.floor(zone.hourStart(time) / HOUR_MS);
  }

  function gapsOf(family: Family, most: number, startOf: (unit: number) => number): GapChange {
    return (unit, before, gap) => {
      const bucket = tally.bucketAt(startOf(unit));
      if (before !== undefined) tally.addTotal(bucket, family.at(Math.min(before, most)), -1);
      tally.addTotal(bucket, family.at(Math.min(gap, most)), 1);
    };
  }
  const hourStart = (hour: number): number => zone.hourStart(hour * HOUR_MS + HOUR_MS - 1);
  const seenHours = gapsOf(FAMILIES.seenHours, MOST_HOURS, hourStart);
  const boughtHours = gapsOf(FAMILIES.boughtHours, MOST_HOURS, hourStart);
  const seenDays = gapsOf(FAMILIES.seenDays, Number.POSITIVE_INFINITY, zone.dayStart);
  const boughtDays = gapsOf(FAMILIES.boughtDays, Number.POSITIVE_INFINITY, zone.dayStart);

  function countBuyer({ last, orders, spent }: Purchases, amount: number): void {
    if (orders <= 0) return;
    tally.addTotal(tally.bucketAt(last), FAMILIES.buyer.of(buyerClass(orders, spent.values())), amount);
  }

  function spend({ spent }: Purchases, code: string, amount: Count): void {
    const sum = add(spent.get(code) ?? 0, amount);
    if (sum === 0) spent.delete(code);
    else spent.set(code, sum);
  }

  return {
    appear(state, time) {
      if (state.firstSeen === 0 || time < state.firstSeen) beginAt(state, time);
      if (time > state.lastSeen) {
        moveUser(state.lastSeen, time);
        state.lastSeen = time;
      }
      countPresence(state, time);
    },
    buy(state, time, { orders, amount, code, others = [], corrects }) {
      const bought = corrects !== true || orders > 0;
      if (state.purchases === undefined) {
        state.purchases = newPurchases();
        if (state.joined !== undefined) {
          rememberOlder(state.purchases.hours);
          rememberOlder(state.purchases.days);
        }
      }
      const { purchases } = state;
      const cohort = tally.bucketAt(state.firstSeen);
      countBuyer(purchases, -1);
      countSpent(purchases, cohort, -1);
      purchases.orders += orders;
      if (bought) purchases.last = Math.max(purchases.last, time);
      spend(purchases, code, amount);
      for (const [of, more] of others) spend(purchases, of, more);
      countSpent(purchases, cohort, 1);
      countBuyer(purchases, 1);
      const hour = hourOf(time);
      if (!bought || hour === purchases.hours.last) return;
      beThere(purchases.hours, hour, boughtHours);
      beThere(purchases.days, zone.dayOf(time), boughtDays);
    },
    noteProducts(state, { columns }, row, bought) {
      const type = columns.type(row);
      if (type !== 'view_item' && type !== 'add_to_cart' && type !== 'purchase') return;
      const first = columns.firstItem(row);
      const most = Math.min(columns.items(row), RECENT_PRODUCTS);
      for (let item = first; item < first + most; item += 1) {
        const place = columns.itemPlace(item, ITEM_TEXT.productId);
        const [bytes, start] = [columns.bytesAt(place), columns.offsetOf(place)];
        const size = columns.itemSize(item, ITEM_TEXT.productId);
        state.recent.note(bytes, start, size);
        if (bought) state.bought.note(bytes, start, size);
      }
    },
  };
}
