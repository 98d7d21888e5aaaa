import {
  BadRow,
  firstOf,
  type JsonFormat,
  list,
  noId,
  type Outcome,
  object,
  type RawEvent,
  readEach,
  sharedFaultIn,
  units,
} from './format.ts';
import { KeptProperties } from './kept.ts';
import { magentoStatus } from './magento-status.ts';
import { type Fields, idOf, isAmount, ordersOf, refundedSoFar, statusFault, withoutSign } from './orders.ts';
import { plainAmount } from './plain-amount.ts';

/**
 * Orders of Magento's (Adobe Commerce's) REST API, an order a line or the `items` of a search. Times are UTC.
 * Source: https://developer.adobe.com/commerce/webapi/rest/ (`GET /V1/orders`)
 */
export const magento: JsonFormat = {
  name: 'magento',
  layout: 'json',
  recognises: (value) => all(value).some((order) => 'increment_id' in order && Array.isArray(order.items)),
  read: (value) => readEach(all(value), readOrder),
};

/** An order has items as well. */
function all(value: unknown): readonly Fields[] {
  return 'increment_id' in object(value) ? [object(value)] : ordersOf(value, ['items', 'orders']);
}

function readOrder(value: unknown): readonly Outcome[] {
  const order = object(value);
  const { increment_id: id, created_at, updated_at } = order;
  const common: RawEvent = {
    type: 'purchase',
    time: created_at,
    userId: firstOf(order.customer_id, order.customer_email),
    orderId: firstOf(id, order.entity_id),
    currency: firstOf(order.order_currency_code, order.base_currency_code),
  };
  // Invoices, credit memos and shipments have a number and items too.
  if ('order_id' in order) return [new BadRow('not a shop event', 'it belongs to an order, and is none')];
  const fault = statusFault(order, 'state', 'status') ?? sharedFaultIn(common as Fields);
  if (fault !== undefined) return [fault];
  const address = object(order.billing_address);
  const kept = new KeptProperties();
  kept.add('country', address.country_id);
  kept.add('region', address.region_code);
  kept.add('city', address.city);
  const word = firstOf(order.state, order.status);
  const purchase: RawEvent = {
    ...common,
    status: magentoStatus(word),
    total: order.grand_total,
    tax: order.tax_amount,
    shipping: order.shipping_amount,
    discount: withoutSign(order.discount_amount),
    items: list(order.items).map(object).filter(isSold).map(readItem),
    properties: kept.all(),
    ...idOf('magento', id, word, plainAmount(order.grand_total)),
  };
  const { total_refunded: refunded } = order;
  if (!isAmount(refunded) || purchase.status === 'refunded') return [purchase];
  return [purchase, refundedSoFar('magento', common, refunded, firstOf(updated_at, created_at))];
}

/** What a configurable product was chosen to be stands below it again, without a price. */
function isSold({ parent_item_id, parent_item }: Fields): boolean {
  return firstOf(parent_item_id, parent_item) === undefined;
}

function readItem(item: Fields): Fields {
  return {
    productId: firstOf(item.sku, item.product_id, item.name) ?? noId(item.price),
    name: item.name,
    price: item.price,
    total: item.row_total,
    quantity: units(item.qty_ordered),
  };
}
