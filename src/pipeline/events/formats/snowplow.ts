import { type EventType } from '../shop-event.ts';
import { instantOf } from '../time.ts';
import {
  firstOf,
  type JsonFormat,
  list,
  noId,
  notOfAShop,
  type Outcome,
  object,
  type RawEvent,
  units,
} from './format.ts';
import { KeptProperties } from './kept.ts';
import { type Fields } from './orders.ts';

const COMMERCE = 'com_snowplowanalytics_snowplow_ecommerce';

/**
 * Snowplow's enriched events as JSON, which its analytics SDKs write and its warehouses hold, with its e-commerce plug-in's action and
 * entities, or the older transaction events.
 * Sources: https://docs.snowplow.io/docs/fundamentals/canonical-event/ and
 * https://docs.snowplow.io/docs/events/ootb-data/ecommerce-events/
 */
export const snowplow: JsonFormat = {
  name: 'snowplow',
  layout: 'json',
  recognises: (value) => 'collector_tstamp' in value && 'event_id' in value,
  read: (value) => [readSnowplow(object(value))],
};

/** What the action of the plug-in is here. */
const TYPE_OF: ReadonlyMap<unknown, EventType> = new Map<unknown, EventType>([
  ['product_view', 'view_item'],
  ['list_view', 'view_item_list'],
  ['list_click', 'select_item'],
  ['add_to_cart', 'add_to_cart'],
  ['remove_from_cart', 'remove_from_cart'],
  ['transaction', 'purchase'],
  ['refund', 'refund'],
]);

export function readSnowplow(event: Fields): Outcome {
  const action = object(event[`unstruct_event_${COMMERCE}_snowplow_ecommerce_action_1`]);
  const type = typeOf(event, action);
  if (type === undefined) return notOfAShop(firstOf(action.type, event.event_name, event.event));
  const result: RawEvent = {
    id: event.event_id,
    type,
    time: timeOf(event),
    userId: event.user_id,
    anonymousId: firstOf(event.domain_userid, event.network_userid),
    sessionId: event.domain_sessionid,
    properties: keptOf(event, action),
  };
  if (firstOf(action.type) !== undefined) readCommerce(event, result);
  else readTransaction(event, result);
  return result;
}

function typeOf({ event, event_name }: Fields, action: Fields): EventType | undefined {
  if (action.type === 'checkout_step') return 'begin_checkout';
  if (firstOf(action.type) !== undefined) return TYPE_OF.get(action.type);
  const name = firstOf(event_name, event);
  if (name === 'page_view' || name === 'screen_view') return 'page_view';
  return name === 'transaction' || name === 'transaction_item' ? 'purchase' : undefined;
}

/** Snowplow derives it from when the device says to have sent what the collector received. */
function timeOf(event: Fields): unknown {
  const said = firstOf(event.true_tstamp, event.derived_tstamp);
  if (said !== undefined) return said;
  const [received, sent, created] = [
    instantOf(event.collector_tstamp),
    instantOf(event.dvce_sent_tstamp),
    instantOf(event.dvce_created_tstamp),
  ];
  const corrected = received - (sent - created);
  return Number.isNaN(corrected) ? event.collector_tstamp : corrected;
}

function entities(event: Fields, name: string): readonly Fields[] {
  return list(event[`contexts_${COMMERCE}_${name}_1`]).map(object);
}

function readCommerce(event: Fields, result: RawEvent): void {
  const products = entities(event, 'product');
  const [transaction = {}] = entities(event, 'transaction');
  const [refund = {}] = entities(event, 'refund');
  const order = result.type === 'refund' ? refund : transaction;
  result.currency = firstOf(order.currency, products[0]?.currency);
  result.items = products.map((product) => ({
    productId: firstOf(product.id, product.name) ?? noId(product.price),
    name: product.name,
    category: product.category,
    brand: product.brand,
    // What is priced in another currency is worth what the order says.
    price: isIn(product.currency, result.currency) ? product.price : undefined,
    quantity: units(product.quantity),
  }));
  if (result.type !== 'purchase' && result.type !== 'refund') return;
  result.orderId = order.transaction_id;
  result.total = firstOf(order.refund_amount, order.revenue);
  result.tax = order.tax;
  result.shipping = order.shipping;
  result.discount = order.discount_amount;
}

function isIn(own: unknown, currency: unknown): boolean {
  return firstOf(own) === undefined || String(own).toUpperCase() === String(currency).toUpperCase();
}

/** The older way: an event for the order, and one for each of its products. */
function readTransaction(event: Fields, result: RawEvent): void {
  if (result.type !== 'purchase') return;
  result.partial = true;
  result.orderId = firstOf(event.tr_orderid, event.ti_orderid);
  result.currency = firstOf(event.tr_currency, event.ti_currency);
  result.total = event.tr_total;
  result.tax = event.tr_tax;
  result.shipping = event.tr_shipping;
  if (firstOf(event.ti_sku, event.ti_name) === undefined) return;
  result.items = [
    {
      productId: firstOf(event.ti_sku, event.ti_name),
      name: event.ti_name,
      category: event.ti_category,
      price: event.ti_price,
      quantity: units(event.ti_quantity),
    },
  ];
}

/** Without the text itself, what was told from it says only whether it was a robot. */
function agentOf(event: Fields): unknown {
  const names = [event.br_type, event.br_family, event.br_name];
  const robot = names.find((name) => typeof name === 'string' && /robot|spider|crawler|bot$/i.test(name));
  const [judged] = list(event.contexts_com_iab_snowplow_spiders_and_robots_1).map(object);
  return firstOf(event.useragent, robot, judged?.spiderOrRobot === true ? 'Robot/Spider' : undefined);
}

function keptOf(event: Fields, action: Fields): RawEvent['properties'] {
  const kept = new KeptProperties();
  kept.add('country', firstOf(event.geo_country, event.tr_country));
  kept.add('region', firstOf(event.geo_region_name, event.geo_region));
  kept.add('city', event.geo_city);
  kept.add('device', event.dvce_type);
  kept.add('os', event.os_name);
  kept.add('browser', event.br_name);
  kept.add('language', event.br_lang);
  kept.add('user_agent', agentOf(event));
  kept.add('source', firstOf(event.mkt_source, event.refr_source));
  kept.add('medium', firstOf(event.mkt_medium, event.refr_medium));
  kept.add('campaign', event.mkt_campaign);
  kept.add('path', event.page_urlpath);
  kept.add('referrer', event.page_referrer);
  kept.add('platform', event.platform);
  kept.add('app', event.app_id);
  kept.add('list', action.name);
  return kept.all();
}
