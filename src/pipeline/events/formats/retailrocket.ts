import { type EventType } from '../shop-event.ts';
import { epochMs } from '../time.ts';
import { type CsvFormat, notOfAShop, type RawEvent } from './format.ts';

const TYPE_OF: ReadonlyMap<string, EventType> = new Map([
  ['view', 'view_item'],
  ['addtocart', 'add_to_cart'],
  ['transaction', 'purchase'],
]);

/**
 * RetailRocket's `events.csv`: a transaction is an order, line by line.
 * Source: https://www.kaggle.com/datasets/retailrocket/ecommerce-dataset
 */
export const retailrocket: CsvFormat = {
  name: 'retailrocket',
  layout: 'csv',
  header: true,
  columns: ['timestamp', 'visitorid', 'event', 'itemid', 'transactionid'],
  open: (index) => {
    const [time, visitor, kind, item, transaction] = retailrocket.columns.map(index);
    return (fields) => {
      const type = TYPE_OF.get(fields[kind!]!);
      if (type === undefined) return notOfAShop(fields[kind!]);
      const ms = epochMs(fields[time!]);
      const event: RawEvent = {
        type,
        time: Number.isNaN(ms) ? fields[time!] : ms,
        anonymousId: fields[visitor!]!,
        items: [{ productId: fields[item!]! }],
      };
      if (fields[transaction!] !== '') {
        event.orderId = fields[transaction!]!;
        event.partial = true;
      }
      return event;
    };
  },
};
