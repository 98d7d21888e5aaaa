import { type EventType } from '../shop-event.ts';
import { epochMs } from '../time.ts';
import { type CsvFormat, notOfAShop, type RawEvent } from './format.ts';
import { piece } from './line-writer.ts';
import { TypeNames } from './type-names.ts';

const TYPE_OF: ReadonlyMap<string, EventType> = new Map([
  ['view', 'view_item'],
  ['addtocart', 'add_to_cart'],
  ['transaction', 'purchase'],
]);

const TIME = piece(',"time":');
const VISITOR = piece(',"anonymousId":"');
const PRODUCT = piece(',"items":[{"productId":"');
const ITEMS_END = piece('}]');
const ORDER = piece(',"orderId":"');
const PARTIAL = piece(',"partial":true');

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
  openWriter: (index) => {
    const [time, visitor, kind, item, transaction] = retailrocket.columns.map(index) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const types = new TypeNames(TYPE_OF);
    return (row, line) => {
      const type = types.find(row, kind);
      const ms = epochMs(row.whole(time));
      if (type === undefined || !(ms > 0)) return false;
      line.put(type.json);
      line.put(TIME);
      line.whole(ms);
      line.text(VISITOR, row, visitor);
      line.text(PRODUCT, row, item);
      line.put(ITEMS_END);
      if (row.size(transaction) > 0) {
        line.text(ORDER, row, transaction);
        line.put(PARTIAL);
      }
      return true;
    };
  },
};
