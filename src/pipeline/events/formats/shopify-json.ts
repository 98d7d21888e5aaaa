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
import { KeptProperties, pathOf } from './kept.ts';
import { type Fields, idOf, nodesOf, ordersOf, sumOf } from './orders.ts';
import { shopifyStatus } from './shopify-status.ts';

/**
 * Orders of Shopify's Admin API, an order a line or a list of them: REST and its webhooks, and GraphQL.
 * Sources: https://shopify.dev/docs/api/admin-rest/latest/resources/order and
 * https://shopify.dev/docs/api/admin-graphql/latest/objects/Order
 */
export const shopifyJson: JsonFormat = {
  name: 'shopify',
  layout: 'json',
  recognises: (value) => all(value).some((order) => isRest(order) || isGraphql(order)),
  read: (value) => readEach(all(value), readOrder),
};

function all(value: unknown): readonly Fields[] {
  const fields = object(value);
  const data = object(fields.data);
  const { order = data.order, orders = data.orders } = fields;
  if (typeof order === 'object' && order !== null) return [object(order)];
  if (typeof orders === 'object' && orders !== null) return nodesOf(orders);
  return ordersOf(value, []);
}

function isRest(order: Fields): boolean {
  return Array.isArray(order.line_items) && ('financial_status' in order || 'total_price' in order);
}

function isGraphql(order: Fields): boolean {
  return (
    'lineItems' in order &&
    ('displayFinancialStatus' in order || 'totalPriceSet' in order || 'createdAt' in order)
  );
}

function readOrder(value: unknown): readonly Outcome[] {
  const given = object(value);
  const order = isGraphql(given) ? ofGraphql(given) : given;
  if (!Array.isArray(order.line_items)) return [new BadRow('not a shop event', 'no order with line_items')];
  if (order.test === true) return [new BadRow('test order', 'the order says that it is a test')];
  const customer = object(order.customer);
  const status = shopifyStatus(order.financial_status, order.cancelled_at);
  const common: RawEvent = {
    type: 'purchase',
    time: firstOf(order.processed_at, order.created_at),
    userId: firstOf(idIn(customer.id), customer.email, order.email, order.contact_email),
    orderId: firstOf(order.name, idIn(order.id)),
    currency: order.currency,
  };
  const id = firstOf(idIn(order.id), order.name);
  const { type: _, ...shared } = common;
  const fault = sharedFaultIn({ ...shared, id });
  if (fault !== undefined) return [fault];
  const purchase: RawEvent = {
    ...common,
    status,
    revenue: order.subtotal_price,
    total: order.total_price,
    tax: order.total_tax,
    shipping: firstOf(
      moneyIn(order.total_shipping_price_set),
      sumOf(list(order.shipping_lines).map((line) => object(line).price)),
    ),
    discount: order.total_discounts,
    items: list(order.line_items).map((line) => readLine(object(line))),
    properties: keptOf(order),
    ...idOf('shopify', id, order.financial_status, order.cancelled_at),
  };
  const refunds = list(order.refunds).map((refund) => readRefund(object(refund), common, id));
  return [purchase, ...refunds];
}

function readLine(line: Fields): Fields {
  return {
    productId:
      firstOf(line.sku, idIn(line.variant_id), idIn(line.product_id), line.title, line.name) ??
      noId(line.price),
    name: firstOf(line.title, line.name),
    brand: line.vendor,
    price: line.price,
    quantity: units(line.quantity),
  };
}

