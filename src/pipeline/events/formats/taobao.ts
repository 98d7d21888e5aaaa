import { type EventType } from '../shop-event.ts';
import { type CsvFormat, notOfAShop, type RawEvent } from './format.ts';
import { piece } from './line-writer.ts';
import { TypeNames } from './type-names.ts';

const TYPE_OF: ReadonlyMap<string, EventType> = new Map([
  ['pv', 'view_item'],
  ['fav', 'add_to_wishlist'],
  ['cart', 'add_to_cart'],
  ['buy', 'purchase'],
]);

const [USER_AT, ITEM_AT, CATEGORY_AT, BEHAVIOR_AT, TIME_AT] = [0, 1, 2, 3, 4] as const;
/** Seconds up to which ms are a whole number without doubt. */
const MOST_SECONDS = 1e12;
const TIME = piece(',"time":');
const USER = piece(',"userId":"');
const PRODUCT = piece(',"items":[{"productId":"');
const CATEGORY = piece(',"category":"');
const ITEMS_END = piece('}]');
const ORDER = piece(',"orderId":"');
const COLON = piece(':');
const PARTIAL = piece(',"partial":true');

/**
 * Taobao's UserBehavior.csv, which has no header and no orders: what a user bought in one second is taken for one.
 * Source: https://tianchi.aliyun.com/dataset/649
 */
export const taobao: CsvFormat = {
  name: 'taobao',
  layout: 'csv',
  header: false,
  columns: ['user', 'item', 'category', 'behavior', 'timestamp'],
  recognises: ([user = '', item = '', category = '', behavior = '', time = '', ...more]) =>
    more.length === 0 &&
    [user, item, category, time].every((field) => /^\d+$/.test(field)) &&
    TYPE_OF.has(behavior),
  open:
    () =>
    ([user, item, category, behavior, time]) => {
      const type = TYPE_OF.get(behavior!);
      if (type === undefined) return notOfAShop(behavior);
      const event: RawEvent = {
        type,
        time: /^\d+$/.test(time!) ? Number(time) * 1000 : time,
        userId: user,
        items: [{ productId: item, category }],
      };
      if (type === 'purchase') {
        event.orderId = `${user}:${time}`;
        event.partial = true;
      }
      return event;
    },
  openWriter: () => {
    const types = new TypeNames(TYPE_OF);
    return (row, line) => {
      const type = types.find(row, BEHAVIOR_AT);
      const seconds = row.whole(TIME_AT);
      if (type === undefined || seconds < 0 || seconds > MOST_SECONDS) return false;
      line.put(type.json);
      line.put(TIME);
      line.whole(seconds * 1000);
      line.text(USER, row, USER_AT);
      line.text(PRODUCT, row, ITEM_AT);
      line.text(CATEGORY, row, CATEGORY_AT);
      line.put(ITEMS_END);
      if (type.isPurchase) {
        line.put(ORDER);
        line.part(row.bytes, row.start(USER_AT), row.size(USER_AT));
        line.put(COLON);
        line.part(row.bytes, row.start(TIME_AT), row.size(TIME_AT));
        line.quote();
        line.put(PARTIAL);
      }
      return true;
    };
  },
};
