import { timeZone } from '../time-zone.ts';
import { optionalColumns } from './columns-of.ts';
import { dateTime } from './date-text.ts';
import { type CsvFormat, firstOf, type RawEvent } from './format.ts';
import { magentoStatus } from './magento-status.ts';
import { idOf, isAmount, refundedSoFar } from './orders.ts';
import { plainAmount } from './plain-amount.ts';

const OPTIONAL = ['Subtotal', 'Shipping and Handling', 'Customer Email', 'Total Refunded'] as const;
const UTC = timeZone('UTC');

/**
 * The table of orders in Magento's administration, exported: a row is an order without its products. Amounts are in the shop's own
 * currency, as nothing names the one of those that were paid in another.
 * Source: https://experienceleague.adobe.com/en/docs/commerce-admin/stores-sales/order-management/orders/orders
 */
export const magentoCsv: CsvFormat = {
  name: 'magento',
  layout: 'csv',
  header: true,
  isWhole: true,
  columns: ['ID', 'Purchase Date', 'Grand Total (Base)', 'Grand Total (Purchased)', 'Status'],
  open: (index) => {
    const [order, date, total, _, status] = magentoCsv.columns.map(index);
    const get = optionalColumns(OPTIONAL, index);
    return (fields) => {
      const say = (column: (typeof OPTIONAL)[number]): string => get(fields, column);
      const time = dateTime(fields[date!]!, undefined, UTC);
      const common: RawEvent = {
        type: 'purchase',
        time: Number.isNaN(time) ? fields[date!] : time,
        userId: firstOf(say('Customer Email')),
        orderId: fields[order!],
      };
      const purchase: RawEvent = {
        ...common,
        status: magentoStatus(fields[status!]),
        revenue: say('Subtotal'),
        total: fields[total!],
        shipping: say('Shipping and Handling'),
        items: [],
        ...idOf('magento-order', common.orderId, fields[status!], plainAmount(fields[total!])),
      };
      const refunded = say('Total Refunded');
      if (!isAmount(refunded) || purchase.status === 'refunded') return purchase;
      return [purchase, refundedSoFar('magento', common, refunded)];
    };
  },
};
