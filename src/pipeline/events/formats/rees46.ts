import { type EventType } from '../shop-event.ts';
import { type CsvFormat, notOfAShop, type RawEvent } from './format.ts';
import { piece } from './line-writer.ts';
import { TypeNames } from './type-names.ts';

const TYPE_OF: ReadonlyMap<string, EventType> = new Map([
  ['view', 'view_item'],
  ['cart', 'add_to_cart'],
  ['remove_from_cart', 'remove_from_cart'],
  ['purchase', 'purchase'],
]);

const TIME = piece(',"time":"');
const USER = piece(',"userId":"');
const SESSION = piece(',"sessionId":"');
const PRODUCT = piece(',"items":[{"productId":"');
const CATEGORY = piece(',"category":"');
const BRAND = piece(',"brand":"');
const PRICE = piece(',"price":"');
const ITEMS_END = piece('}]');
const ORDER = piece(',"orderId":"');
const PARTIAL = piece(',"partial":true');

/**
 * REES46's data sets of shoppers' behaviour. Several purchases in a session are lines of one order.
 * Source: https://www.kaggle.com/datasets/mkechinov/ecommerce-behavior-data-from-multi-category-store
 */
export const rees46: CsvFormat = {
  name: 'rees46',
  layout: 'csv',
  header: true,
  columns: [
    'event_time',
    'event_type',
    'product_id',
    'category_id',
    'category_code',
    'brand',
    'price',
    'user_id',
    'user_session',
  ],
  open: (index) => {
    const [time, kind, product, categoryId, category, brand, price, user, session] =
      rees46.columns.map(index);
    return (fields) => {
      const type = TYPE_OF.get(fields[kind!]!);
      if (type === undefined) return notOfAShop(fields[kind!]);
      const sessionId = fields[session!]!;
      const event: RawEvent = {
        type,
        time: fields[time!]!,
        userId: fields[user!]!,
        sessionId,
        items: [
          {
            productId: fields[product!]!,
            category: fields[category!] || fields[categoryId!],
            brand: fields[brand!]!,
            price: fields[price!]!,
          },
        ],
      };
      if (type === 'purchase' && sessionId !== '') {
        event.orderId = sessionId;
        event.partial = true;
      }
      return event;
    };
  },
  openWriter: (index) => {
    const [time, kind, product, categoryId, category, brand, price, user, session] = rees46.columns.map(
      index,
    ) as [number, number, number, number, number, number, number, number, number];
    const types = new TypeNames(TYPE_OF);
    return (row, line) => {
      const type = types.find(row, kind);
      if (type === undefined) return false;
      line.put(type.json);
      line.text(TIME, row, time);
      line.text(USER, row, user);
      line.text(SESSION, row, session);
      line.text(PRODUCT, row, product);
      line.text(CATEGORY, row, row.size(category) > 0 ? category : categoryId);
      line.text(BRAND, row, brand);
      line.amount(PRICE, row, price);
      line.put(ITEMS_END);
      if (type.isPurchase && row.size(session) > 0) {
        line.text(ORDER, row, session);
        line.put(PARTIAL);
      }
      return true;
    };
  },
};
