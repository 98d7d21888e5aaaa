import { type EventType } from '../shop-event.ts';
import {
  BadRow,
  type JsonFormat,
  list,
  notOfAShop,
  type Outcome,
  object,
  ofPart,
  sharedFault,
  tooManyEvents,
} from './format.ts';

const TYPE_OF: ReadonlyMap<unknown, EventType> = new Map<unknown, EventType>([
  ['clicks', 'view_item'],
  ['carts', 'add_to_cart'],
  ['orders', 'purchase'],
]);

/**
 * OTTO's sessions, one a line. What a session ordered in one millisecond is one order.
 * Source: https://github.com/otto-de/recsys-dataset
 */
export const otto: JsonFormat = {
  name: 'otto',
  layout: 'json',
  recognises: (value) =>
    value.session !== undefined && list(value.events).some((event) => object(event).aid !== undefined),
  read: (value) => {
    const { session, events } = object(value);
    if ((typeof session !== 'number' && typeof session !== 'string') || !Array.isArray(events)) {
      return [new BadRow('not a session', 'a line needs session and events')];
    }
    const fault = sharedFault('session', session) ?? tooManyEvents(events.length);
    return fault === undefined ? readSession(String(session), events) : [fault];
  },
};

function readSession(sessionId: string, events: readonly unknown[]): readonly Outcome[] {
  const outcomes: Outcome[] = [];
  const orders = new Map<unknown, { productId: unknown }[]>();
  for (const event of events) {
    const { aid, ts, type: kind } = object(event);
    const type = TYPE_OF.get(kind);
    if (type === undefined) {
      outcomes.push(ofPart(event, notOfAShop(kind)));
      continue;
    }
    const order = type === 'purchase' ? orders.get(ts) : undefined;
    if (order !== undefined) {
      order.push({ productId: aid });
      continue;
    }
    const items = [{ productId: aid }];
    if (type !== 'purchase' || (typeof ts !== 'number' && typeof ts !== 'string'))
      outcomes.push({ type, time: ts, sessionId, items });
    else {
      orders.set(ts, items);
      outcomes.push({ type, time: ts, sessionId, orderId: `${sessionId}:${ts}`, items });
    }
  }
  return outcomes;
}