function readRefund(refund: Fields, order: RawEvent, orderId: unknown): RawEvent {
  const lines = list(refund.refund_line_items).map(object);
  const paid = list(refund.transactions)
    .map(object)
    .filter(({ kind, status }) => kind === 'refund' && (status === undefined || status === 'success'));
  return {
    ...order,
    type: 'refund',
    time: firstOf(refund.processed_at, refund.created_at, order.time),
    // Nothing paid back is 0, and not everything.
    total:
      firstOf(refund.total, sumOf(paid.map(({ amount }) => amount))) ??
      (lines.length === 0 ? '0' : undefined),
    items: lines.map((line) => {
      const { price: _, ...item } = readLine({ ...object(line.line_item), quantity: line.quantity });
      return { ...item, total: line.subtotal };
    }),
    ...idOf('shopify-refund', orderId, firstOf(idIn(refund.id), refund.created_at)),
  };
}

function keptOf(order: Fields): RawEvent['properties'] {
  const kept = new KeptProperties();
  const [shipping, billing, client] = [
    object(order.shipping_address),
    object(order.billing_address),
    object(order.client_details),
  ];
  kept.add(
    'country',
    firstOf(shipping.country_code, billing.country_code, shipping.country, billing.country),
  );
  kept.add('region', firstOf(shipping.province_code, billing.province_code));
  kept.add('city', firstOf(shipping.city, billing.city));
  kept.add('user_agent', client.user_agent);
  kept.add('path', pathOf(order.landing_site));
  kept.add('referrer', order.referring_site);
  kept.add('channel', order.source_name);
  return kept.all();
}

/** An order of GraphQL under the names of REST. */
function ofGraphql(order: Fields): Fields {
  const customer = object(order.customer);
  return {
    id: firstOf(order.legacyResourceId, order.id),
    name: order.name,
    test: order.test,
    created_at: order.createdAt,
    processed_at: order.processedAt,
    cancelled_at: order.cancelledAt,
    financial_status: order.displayFinancialStatus,
    currency: firstOf(order.currencyCode, object(object(order.totalPriceSet).shopMoney).currencyCode),
    customer: { id: firstOf(customer.legacyResourceId, customer.id), email: customer.email },
    email: order.email,
    subtotal_price: moneyIn(firstOf(order.currentSubtotalPriceSet, order.subtotalPriceSet)),
    total_price: moneyIn(order.totalPriceSet),
    total_tax: moneyIn(order.totalTaxSet),
    total_shipping_price_set: order.totalShippingPriceSet,
    total_discounts: moneyIn(order.totalDiscountsSet),
    line_items: nodesOf(order.lineItems).map(lineOfGraphql),
    refunds: list(order.refunds).map((refund) => refundOfGraphql(object(refund))),
    shipping_address: addressOfGraphql(order.shippingAddress),
    billing_address: addressOfGraphql(order.billingAddress),
  };
}

function lineOfGraphql(line: Fields): Fields {
  return {
    ...line,
    variant_id: object(line.variant).id,
    product_id: object(line.product).id,
    price: moneyIn(firstOf(line.originalUnitPriceSet, line.discountedUnitPriceSet)),
  };
}

function refundOfGraphql(refund: Fields): Fields {
  return {
    id: firstOf(refund.legacyResourceId, refund.id),
    created_at: refund.createdAt,
    total: moneyIn(refund.totalRefundedSet),
    refund_line_items: nodesOf(refund.refundLineItems).map((line) => ({
      quantity: line.quantity,
      subtotal: moneyIn(line.subtotalSet),
      line_item: lineOfGraphql(object(line.lineItem)),
    })),
  };
}

function addressOfGraphql(value: unknown): Fields {
  const address = object(value);
  return {
    ...address,
    country_code: firstOf(address.countryCodeV2, address.countryCode),
    province_code: address.provinceCode,
  };
}

/** The amount in the shop's own currency. */
function moneyIn(set: unknown): unknown {
  const { shop_money, shopMoney } = object(set);
  return object(firstOf(shop_money, shopMoney)).amount;
}

/** The number in an id such as `gid://shopify/Order/7001`. */
function idIn(id: unknown): unknown {
  return typeof id === 'string' ? id.replace(/^gid:\/\/.*\/(?=[^/]+$)/, '') : id;
}
