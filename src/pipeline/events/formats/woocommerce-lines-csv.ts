import { optionalColumns } from './columns-of.ts';
import { type CsvFormat, firstOf, noId, type RawEvent, units } from './format.ts';
import { KeptProperties } from './kept.ts';
import { woocommerceOrderNumber } from './order-names.ts';
import { isAmount, lineAndOrder, refundedSoFar } from './orders.ts';
import { woocommerceStatus } from './woocommerce-status.ts';

const OPTIONAL = [
  ...['SKU', 'Item Cost', 'Email (Billing)', 'Country Code (Billing)', 'Order Total Tax Amount'],
  ...[
    'Order Shipping Amount',
    'Order Refund Amount',
    'Order Currency',
    'Customer User ID',
    'Customer User Agent',
  ],
] as const;

/**
 * Advanced Order Export for WooCommerce: a row is a line of an order, and each says what holds for all of it.
 * Source: https://wordpress.org/plugins/woo-order-export-lite/
 */
export const woocommerceLinesCsv: CsvFormat = {
  name: 'woocommerce',
  layout: 'csv',
  header: true,
  isWhole: true,
  columns: [
    'Order Number',
    'Order Status',
    'Order Date',
    'Item Name',
    'Quantity (- Refund)',
    'Order Total Amount',
  ],
  open: (index) => {
    const [order, status, date, name, quantity, total] = woocommerceLinesCsv.columns.map(index);
    const get = optionalColumns(OPTIONAL, index);
    return (fields) => {
      const say = (column: (typeof OPTIONAL)[number]): string => get(fields, column);
      const kept = new KeptProperties();
      kept.add('country', say('Country Code (Billing)'));
      kept.add('user_agent', say('Customer User Agent'));
      const price = say('Item Cost');
      const common: RawEvent = {
        type: 'purchase',
        time: fields[date!],
        userId: firstOf(say('Customer User ID'), say('Email (Billing)')),
        orderId: woocommerceOrderNumber(fields[order!]),
        currency: say('Order Currency'),
        properties: kept.all(),
      };
      const items = [
        {
          productId: firstOf(say('SKU'), fields[name!]) ?? noId(price),
          name: fields[name!],
          price,
          quantity: units(fields[quantity!]),
        },
      ];
      const state = woocommerceStatus(fields[status!]);
      const events = lineAndOrder(
        'woocommerce',
        { ...common, partial: true, items },
        {
          status: state,
          total: fields[total!],
          tax: say('Order Total Tax Amount'),
          shipping: say('Order Shipping Amount'),
        },
      );
      const refunded = say('Order Refund Amount');
      if (!isAmount(refunded) || state === 'refunded') return events;
      // Each line says it of the whole order.
      return [...events, refundedSoFar('woocommerce', common, refunded)];
    };
  },
};
