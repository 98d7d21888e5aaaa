import { type EventType } from '../shop-event.ts';
import { type CsvFormat, notOfAShop, type RawEvent } from './format.ts';

const TYPE_OF: ReadonlyMap<string, EventType> = new Map([
  ['pv', 'view_item'],
  ['fav', 'add_to_wishlist'],
  ['cart', 'add_to_cart'],
  ['buy', 'purchase'],
]);

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
};
