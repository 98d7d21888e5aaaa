import { type EventColumns, ITEM_TEXT, TEXT } from '../events/columns.ts';
import { multiply } from '../events/money.ts';
import { type EventKeys } from './event-keys.ts';
import { type OrderItem, type OrderPart } from './order-state.ts';

/** What a row says of an order. */
export function partOf(columns: EventColumns, row: number, keys: EventKeys): OrderPart {
  const first = columns.firstItem(row);
  const items: OrderItem[] = [];
  for (let item = first; item < first + columns.items(row); item += 1) {
    const [price, quantity] = [columns.price(item), columns.quantity(item)];
    items.push({
      product: columns.itemText(item, ITEM_TEXT.productId)!,
      category: columns.itemText(item, ITEM_TEXT.category),
      brand: columns.itemText(item, ITEM_TEXT.brand),
      quantity,
      amount: columns.total(item) ?? (price === undefined ? undefined : multiply(price, quantity)),
    });
  }
  return {
    time: columns.time(row),
    currency: columns.text(row, TEXT.currency),
    values: keys.textsOf(row),
    facts: columns.orderFacts(row),
    items,
  };
}
