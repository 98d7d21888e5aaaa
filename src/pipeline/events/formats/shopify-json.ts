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
import { shopifyOrderName } from './order-names.ts';
import {
  type Fields,
  idOf,
  isAmount,
  nodesOf,
  ordersOf,
  refundedSoFar,
  statusFault,
  sumOf,
} from './orders.ts';
import { plainAmount } from './plain-amount.ts';
import { idIn, isGraphql, lineOfGraphql, moneyIn, ofGraphql } from './shopify-graphql.ts';
import { KnownOrders } from './shopify-orders.ts';
import { shopifyStatus } from './shopify-status.ts';

/**
 * Orders of Shopify's Admin API, an order a line or a list of them: REST and its webhooks, GraphQL and its bulk operations.
 * Sources: https://shopify.dev/docs/api/admin-rest/latest/resources/order,
 * https://shopify.dev/docs/api/admin-graphql/latest/objects/Order and https://shopify.dev/docs/api/usage/bulk-operations/queries
 */
export const shopifyJson: JsonFormat = {
  name: 'shopify',
  layout: 'json',
  recognises: (value) => all(value).some((one) => isRest(one) || isGraphql(one) || isRefund(one)),
  read: (value) => readAll(value, new KnownOrders()),
  open: () => {
    const orders = new KnownOrders();
    return (value) => readAll(value, orders);
  },
};

function readAll(value: unknown, orders: KnownOrders): readonly Outcome[] {
  return readEach(all(value), (part) => {
    const fields = object(part);
    if (typeof fields.__parentId === 'string') return [readBulkLine(fields, fields.__parentId, orders)];
    return isRefund(fields) ? [readRefundAlone(fields, orders)] : readOrder(fields, orders);
  });
}

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

/** What the webhook `refunds/create` sends, which says no more of its order than its id. */
function isRefund(value: Fields): boolean {
  return Array.isArray(value.refund_line_items) && 'order_id' in value;
}

function readOrder(given: Fields, orders: KnownOrders): readonly Outcome[] {
  const isOfGraphql = isGraphql(given);
  const order = isOfGraphql ? ofGraphql(given) : given;
  const fault = orderFault(given, order);
  if (fault !== undefined) return [fault];
  const customer = object(order.customer);
  const common: RawEvent = {
    type: 'purchase',
    time: firstOf(order.processed_at, order.created_at),
    userId: firstOf(idIn(customer.id), customer.email, order.email, order.contact_email),
    orderId: firstOf(shopifyOrderName(order.name, order.order_number), idIn(order.id)),
    currency: order.currency,
  };
  const id = firstOf(idIn(order.id), order.name);
  const { type: _, ...shared } = common;
  const sharedBy = sharedFaultIn({ ...shared, id });
  if (sharedBy !== undefined) return [sharedBy];
  orders.add(id, common);
  const purchase: RawEvent = {
    ...common,
    status: shopifyStatus(order.financial_status, order.cancelled_at),
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
    ...idOf(
      'shopify',
      id,
      order.financial_status,
      order.cancelled_at,
      plainAmount(order.subtotal_price),
      plainAmount(order.total_price),
    ),
  };
  // The lines of a bulk operation follow.
  if (isOfGraphql && !('lineItems' in given)) purchase.partial = true;
  const refunds = list(order.refunds).map((refund) => readRefund(object(refund), common, id));
  const { total_refunded: refunded } = order;
  if (refunds.length > 0 || !isAmount(refunded) || purchase.status === 'refunded')
    return [purchase, ...refunds];
  return [purchase, refundedSoFar('shopify', common, refunded, firstOf(order.updated_at, common.time))];
}

/** Why an order is none, or none that its record tells enough of. */
function orderFault(given: Fields, order: Fields): BadRow | undefined {
  if (!Array.isArray(order.line_items)) return new BadRow('not a shop event', 'no order with line_items');
  if (order.test === true || order.test === 'true')
    return new BadRow('test order', 'the order says that it is a test');
  const isDraft =
    ['invoice_url', 'invoiceUrl', 'invoice_sent_at', 'invoiceSentAt'].some((name) => name in given) ||
    (typeof given.id === 'string' && given.id.startsWith('gid://shopify/DraftOrder/'));
  if (isDraft) return new BadRow('draft order', 'an order that is drafted has not been placed');
  if ('abandoned_checkout_url' in given || 'abandonedCheckoutUrl' in given)
    return new BadRow('abandoned checkout', 'nothing was ordered');
  const unsaid = statusFault(given, isGraphql(given) ? 'displayFinancialStatus' : 'financial_status');
  if (unsaid !== undefined) return unsaid;
  const { pageInfo } = object(given.lineItems);
  if (object(pageInfo).hasNextPage === true && firstOf(order.subtotal_price) === undefined)
    return new BadRow(
      'order in pages',
      'its lineItems have another page, and no subtotalPriceSet says their worth',
    );
  return undefined;
}

/** A line of an order in a record of its own, which names its order by its id. */
function readBulkLine(line: Fields, parent: string, orders: KnownOrders): Outcome {
  const isLine =
    firstOf(line.id) === undefined || (typeof line.id === 'string' && /\/LineItem\/[^/]+$/.test(line.id));
  if (!isLine || !/\/Order\/[^/]+$/.test(parent) || !('quantity' in line))
    return new BadRow('not a shop event', 'what belongs to an order and is none of its lines');
  const order = orders.find(idIn(parent));
  if (order === undefined)
    return new BadRow('line without its order', 'the record of its order does not come before it');
  const id = firstOf(idIn(line.id));
  return {
    ...order,
    partial: true,
    items: [readLine(lineOfGraphql(line))],
    ...(id !== undefined && idOf('shopify-line', id)),
  };
}

function readRefundAlone(refund: Fields, orders: KnownOrders): Outcome {
  const id = idIn(refund.order_id);
  const order = orders.find(id);
  return order === undefined
    ? new BadRow('refund without its order', 'it names the id of an order that does not come before it')
    : readRefund(refund, order, id);
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

function readRefund(refund: Fields, order: RawEvent, orderId: unknown): Outcome {
  const lines = list(refund.refund_line_items).map(object);
  const done = list(refund.transactions)
    .map(object)
    .filter(({ kind, status }) => kind === 'refund' && (status === undefined || status === 'success'));
  // What was paid in another currency says it in that.
  const paid = done.filter(({ currency }) => (currency ?? order.currency) === order.currency);
  const isForeign = paid.length < done.length;
  if (isForeign && lines.length === 0)
    return new BadRow('bad currency', 'the refund is in another currency than its order, and lists no lines');
  const isSaid = refund.total !== undefined || list(refund.transactions).length > 0 || lines.length > 0;
  if (!isSaid && refund.transactions === undefined)
    return new BadRow('refund without amount', 'it has neither lines nor transactions, nor a total');
  const sum = isForeign ? undefined : sumOf(paid.map(({ amount }) => amount));
  return {
    ...order,
    type: 'refund',
    time: firstOf(refund.processed_at, refund.created_at, order.time),
    // Nothing paid back is 0, and not everything.
    total: firstOf(refund.total, sum) ?? (lines.length === 0 ? '0' : undefined),
    items: lines.map((line) => {
      const { price: _, ...item } = readLine({ ...object(line.line_item), quantity: line.quantity });
      return { ...item, total: firstOf(moneyIn(line.subtotal_set), line.subtotal) };
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
