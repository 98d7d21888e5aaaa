import { ITEM_TEXT, TEXT } from '../events/columns.ts';
import { multiply } from '../events/money.ts';
import { COLUMNS, FAMILIES } from '../metrics/column-numbers.ts';
import { type Spent } from './count-orders.ts';
import { type DecodedBatch } from './decoded-batch.ts';
import { type EventKeys, NO_KEY } from './event-keys.ts';
import { creditedArm, type Exposure, newExposure, noteClick, noteList, reactionOf } from './exposure.ts';
import { addOrderArm } from './order-state.ts';
import { type ShopperState } from './shopper-state.ts';
import { RECOMMENDER_SLOT, type Tally } from './tally.ts';

/** Counts what shoppers do with lists of recommendations. */
export interface RecommendationCounter {
  /** Counts a list as shown or clicked once. Of an event of nobody each one counts, because nobody remembers it. */
  countReaction(batch: DecodedBatch, row: number, bucket: number, state: ShopperState | undefined): void;
  /** Puts lines of an order down to what recommended the product. */
  credit(batch: DecodedBatch, row: number, bucket: number, exposure: Exposure, spent: Spent): void;
}

export function createRecommendationCounter(tally: Tally, keys: EventKeys): RecommendationCounter {
  function count(bucket: number, arm: string, column: number, amount: number | bigint): void {
    tally.add(bucket, RECOMMENDER_SLOT, tally.keyOf(RECOMMENDER_SLOT, arm), column, amount);
  }

  return {
    countReaction({ columns }, row, bucket, state) {
      const made = keys.key(row, 0);
      if (made === NO_KEY) return;
      const reaction = reactionOf(columns.type(row), columns.items(row));
      if (reaction === undefined) return;
      const arm = keys.textOf(0, made);
      const column = reaction === 'shown' ? COLUMNS.impressions : COLUMNS.clicks;
      if (state === undefined) {
        count(bucket, arm, column, 1);
        return;
      }
      state.exposure ??= newExposure();
      if (noteList(state.exposure, columns.text(row, TEXT.list)!, reaction)) count(bucket, arm, column, 1);
      if (reaction === 'shown') return;
      const first = columns.firstItem(row);
      for (let item = first; item < first + columns.items(row); item += 1) {
        const productId = columns.itemText(item, ITEM_TEXT.productId)!;
        noteClick(state.exposure, { productId, arm, time: columns.time(row) });
      }
    },
    credit({ columns }, row, bucket, exposure, { order, code }) {
      // A purchase that says itself which list it belongs to is counted there.
      if (keys.key(row, 0) !== NO_KEY) return;
      const arms = new Set<string>();
      const own = columns.text(row, TEXT.currency);
      const first = columns.firstItem(row);
      for (let item = first; item < first + columns.items(row); item += 1) {
        const productId = columns.itemText(item, ITEM_TEXT.productId)!;
        const arm = creditedArm(exposure, productId, columns.time(row));
        if (arm === undefined) continue;
        arms.add(arm);
        const [price, quantity] = [columns.price(item), columns.quantity(item)];
        const amount = columns.total(item) ?? (price === undefined ? undefined : multiply(price, quantity));
        if (addOrderArm(order, arm)) count(bucket, arm, COLUMNS.orders, 1);
        count(bucket, arm, COLUMNS.units, quantity);
        if (amount !== undefined) count(bucket, arm, FAMILIES.gross.of(own ?? code), amount);
      }
      for (const arm of arms) count(bucket, arm, COLUMNS.events, 1);
    },
  };
}
