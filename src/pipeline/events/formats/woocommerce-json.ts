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
import { woocommerceOrderNumber } from './order-names.ts';
import { type Fields, idOf, ordersOf, statusFault, withoutSign } from './orders.ts';
import { plainAmount } from './plain-amount.ts';
import { woocommerceStatus } from './woocommerce-status.ts';

/**
 * Orders of WooCommerce's REST API and its webhooks.
 * Source: https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties
 */
export const woocommerceJson: JsonFormat = {
  name: 'woocommerce',
  layout: 'json',
  recognises: (value) =>
    ordersOf(value, ['orders']).some(
      (order) => Array.isArray(order.line_items) && ('date_created' in order || 'date_created_gmt' in order),
    ),
  read: (value) => readEach(ordersOf(value, ['orders']), readOrder),
};

/** What WooCommerce has noted of the visit that led to an order. */
function attributed(order: Fields, what: string): unknown {
  const entries = list(order.meta_data).map(object);
  return entries.find(({ key }) => key === `_wc_order_attribution_${what}`)?.value;
}

function readOrder(value: unknown): readonly Outcome[] {
  const order = object(value);
  const [billing, shipping] = [object(order.billing), object(order.shipping)];
  const kept = new KeptProperties();
  kept.add('country', firstOf(shipping.country, billing.country));
  kept.add('region', firstOf(shipping.state, billing.state));
  kept.add('city', firstOf(shipping.city, billing.city));
  kept.add('user_agent', firstOf(order.customer_user_agent, attributed(order, 'user_agent')));
  const common: RawEvent = {
    type: 'purchase',
    time: firstOf(order.date_created_gmt, order.date_created),
    // Guests have the customer 0.
    userId: firstOf(isNone(order.customer_id) ? undefined : order.customer_id, billing.email),
    orderId: woocommerceOrderNumber(firstOf(order.number, order.id)),
    currency: order.currency,
  };
  const fault = statusFault(order, 'status') ?? sharedFaultIn({ ...common, id: order.id });
  if (fault !== undefined) return [fault];
  const purchase: RawEvent = {
    ...common,
    status: woocommerceStatus(order.status),
    total: order.total,
    tax: order.total_tax,
    shipping: order.shipping_total,
    discount: order.discount_total,
    items: list(order.line_items).map((line) => readLine(object(line))),
    properties: kept.all(),
    ...idOf('woocommerce', order.id, order.status, plainAmount(order.total)),
  };
  const refunds = list(order.refunds).map((refund) => readRefund(object(refund), common, order));
  return [purchase, ...refunds];
}

/** A line's total is what its units cost together, after discounts and before tax. */
function readLine(line: Fields): Fields {
  return {
    productId:
      firstOf(
        line.sku,
        isNone(line.variation_id) ? undefined : line.variation_id,
        line.product_id,
        line.name,
      ) ?? noId(firstOf(line.total, line.price)),
    name: line.name,
    price: line.price,
    total: line.total,
    quantity: units(line.quantity),
  };
}

function isNone(id: unknown): boolean {
  return id === 0 || id === '0';
}

/** The order does not say when: at the latest when it was changed last. */
function readRefund(
  refund: Fields,
  order: RawEvent,
  { id, date_modified_gmt, date_modified }: Fields,
): Outcome {
  const total = withoutSign(firstOf(refund.total, refund.amount));
  if (total === undefined) return new BadRow('refund without amount', 'it has no total');
  return {
    ...order,
    type: 'refund',
    time: firstOf(refund.date_created_gmt, date_modified_gmt, date_modified, order.time),
    total,
    items: [],
    ...idOf('woocommerce-refund', id, refund.id),
  };
}
