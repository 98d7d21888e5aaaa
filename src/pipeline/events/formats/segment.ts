import { type EventType } from '../shop-event.ts';
import {
  firstOf,
  type JsonFormat,
  list,
  notOfAShop,
  type Outcome,
  object,
  type RawEvent,
  readParts,
  units,
} from './format.ts';

/** Names of the e-commerce spec v2, lower case. */
const TYPE_OF: Readonly<Record<string, EventType>> = {
  'products searched': 'search',
  'product list viewed': 'view_item_list',
  'product list filtered': 'view_item_list',
  'product clicked': 'select_item',
  'product viewed': 'view_item',
  'product added to wishlist': 'add_to_wishlist',
  'product added': 'add_to_cart',
  'wishlist product added to cart': 'add_to_cart',
  'product removed': 'remove_from_cart',
  'cart viewed': 'view_cart',
  'checkout started': 'begin_checkout',
  'payment info entered': 'add_payment_info',
  'order completed': 'purchase',
  'order refunded': 'refund',
};

const CALLS: ReadonlySet<unknown> = new Set(['track', 'page', 'screen', 'identify', 'group', 'alias']);

/**
 * Segment's calls, one a line or many in a `batch`, with the names of its e-commerce spec v2.
 * Source: https://www.twilio.com/docs/segment/connections/spec/ecommerce/v2
 */
export const segment: JsonFormat = {
  name: 'segment',
  layout: 'json',
  recognises: (value) =>
    Array.isArray(value.batch)
      ? value.batch.some((call) => CALLS.has(object(call).type))
      : CALLS.has(value.type),
  read: (value) => {
    const { batch } = object(value);
    return Array.isArray(batch) ? readParts(batch, readCall) : [readCall(value)];
  },
};

function readCall(value: unknown): Outcome {
  const call = object(value);
  const { event, userId, anonymousId } = call;
  const properties = object(call.properties);
  const type = typeOf(call, properties);
  if (type === undefined) return notOfAShop(call.type === 'track' ? event : call.type);
  const result: RawEvent = {
    id: call.messageId,
    type,
    time: firstOf(call.timestamp, call.originalTimestamp, call.sentAt, call.receivedAt),
    userId,
    anonymousId,
  };
  if (type === 'page_view') {
    const path = firstOf(properties.path, object(object(call.context).page).path);
    if (path !== undefined) result.properties = { path };
    return result;
  }
  if (type === 'search') result.query = properties.query;
  result.orderId = properties.order_id;
  result.currency = properties.currency;
  const single = firstOf(properties.product_id, properties.sku) !== undefined;
  result.items = Array.isArray(properties.products)
    ? list(properties.products).map(readProduct)
    : single
      ? [readProduct(properties)]
      : [];
  return result;
}

function typeOf(
  { type, event }: Readonly<Record<string, unknown>>,
  properties: Readonly<Record<string, unknown>>,
): EventType | undefined {
  if (type === 'page' || type === 'screen') return 'page_view';
  if (type !== 'track' || typeof event !== 'string') return undefined;
  const name = event.trim().toLowerCase().replaceAll('_', ' ');
  if (name === 'checkout step completed') {
    if (firstOf(properties.payment_method) !== undefined) return 'add_payment_info';
    return firstOf(properties.shipping_method) !== undefined ? 'add_shipping_info' : undefined;
  }
  return Object.hasOwn(TYPE_OF, name) ? TYPE_OF[name] : undefined;
}

function readProduct(value: unknown): unknown {
  const product = object(value);
  return {
    productId: firstOf(product.product_id, product.sku),
    name: product.name,
    category: product.category,
    brand: product.brand,
    price: product.price,
    quantity: units(product.quantity),
  };
}
