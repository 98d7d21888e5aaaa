import { EVENT_TYPES, type EventType } from '../shop-event.ts';
import { epochMs } from '../time.ts';
import {
  BadRow,
  firstOf,
  type JsonFormat,
  list,
  notOfAShop,
  type Outcome,
  object,
  readParts,
  sharedFault,
  units,
} from './format.ts';

type Fields = Readonly<Record<string, unknown>>;

const TYPE_OF: ReadonlyMap<unknown, EventType> = new Map<unknown, EventType>([
  ...EVENT_TYPES.map((type): [string, EventType] => [type, type]),
  ['view_search_results', 'search'],
  ['screen_view', 'page_view'],
]);

/** What the events of a body have in common. */
const SHARED = ['client_id', 'app_instance_id', 'user_id'] as const;

/**
 * Google Analytics 4: rows of the BigQuery export, or bodies of the Measurement Protocol with their `events`.
 * Sources: https://support.google.com/analytics/answer/7029846 and
 * https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
 */
export const ga4: JsonFormat = {
  name: 'ga4',
  layout: 'json',
  recognises: (value) =>
    typeof value.event_name === 'string' ||
    (typeof value.name === 'string' && (value.params !== undefined || value.event_timestamp !== undefined)) ||
    ((value.client_id !== undefined || value.app_instance_id !== undefined) &&
      list(value.events).some((event) => typeof object(event).name === 'string')),
  read: (value) => {
    const body = object(value);
    if (!Array.isArray(body.events)) return [readEvent(body, {})];
    for (const name of SHARED) {
      const fault = sharedFault(name, body[name]);
      if (fault !== undefined) return [fault];
    }
    return readParts(body.events, (event) => readEvent(object(event), body));
  },
};

function readEvent(event: Fields, body: Fields): Outcome {
  const name = firstOf(event.event_name, event.name);
  const type = TYPE_OF.get(name);
  if (type === undefined) return notOfAShop(name);
  const params = Array.isArray(event.event_params) ? unfold(event.event_params) : object(event.params);
  const time = epochMs(
    firstOf(event.event_timestamp, event.timestamp_micros, params.event_timestamp, body.timestamp_micros),
  );
  if (Number.isNaN(time)) return new BadRow('bad time', 'event_timestamp is no number of microseconds');
  const anonymousId = said(
    firstOf(event.user_pseudo_id, event.client_id, body.client_id, body.app_instance_id),
  );
  // GA4 numbers the sessions of each user on their own.
  const session = said(firstOf(params.ga_session_id, params.session_id));
  const ecommerce = object(event.ecommerce);
  return {
    id: said(firstOf(event.event_id, params.event_id)),
    type,
    time,
    userId: said(firstOf(event.user_id, body.user_id)),
    anonymousId,
    sessionId: session === undefined ? undefined : `${text(anonymousId)}.${text(session)}`,
    orderId: said(firstOf(ecommerce.transaction_id, params.transaction_id, event.transaction_id)),
    currency: said(firstOf(params.currency, ecommerce.currency, event.currency)),
    query: type === 'search' ? said(params.search_term) : undefined,
    items: list(firstOf(event.items, params.items, ecommerce.items)).map(readItem),
  };
}

function readItem(value: unknown): unknown {
  const item = object(value);
  return {
    productId: said(firstOf(said(item.item_id), item.item_name)),
    name: said(item.item_name),
    category: said(item.item_category),
    brand: said(item.item_brand),
    price: item.price,
    quantity: units(item.quantity),
  };
}

/** `[{key, value: {string_value | int_value | …}}]` as an object. */
function unfold(params: readonly unknown[]): Fields {
  return Object.fromEntries(
    params.map((param) => {
      const { key, value } = object(param);
      const { string_value, int_value, double_value, float_value } = object(value);
      return [
        String(typeof key === 'string' ? key : ''),
        firstOf(string_value, int_value, double_value, float_value),
      ];
    }),
  );
}

/** GA4's words for nothing. */
function said(value: unknown): unknown {
  return value === '(not set)' || value === '(none)' ? undefined : value;
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
