import { optionalColumns } from './columns-of.ts';
import { type CsvFormat, firstOf, noId, type RawEvent, units } from './format.ts';
import { KeptProperties } from './kept.ts';
import { woocommerceOrderNumber } from './order-names.ts';
import { isAmount, refundedSoFar, withoutSign } from './orders.ts';
import { woocommerceStatus } from './woocommerce-status.ts';

const OPTIONAL = [
  ...['order_number', 'order_total', 'order_currency', 'customer_id', 'billing_email', 'billing_country'],
  ...[
    'shipping_country',
    'tax_total',
    'shipping_total',
    'discount_total',
    'refunded_total',
    'customer_user_agent',
  ],
] as const;

/**
 * WooCommerce's Customer / Order / Coupon export: a row is an order, with its products in one field, as
 * `name:Mug|product_id:61|sku:MUG|quantity:2|total:6.00;…`.
 * Source: https://woocommerce.com/document/ordercustomer-csv-export/
 */
export const woocommerceCsv: CsvFormat = {
  name: 'woocommerce',
  layout: 'csv',
  header: true,
  isWhole: true,
  columns: ['order_id', 'order_date', 'status', 'line_items'],
  open: (index) => {
    const [id, date, status, lines] = woocommerceCsv.columns.map(index);
    const get = optionalColumns(OPTIONAL, index);
    return (fields) => {
      const say = (column: (typeof OPTIONAL)[number]): string => get(fields, column);
      const customer = say('customer_id');
      const kept = new KeptProperties();
      kept.add('country', firstOf(say('shipping_country'), say('billing_country')));
      kept.add('user_agent', say('customer_user_agent'));
      const common: RawEvent = {
        type: 'purchase',
        time: fields[date!],
        userId: firstOf(customer === '0' ? '' : customer, say('billing_email')),
        orderId: woocommerceOrderNumber(firstOf(say('order_number'), fields[id!])),
        currency: say('order_currency'),
        properties: kept.all(),
      };
      const purchase: RawEvent = {
        ...common,
        status: woocommerceStatus(fields[status!]),
        total: say('order_total'),
        tax: say('tax_total'),
        shipping: say('shipping_total'),
        discount: say('discount_total'),
        items: readLines(fields[lines!]!),
      };
      const refunded = withoutSign(say('refunded_total'));
      if (!isAmount(refunded) || purchase.status === 'refunded') return purchase;
      return [purchase, refundedSoFar('woocommerce', common, refunded)];
    };
  },
};

function readLines(text: string): unknown {
  if (text.trim() === '') return [];
  return text.split(/;(?=\s*(?:id|name|product_id|sku):|\s*$)/).flatMap((line) => {
    if (line.trim() === '') return [];
    // A name may hold a bar or a colon: a field begins where a name is followed by a colon.
    const said = new Map<string, string>();
    for (const field of line.split(/\|(?=[a-z_]+:)/)) {
      const colon = field.indexOf(':');
      if (colon > 0) said.set(field.slice(0, colon).trim(), field.slice(colon + 1).trim());
    }
    const total = said.get('total');
    return [
      {
        productId: firstOf(said.get('sku'), said.get('product_id'), said.get('name')) ?? noId(total),
        name: said.get('name'),
        total,
        quantity: units(said.get('quantity')),
      },
    ];
  });
}
