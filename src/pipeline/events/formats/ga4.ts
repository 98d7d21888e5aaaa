import { placeholderIds } from '../placeholder-ids.ts';
import { EVENT_TYPES, type EventType } from '../shop-event.ts';
import { epochMs } from '../time.ts';
import {
  BadRow,
  firstOf,
  type JsonFormat,
  list,
  noId,
  notOfAShop,
  type Outcome,
  object,
  type RawEvent,
  readParts,
  sharedFault,
  units,
} from './format.ts';
import { KeptProperties, pathOf } from './kept.ts';
import { loginBy } from './logins.ts';
import { isAmount } from './orders.ts';

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

/** Parameters that become fields of an event. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['ga_session_id', 'session_id', 'transaction_id', 'currency', 'search_term', 'items'],
  ...['event_id', 'event_timestamp'],
]);

const ORDER_FIELDS: ReadonlySet<string> = new Set([...FIELDS, 'value', 'tax', 'shipping']);

function readEvent(event: Fields, body: Fields): Outcome {
  const name = firstOf(event.event_name, event.name);
  const type = TYPE_OF.get(name);
  const params = Array.isArray(event.event_params) ? unfold(event.event_params) : object(event.params);
  const time = epochMs(
    firstOf(event.event_timestamp, event.timestamp_micros, params.event_timestamp, body.timestamp_micros),
  );
  if (Number.isNaN(time)) return new BadRow('bad time', 'event_timestamp is no number of microseconds');
  const userId = firstSaid(event.user_id, body.user_id);
  const devices = [event.user_pseudo_id, event.client_id, body.client_id, body.app_instance_id];
  const anonymousId = firstOfSaid(devices);
  const id = firstSaid(event.event_id, params.event_id);
  if (type === undefined) {
    const login = loginBy(name, { id, time, userId, anonymousId });
    return login === undefined ? notOfAShop(name) : { ...login, ...naturalKey(event) };
  }
  const session = firstSaid(params.ga_session_id, params.session_id);
  const ecommerce = object(event.ecommerce);
  const numbers = [ecommerce.transaction_id, params.transaction_id, event.transaction_id];
  // Where only a word for nothing is there for an id, the event has that: who reads it leaves it out, and tells.
  return {
    id,
    type,
    time,
    userId: saidOrNot([event.user_id, body.user_id]),
    anonymousId: saidOrNot(devices),
    sessionId: sessionOf(anonymousId, session) ?? saidOrNot([params.ga_session_id, params.session_id]),
    // Whatever is no order has a number that is not set.
    orderId: isOrder(type) ? saidOrNot(numbers) : firstOfSaid(numbers),
    currency: firstSaid(params.currency, ecommerce.currency, event.currency),
    query: type === 'search' ? said(params.search_term) : undefined,
    items: list(firstOf(event.items, params.items, ecommerce.items)).map((item) => readItem(item, type)),
    ...(isOrder(type) && amountsOf(ecommerce, params, type)),
    properties: keptOf(event, params, body, isOrder(type) ? ORDER_FIELDS : FIELDS),
    ...naturalKey(event),
  };
}

/** GA4 numbers the sessions of each user on their own. What is no number, or of no user, makes no name that looks like an id. */
function sessionOf(user: unknown, session: unknown): string | undefined {
  const none = placeholderIds();
  const [of, number] = [text(user), text(session)];
  if (number === '' || none.hasWord(number)) return undefined;
  return `${none.has(of) ? '' : of}.${number}`;
}

/** What tells a row of the BigQuery export from all others, in the tables of a day and in those of the day that goes on. */
const KEY = [
  'user_pseudo_id',
  'event_timestamp',
  'event_name',
  'event_bundle_sequence_id',
  'batch_event_index',
] as const;

function naturalKey(event: Fields): { readonly naturalKey: string } | undefined {
  const parts = KEY.map((name) => text(event[name]));
  return parts.includes('') ? undefined : { naturalKey: JSON.stringify(['ga4', ...parts]) };
}

function isOrder(type: EventType): boolean {
  return type === 'purchase' || type === 'refund';
}

/** GA4's value of an order is before tax and shipping. */
function amountsOf(ecommerce: Fields, params: Fields, type: EventType): RawEvent {
  const own = type === 'refund' ? ecommerce.refund_value : ecommerce.purchase_revenue;
  return {
    revenue: isAmount(own) ? own : firstSaid(params.value, own),
    tax: firstSaid(ecommerce.tax_value, params.tax),
    shipping: firstSaid(ecommerce.shipping_value, params.shipping),
  };
}

function readItem(value: unknown, type: EventType): unknown {
  const item = object(value);
  const revenue = type === 'refund' ? item.item_refund : item.item_revenue;
  return {
    productId: firstSaid(item.item_id, item.item_name) ?? noId(firstOf(item.price, revenue)),
    name: said(item.item_name),
    category: said(item.item_category),
    brand: said(item.item_brand),
    price: item.price,
    total: firstOf(item.price) === undefined && isOrder(type) ? revenue : undefined,
    quantity: units(item.quantity),
  };
}

/** Where the visit came from: as the event says it, else its session, else the user's first visit. */
function keptOf(
  event: Fields,
  params: Fields,
  body: Fields,
  others: ReadonlySet<string>,
): RawEvent['properties'] {
  const kept = new KeptProperties();
  const [geo, place, device, own] = [
    object(event.geo),
    object(firstOf(event.user_location, body.user_location)),
    object(firstOf(event.device, body.device)),
    object(event.collected_traffic_source),
  ];
  const session = object(object(event.session_traffic_source_last_click).manual_campaign);
  const first = object(event.traffic_source);
  const web = object(device.web_info);
  const add = (name: string, ...values: readonly unknown[]): void => kept.add(name, firstOfSaid(values));
  add('country', params.country, geo.country, place.country_id);
  add('region', geo.region, place.region_id);
  add('city', geo.city, place.city);
  add('device', device.category);
  add('os', device.operating_system);
  add('browser', web.browser, device.browser);
  add('language', params.language, device.language);
  add('user_agent', params.user_agent, event.user_agent, body.user_agent);
  add('source', params.source, own.manual_source, session.source, first.source);
  add('medium', params.medium, own.manual_medium, session.medium, first.medium);
  add('campaign', params.campaign, own.manual_campaign_name, session.campaign_name, first.name);
  add('path', pathOf(params.page_location));
  add('referrer', params.page_referrer);
  add('platform', event.platform);
  for (const name of Object.keys(params)) if (!others.has(name)) add(name, params[name]);
  return kept.all();
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
const UNSAID: ReadonlySet<unknown> = new Set([
  '(not set)',
  '(none)',
  '(not provided)',
  '(data not available)',
]);

function said(value: unknown): unknown {
  return UNSAID.has(value) ? undefined : value;
}

/** The first of the values that says something. */
function firstSaid(...values: readonly unknown[]): unknown {
  return firstOfSaid(values);
}

function firstOfSaid(values: readonly unknown[]): unknown {
  return values.find((value) => value !== undefined && value !== null && value !== '' && !UNSAID.has(value));
}

/** The same, or else a word for nothing where one is there. */
function saidOrNot(values: readonly unknown[]): unknown {
  return firstOfSaid(values) ?? values.find((value) => firstOf(value) !== undefined);
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
