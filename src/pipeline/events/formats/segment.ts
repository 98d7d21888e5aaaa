import { type EventType } from '../shop-event.ts';
import { instantOf } from '../time.ts';
import { commerceFields, commerceType, readCommerce } from './commerce-spec.ts';
import {
  firstOf,
  type JsonFormat,
  notOfAShop,
  type Outcome,
  object,
  type RawEvent,
  readParts,
} from './format.ts';
import { KeptProperties } from './kept.ts';
import { aliasBy, linkBy, loginBy } from './logins.ts';

type Fields = Readonly<Record<string, unknown>>;

const CALLS: ReadonlySet<unknown> = new Set(['track', 'page', 'screen', 'identify', 'group', 'alias']);

/**
 * Segment's and RudderStack's calls, one a line or many in a `batch`, with the names of Segment's e-commerce spec.
 * Sources: https://www.twilio.com/docs/segment/connections/spec/ecommerce/v2 and
 * https://www.twilio.com/docs/segment/connections/spec/common
 */
export const segment: JsonFormat = {
  name: 'segment',
  layout: 'json',
  recognises: (value) =>
    Array.isArray(value.batch)
      ? value.batch.some((call) => CALLS.has(object(call).type))
      : CALLS.has(value.type),
  read: (value) => {
    const body = object(value);
    const { batch } = body;
    return Array.isArray(batch)
      ? readParts(batch, (call) => readCall(object(call), body))
      : [readCall(body, {})];
  },
};

function readCall(call: Fields, body: Fields): Outcome {
  const link = linkOf(call, body);
  if (link !== undefined) return link;
  const properties = object(call.properties);
  const type = typeOf(call, properties);
  if (type === undefined) {
    const { event, messageId: id, userId, anonymousId } = call;
    if (call.type !== 'track') return notOfAShop(call.type);
    return loginBy(event, { id, time: timeOf(call, body), userId, anonymousId }) ?? notOfAShop(event);
  }
  const result: RawEvent = { id: call.messageId, type, time: timeOf(call, body), ...actorOf(call) };
  const kept = new KeptProperties();
  if (type === 'page_view') kept.add('path', properties.path);
  else readCommerce(properties, call.event, type, result);
  kept.addAll(properties, commerceFields(type));
  keepContext(kept, object(call.context));
  keepContext(kept, object(body.context));
  result.properties = kept.all();
  return result;
}

/** A user id that is no text, as an object that should have been one, says nobody; the anonymous id still does. */
function actorOf({ userId, anonymousId }: Fields): RawEvent {
  if (typeof userId !== 'object' || userId === null || firstOf(anonymousId) === undefined)
    return { userId, anonymousId };
  // What is not read is told by its name.
  const unread = Object.keys(userId).slice(0, 3);
  return { anonymousId, ...Object.fromEntries(unread.map((name) => [`userId.${name}`, true])) };
}

/** What links a device to a user: `identify` with both ids, and `alias`, whose former id is taken for that of a device. */
function linkOf(call: Fields, body: Fields): RawEvent | undefined {
  const { type, userId, messageId: id } = call;
  if (type !== 'identify' && type !== 'alias') return undefined;
  const anonymousId = firstOf(type === 'alias' ? call.previousId : undefined, call.anonymousId);
  // One id without the other, such as what a server says of a user, links nothing.
  return (type === 'alias' ? aliasBy : linkBy)({ id, time: timeOf(call, body), userId, anonymousId });
}

/** Segment corrects the clock of a device by when its server received what the device says to have sent. */
function timeOf(call: Fields, body: Fields): unknown {
  const { timestamp, originalTimestamp } = call;
  const [sentAt, receivedAt] = [firstOf(call.sentAt, body.sentAt), firstOf(call.receivedAt, body.receivedAt)];
  const first = firstOf(timestamp, originalTimestamp, sentAt, receivedAt);
  const said = typeof first === 'number' ? instantOf(first) : first;
  const isCorrected =
    firstOf(originalTimestamp) !== undefined && firstOf(timestamp, originalTimestamp) !== originalTimestamp;
  if (isCorrected) return said;
  const corrected =
    instantOf(receivedAt) - (instantOf(sentAt) - instantOf(firstOf(originalTimestamp, timestamp)));
  return Number.isNaN(corrected) ? said : corrected;
}

function typeOf(call: Fields, properties: Fields): EventType | undefined {
  if (call.type === 'page' || call.type === 'screen') return 'page_view';
  return call.type === 'track' ? commerceType(call.event, properties) : undefined;
}

function keepContext(kept: KeptProperties, context: Fields): void {
  const [location, device, os, campaign, page] = [
    object(context.location),
    object(context.device),
    object(context.os),
    object(context.campaign),
    object(context.page),
  ];
  kept.add('country', location.country);
  kept.add('region', location.region);
  kept.add('city', location.city);
  kept.add('device', device.type);
  kept.add('os', os.name);
  kept.add('language', context.locale);
  kept.add('user_agent', firstOf(context.userAgent, context.user_agent));
  kept.add('source', campaign.source);
  kept.add('medium', campaign.medium);
  kept.add('campaign', campaign.name);
  kept.add('path', page.path);
  kept.add('referrer', page.referrer);
}
