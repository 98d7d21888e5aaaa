import { optionalColumns } from './columns-of.ts';
import { type CsvFormat, firstOf, noId, type RawEvent, units } from './format.ts';
import { shopifyOrderName } from './order-names.ts';
import { isAmount, lineAndOrder, refundedSoFar } from './orders.ts';
import { shopifyStatus } from './shopify-status.ts';

const OPTIONAL = [
  ...['Email', 'Financial Status', 'Currency', 'Subtotal', 'Shipping', 'Taxes', 'Total', 'Discount Amount'],
  ...[
    'Lineitem sku',
    'Vendor',
    'Billing Country',
    'Shipping Country',
    'Cancelled at',
    'Refunded Amount',
    'Source',
  ],
] as const;

/**
 * Shopify's export of orders: a row is a line of an order, and only the first of them says what holds for all of it.
 * Source: https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders
 */
export const shopifyCsv: CsvFormat = {
  name: 'shopify',
  layout: 'csv',
  header: true,
  isWhole: true,
  columns: ['Name', 'Created at', 'Lineitem quantity', 'Lineitem name', 'Lineitem price'],
  open: (index) => {
    const [order, time, quantity, name, price] = shopifyCsv.columns.map(index);
    const get = optionalColumns(OPTIONAL, index);
    return (fields) => {
      const say = (column: (typeof OPTIONAL)[number]): string => get(fields, column);
      const common: RawEvent = {
        type: 'purchase',
        time: fields[time!],
        userId: say('Email'),
        orderId: shopifyOrderName(fields[order!]),
        currency: say('Currency'),
      };
      const country = firstOf(say('Shipping Country'), say('Billing Country'));
      const properties = country === undefined ? undefined : { country };
      const line: RawEvent = {
        ...common,
        partial: true,
        items: [
          {
            productId: firstOf(say('Lineitem sku'), fields[name!]) ?? noId(fields[price!]),
            name: fields[name!],
            brand: say('Vendor'),
            price: fields[price!],
            quantity: units(fields[quantity!]),
          },
        ],
        properties,
      };
      const status = shopifyStatus(say('Financial Status') || undefined, say('Cancelled at'));
      const events = lineAndOrder('shopify', line, {
        status,
        revenue: say('Subtotal'),
        total: say('Total'),
        tax: say('Taxes'),
        shipping: say('Shipping'),
        discount: say('Discount Amount'),
      });
      const refunded = say('Refunded Amount');
      // A status says it of all.
      if (!isAmount(refunded) || status === 'refunded') return events;
      return [...events, { ...refundedSoFar('shopify', common, refunded), properties }];
    };
  },
};
