import { type EventType } from '../shop-event.ts';
import { firstOf, noId, object, type RawEvent, units } from './format.ts';
import { parseJson } from './json.ts';
import { withoutSign } from './orders.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Names of the e-commerce spec, v2 and the older v1, lower case. */
const TYPE_OF: Readonly<Record<string, EventType>> = {
  'products searched': 'search',
  'product list viewed': 'view_item_list',
  'product list filtered': 'view_item_list',
  'viewed product category': 'view_item_list',
  'viewed product list': 'view_item_list',
  'product clicked': 'select_item',
  'clicked product': 'select_item',
  'product viewed': 'view_item',
  'viewed product': 'view_item',
  'product added to wishlist': 'add_to_wishlist',
  'added product to wishlist': 'add_to_wishlist',
  'product added': 'add_to_cart',
  'added product': 'add_to_cart',
  'wishlist product added to cart': 'add_to_cart',
  'product removed': 'remove_from_cart',
  'removed product': 'remove_from_cart',
  'cart viewed': 'view_cart',
  'viewed cart': 'view_cart',
  'checkout started': 'begin_checkout',
  'started checkout': 'begin_checkout',
  'started order': 'begin_checkout',
  'payment info entered': 'add_payment_info',
  'order completed': 'purchase',
  'completed order': 'purchase',
  'order refunded': 'refund',
  'refunded order': 'refund',
  // What gives back all that is left of an order.
  'order cancelled': 'refund',
  'order canceled': 'refund',
  'cancelled order': 'refund',
};
const CANCELLATION = /cancel/i;

const CHECKOUT_STEPS: ReadonlySet<string> = new Set(['checkout step completed', 'completed checkout step']);
/** Events of one product, which is what their properties are. */
const OF_PRODUCT: ReadonlySet<EventType> = new Set<EventType>([
  'select_item',
  'view_item',
  'add_to_wishlist',
  'add_to_cart',
  'remove_from_cart',
]);

/** Properties that become fields of an event or of its item. */
const FIELDS: ReadonlySet<string> = new Set(['order_id', 'orderId', 'currency', 'products', 'query']);
const PRODUCT_FIELDS: ReadonlySet<string> = new Set([
  ...FIELDS,
  ...['product_id', 'productId', 'id', 'sku', 'name', 'category', 'brand', 'price', 'quantity'],
]);

const ORDER_FIELDS: ReadonlySet<string> = new Set([
  ...FIELDS,
  ...['revenue', 'subtotal', 'value', 'total', 'tax', 'shipping', 'discount'],
]);

/** Properties that become fields of an event of a type, or of its items. */
export function commerceFields(type: EventType): ReadonlySet<string> {
  if (type === 'purchase' || type === 'refund') return ORDER_FIELDS;
  return OF_PRODUCT.has(type) ? PRODUCT_FIELDS : FIELDS;
}

/** What the e-commerce spec says in the properties of an event. @param name the spec's, of which `type` was made */
export function readCommerce(properties: Fields, name: unknown, type: EventType, result: RawEvent): void {
  if (type === 'search') result.query = properties.query;
  if (type === 'refund' && CANCELLATION.test(String(name))) result.status = 'cancelled';
  result.orderId = firstOf(properties.order_id, properties.orderId);
  result.currency = properties.currency;
  if (type === 'purchase' || type === 'refund') readAmounts(properties, result);
  const { products } = properties;
  const isProduct = OF_PRODUCT.has(type)
    ? idOf(properties) !== undefined
    : firstOf(properties.product_id, properties.sku) !== undefined;
  if (firstOf(products) !== undefined) result.items = readProducts(products);
  else result.items = isProduct ? [readProduct(properties)] : [];
}

/** Of the whole order: the spec has `revenue` and `subtotal` before tax and shipping, and `total` with both. */
function readAmounts(properties: Fields, result: RawEvent): void {
  result.revenue = firstOf(properties.revenue, properties.subtotal, properties.value);
  result.total = properties.total;
  result.tax = properties.tax;
  result.shipping = properties.shipping;
  result.discount = withoutSign(properties.discount);
}

/** Which type of event a name of the spec stands for; `undefined` for any other. */
export function commerceType(event: unknown, properties: Fields): EventType | undefined {
  if (typeof event !== 'string') return undefined;
  const name = event.trim().toLowerCase().replaceAll('_', ' ');
  if (CHECKOUT_STEPS.has(name)) {
    if (firstOf(properties.payment_method, properties.paymentMethod) !== undefined) return 'add_payment_info';
    const shipping = firstOf(properties.shipping_method, properties.shippingMethod);
    return shipping !== undefined ? 'add_shipping_info' : undefined;
  }
  return Object.hasOwn(TYPE_OF, name) ? TYPE_OF[name] : undefined;
}

/** A list of products; some senders write it as a text of JSON. What is none stays, for the validation to refuse. */
function readProducts(products: unknown): unknown {
  const value = typeof products === 'string' ? parsedText(products) : products;
  if (Array.isArray(value)) return value.map(readProduct);
  return typeof value === 'object' ? [readProduct(value)] : products;
}

function parsedText(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function readProduct(value: unknown): unknown {
  const product = typeof value === 'object' ? object(value) : { id: value };
  return {
    productId: idOf(product) ?? noId(product.price),
    name: product.name,
    category: product.category,
    brand: product.brand,
    price: product.price,
    quantity: units(product.quantity),
  };
}

function idOf({ product_id, productId, id, sku, name }: Fields): unknown {
  return firstOf(product_id, productId, id, sku, name);
}
