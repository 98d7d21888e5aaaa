import { type EventColumns, ITEM_TEXT } from '../events/columns.ts';
import { type Count } from '../events/money.ts';
import { type ProductInfo } from '../live-store/live-store.ts';
import { COLUMNS } from '../metrics/column-numbers.ts';
import { type DecodedBatch } from './decoded-batch.ts';
import { type EventKeys, NO_KEY } from './event-keys.ts';
import { BRAND, CATEGORY, PRODUCT, type Tally } from './tally.ts';

/** Counts for products, their categories and their brands. */
export interface ItemCounter {
  /** Begins with a micro-batch. */
  begin(): void;
  /** Takes an item into the hand. */
  take(columns: EventColumns, item: number): void;
  /** Counts for the product, category and brand of the item in hand, and for what its event is broken down by. */
  count(row: number, bucket: number, column: number, amount: Count): void;
  /** Counts for its product only. */
  countProduct(bucket: number, column: number, amount: Count): void;
  /** Counts what is viewed or put into the cart, and notes what is said of products. */
  countItems(batch: DecodedBatch, row: number, bucket: number): void;
  /** What was said of products, by product id. */
  products(): Map<string, ProductInfo>;
}

export function createItemCounter(tally: Tally, keys: EventKeys): ItemCounter {
  // Of the item in hand.
  let [product, category, brand] = [NO_KEY, NO_KEY, NO_KEY];
  const notes = new Map<number, ProductNote>();

  function keyOf(columns: EventColumns, item: number, field: 0 | 2 | 3, slot: number): number {
    if (!columns.itemHas(item, field)) return NO_KEY;
    return tally.keyAt(slot, columns, columns.itemPlace(item, field), columns.itemSize(item, field));
  }
  function take(columns: EventColumns, item: number): void {
    product = keyOf(columns, item, ITEM_TEXT.productId, PRODUCT);
    category = keyOf(columns, item, ITEM_TEXT.category, CATEGORY);
    brand = keyOf(columns, item, ITEM_TEXT.brand, BRAND);
  }
  function count(row: number, bucket: number, column: number, amount: Count): void {
    tally.add(bucket, PRODUCT, product, column, amount);
    if (category !== NO_KEY) tally.add(bucket, CATEGORY, category, column, amount);
    if (brand !== NO_KEY) tally.add(bucket, BRAND, brand, column, amount);
    keys.count(row, bucket, column, amount);
  }
  function note(columns: EventColumns, item: number, time: number): void {
    const hasName = columns.itemHas(item, ITEM_TEXT.name);
    const hasPrice = columns.price(item) !== undefined;
    if (!hasName && !hasPrice && category === NO_KEY && brand === NO_KEY) return;
    let known = notes.get(product);
    if (known === undefined) {
      known = new ProductNote(time);
      notes.set(product, known);
    } else if (time < known.time) return;
    known.time = time;
    if (hasName) {
      known.named = columns;
      known.name = item;
    }
    if (hasPrice) known.price = columns.price(item);
    if (category !== NO_KEY) known.category = category;
    if (brand !== NO_KEY) known.brand = brand;
  }
  function textOf(slot: number, key: number): string | undefined {
    return key === NO_KEY ? undefined : tally.textOf(slot, key);
  }

  return {
    begin() {
      notes.clear();
    },
    take,
    count,
    countProduct(bucket, column, amount) {
      tally.add(bucket, PRODUCT, product, column, amount);
    },
    countItems({ columns }, row, bucket) {
      const type = columns.type(row);
      const column =
        type === 'view_item' ? COLUMNS.views : type === 'add_to_cart' ? COLUMNS.carts : undefined;
      const first = columns.firstItem(row);
      for (let item = first; item < first + columns.items(row); item += 1) {
        take(columns, item);
        note(columns, item, columns.time(row));
        if (column !== undefined) count(row, bucket, column, 1);
      }
    },
    products() {
      return new Map(
        [...notes].map(([key, { time, named, name, category: of, brand: by, price }]) => [
          tally.textOf(PRODUCT, key),
          {
            time,
            name: named?.itemText(name, ITEM_TEXT.name),
            category: textOf(CATEGORY, of),
            brand: textOf(BRAND, by),
            price,
          },
        ]),
      );
    },
  };
}

/** The newest that is said of a product. */
class ProductNote {
  time: number;
  /** The item that has its name, and what that lies in: most names are never asked for. */
  named: EventColumns | undefined = undefined;
  name = 0;
  category = NO_KEY;
  brand = NO_KEY;
  price: number | undefined = undefined;

  constructor(time: number) {
    this.time = time;
  }
}
