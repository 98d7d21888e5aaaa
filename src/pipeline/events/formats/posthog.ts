import { type EventType } from '../shop-event.ts';
import { instantOf } from '../time.ts';
import { commerceFields, commerceType, readCommerce } from './commerce-spec.ts';
import {
  BadRow,
  firstOf,
  type JsonFormat,
  notOfAShop,
  type Outcome,
  object,
  type RawEvent,
  readParts,
} from './format.ts';
import { parseJson } from './json.ts';
import { KeptProperties, pathOf } from './kept.ts';
import { aliasBy, linkBy, loginBy } from './logins.ts';
import { type Fields } from './orders.ts';

/**
 * PostHog's events as it exports them, or as its API has them in `results`, with the names of Segment's e-commerce spec, which its
 * documentation recommends.
 * Sources: https://posthog.com/docs/cdp/batch-exports and https://posthog.com/docs/data/events
 */
export const posthog: JsonFormat = {
  name: 'posthog',
  layout: 'json',
  recognises: (value) => [value, ...resultsOf(value)].some(isEvent),
  read: (value) => {
    const event = object(value);
    return isEvent(event)
      ? [readEvent(event)]
      : readParts(resultsOf(event), (part) => readEvent(object(part)));
  },
};

function isEvent({ event, distinct_id, properties }: Fields): boolean {
  const who = firstOf(distinct_id, object(properties).distinct_id);
  return typeof event === 'string' && who !== undefined;
}

function resultsOf({ results, batch }: Fields): readonly Fields[] {
  const found = firstOf(results, batch);
  return Array.isArray(found) ? found.map(object) : [];
}

function readEvent(event: Fields): Outcome {
  const properties = propertiesOf(event);
  const link = linkOf(event, properties);
  if (link !== undefined) return link;
  if (event.event === '$merge_dangerously')
    return new BadRow('users not merged', 'two users who were identified stay two: only devices are linked');
  const type = typeOf(event.event, properties);
  if (type === undefined) {
    const call = { id: firstOf(event.uuid, event.id), time: timeOf(event), ...actorOf(event, properties) };
    return loginBy(event.event, call) ?? notOfAShop(event.event);
  }
  const result: RawEvent = {
    id: firstOf(event.uuid, event.id),
    type,
    time: timeOf(event),
    ...actorOf(event, properties),
    sessionId: properties.$session_id,
  };
  if (type !== 'page_view') readCommerce(properties, event.event, type, result);
  const kept = new KeptProperties();
  keepContext(kept, properties);
  const others = commerceFields(type);
  // What begins with $ is PostHog's own.
  for (const name of Object.keys(properties))
    if (!name.startsWith('$') && name !== 'distinct_id' && !others.has(name))
      kept.add(name, properties[name]);
  result.properties = kept.all();
  return result;
}

/** What links a device to a user: `$identify` with both ids, and `$create_alias`, whose alias is taken for that of a device. */
function linkOf(event: Fields, properties: Fields): RawEvent | undefined {
  const name = event.event;
  if (name !== '$identify' && name !== '$create_alias') return undefined;
  const userId = firstOf(event.distinct_id, properties.distinct_id);
  const anonymousId = firstOf(name === '$identify' ? properties.$anon_distinct_id : properties.alias);
  const call = { id: firstOf(event.uuid, event.id), time: timeOf(event), userId, anonymousId };
  return (name === '$identify' ? linkBy : aliasBy)(call);
}

/** In some exports they are a text of JSON. */
function propertiesOf({ properties }: Fields): Fields {
  if (typeof properties !== 'string') return object(properties);
  try {
    return object(parseJson(properties));
  } catch {
    return {};
  }
}

function typeOf(event: unknown, properties: Fields): EventType | undefined {
  return event === '$pageview' || event === '$screen' ? 'page_view' : commerceType(event, properties);
}

/** What a browser calls itself: PostHog's own ids there are of version 7, which those of users hardly ever are. */
const OF_DEVICE = /^([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$|anon|device[-_])/i;

/** Before a shopper is identified, the distinct id is that of the device. */
function actorOf(event: Fields, properties: Fields): Pick<RawEvent, 'userId' | 'anonymousId'> {
  const distinct = firstOf(event.distinct_id, properties.distinct_id);
  const device = firstOf(properties.$device_id, properties.$anon_distinct_id);
  const isNotSaid = device === undefined && properties.$is_identified === undefined;
  const looksLikeDevice = isNotSaid && typeof distinct === 'string' && OF_DEVICE.test(distinct);
  const isDevice = distinct === device || properties.$is_identified === false || looksLikeDevice;
  return isDevice ? { anonymousId: distinct } : { userId: distinct, anonymousId: device };
}

/** What was sent is corrected by when PostHog received it; what it exports is corrected already. */
function timeOf({ timestamp, sent_at, now, offset }: Fields): unknown {
  const received = instantOf(now);
  if (typeof offset === 'number' && !Number.isNaN(received)) return received - offset;
  const corrected = received - (instantOf(sent_at) - instantOf(timestamp));
  return Number.isNaN(corrected) ? firstOf(timestamp, sent_at, now) : corrected;
}

function keepContext(kept: KeptProperties, from: Fields): void {
  kept.add('country', firstOf(from.country, from.$geoip_country_name, from.$geoip_country_code));
  kept.add('region', from.$geoip_subdivision_1_name);
  kept.add('city', from.$geoip_city_name);
  kept.add('device', from.$device_type);
  kept.add('os', from.$os);
  kept.add('browser', from.$browser);
  kept.add('language', from.$browser_language);
  kept.add('user_agent', firstOf(from.$raw_user_agent, from.$user_agent));
  kept.add('source', from.utm_source);
  kept.add('medium', from.utm_medium);
  kept.add('campaign', from.utm_campaign);
  kept.add('path', firstOf(from.$pathname, pathOf(from.$current_url)));
  kept.add('referrer', from.$referrer);
}
