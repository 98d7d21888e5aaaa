import { firstOf, list, object } from './format.ts';
import { type Fields, nodesOf } from './orders.ts';

/** Whether an order, or a line of one, is as GraphQL has it. An order of a bulk operation has its lines in records of their own. */
export function isGraphql(order: Fields): boolean {
  if ('lineItems' in order)
    return 'displayFinancialStatus' in order || 'totalPriceSet' in order || 'createdAt' in order;
  return 'createdAt' in order && ('totalPriceSet' in order || 'displayFinancialStatus' in order);
}

/** An order of GraphQL under the names of REST. */
export function ofGraphql(order: Fields): Fields {
  const customer = object(order.customer);
  const refunds = list(order.refunds);
  // The current one is less what was given back, which the refunds say again.
  const current = refunds.length === 0 ? moneyIn(order.currentSubtotalPriceSet) : undefined;
  const subtotal = firstOf(moneyIn(order.subtotalPriceSet), current);
  return {
    id: firstOf(order.legacyResourceId, order.id),
    name: order.name,
    order_number: order.number,
    test: order.test,
    created_at: order.createdAt,
    processed_at: order.processedAt,
    cancelled_at: order.cancelledAt,
    financial_status: order.displayFinancialStatus,
    currency: firstOf(order.currencyCode, object(object(order.totalPriceSet).shopMoney).currencyCode),
    customer: { id: firstOf(customer.legacyResourceId, customer.id), email: customer.email },
    email: order.email,
    subtotal_price: subtotal,
    total_price: moneyIn(order.totalPriceSet),
    total_tax: moneyIn(order.totalTaxSet),
    total_shipping_price_set: order.totalShippingPriceSet,
    total_discounts: moneyIn(order.totalDiscountsSet),
    total_refunded: moneyIn(order.totalRefundedSet),
    updated_at: order.updatedAt,
    line_items: nodesOf(order.lineItems).map(lineOfGraphql),
    refunds: refunds.map((refund) => refundOfGraphql(object(refund))),
    shipping_address: addressOfGraphql(order.shippingAddress),
    billing_address: addressOfGraphql(order.billingAddress),
  };
}

export function lineOfGraphql(line: Fields): Fields {
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
export function moneyIn(set: unknown): unknown {
  const { shop_money, shopMoney } = object(set);
  return object(firstOf(shop_money, shopMoney)).amount;
}

/** The number in an id such as `gid://shopify/Order/7001`. */
export function idIn(id: unknown): unknown {
  return typeof id === 'string' ? id.replace(/^gid:\/\/.*\/(?=[^/]+$)/, '') : id;
}
