import { optionalColumns } from './columns-of.ts';
import { type CsvFormat, firstOf, noId, type RawEvent, units } from './format.ts';
import { idOf, isAmount } from './orders.ts';
import { woocommerceStatus } from './woocommerce-status.ts';

const OPTIONAL = [
  ...['SKU', 'Item Cost', 'Email (Billing)', 'Country Code (Billing)', 'Order Total Tax Amount'],
  ...['Order Shipping Amount', 'Order Refund Amount', 'Order Currency', 'Customer User ID'],
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
      const country = say('Country Code (Billing)');
      const price = say('Item Cost');
      const event: RawEvent = {
        type: 'purchase',
        time: fields[date!],
        userId: firstOf(say('Customer User ID'), say('Email (Billing)')),
        orderId: fields[order!],
        partial: true,
        status: woocommerceStatus(fields[status!]),
        currency: say('Order Currency'),
        total: fields[total!],
        tax: say('Order Total Tax Amount'),
        shipping: say('Order Shipping Amount'),
        items: [
          {
            productId: firstOf(say('SKU'), fields[name!]) ?? noId(price),
            name: fields[name!],
            price,
            quantity: units(fields[quantity!]),
          },
        ],
        properties: country === '' ? undefined : { country },
      };
      const refunded = say('Order Refund Amount');
      if (!isAmount(refunded) || event.status === 'refunded') return event;
      // Each line says it of the whole order.
      const { partial: _, items: __, total: ___, ...common } = event;
      const key = idOf('woocommerce-refund', event.orderId, refunded);
      return [event, { ...common, type: 'refund', total: refunded, items: [], ...key }];
    };
  },
};
