import { amountOfUnits, parseAmount } from './money.ts';
import { EVENT_NAMES, ITEM_NAMES, mendNames } from './near-names.ts';
import { placeholderIds } from './placeholder-ids.ts';
import { contentId } from './row-content.ts';
import { hasEventShape, type ParsedEvent, type ParsedItem, shapeFault } from './schema.ts';
import {
  AMOUNTS,
  LIMITS,
  LINK_TYPE,
  ORDER_STATUSES,
  type OrderStatus,
  type PropertyValue,
  type ShopEvent,
} from './shop-event.ts';
import { exceedsBytes, isPlain, mendSurrogates, stripControls } from './text.ts';
import { parseTime } from './time.ts';

/** A log record that is no valid event, with all that a dead letter needs. */
export interface Rejected {
  /** Known only where the producer gave one: so that a replayed line is a duplicate. */
  readonly id: string | undefined;
  /** One of a small set of phrases, never with data in it. */
  readonly reason: string;
  readonly detail: string;
  readonly source: string;
  readonly bytes: Uint8Array;
}

/** Where a record lies in the log, and what holds for the whole log. */
export interface DecodeContext {
  readonly partition: number;
  readonly offset: number;
  /** Place among the events of one record, from 1 on; absent for the first. */
  readonly index?: number | undefined;
  /** When the log took the record, ms since the epoch. */
  readonly appendedAt: number;
  /** Told the path of each field that an event does not hold, such as `items.colour` or `properties.note`. */
  readonly onLeftOut?: ((path: string) => void) | undefined;
}

/** What a topic says of a key whose records it is to forget: it holds no event, and nothing is wrong with it. */
export const TOMBSTONE: Rejected = {
  id: undefined,
  reason: 'tombstone',
  detail: 'the record has no value',
  source: 'unknown',
  bytes: new Uint8Array(),
};

/** The reason of an event that arrived at a moment which is yet to come. */
export const CLOCK_AHEAD = 'clock ahead';
/** The reason of a record that no store takes, or that counting fails for. */
export const NOT_COUNTABLE = 'cannot be counted';

/** Thrown inside this file only: leaving a deep check by a return value costs every event, by a throw only bad ones. */
class Invalid extends Error {
  readonly reason: string;
  constructor(reason: string, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

export function isRejected(decoded: ShopEvent | Rejected): decoded is Rejected {
  return (decoded as Rejected).reason !== undefined;
}

/**
 * Reads one log record: a valid, normalised event, or the reason why it is none. Pure: the same record at the same place
 * decodes the same way, today and in a replay.
 *
 * An event cannot happen after it arrived: a time ahead of `appendedAt` by up to five minutes is a clock that runs fast and
 * becomes `appendedAt`; further ahead, the event is rejected.
 */
export function decodeRecord(
  value: string | Uint8Array | null,
  context: DecodeContext,
): ShopEvent | Rejected {
  let line: string;
  if (typeof value === 'string') line = value;
  else if (value === null) return TOMBSTONE;
  else {
    try {
      line = new TextDecoder('utf-8', { fatal: true }).decode(value);
    } catch {
      return reject(value, undefined, 'not UTF-8', 'the record holds bytes that are no UTF-8');
    }
  }
  const envelope = line.startsWith('{"rejected":');
  if (!envelope && exceedsBytes(line, LIMITS.eventBytes)) return tooLarge(value, line);
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    const { reason, detail } = notJson(line, error);
    return reject(value, undefined, reason, detail);
  }
  return (envelope ? rejectedLine(parsed) : undefined) ?? decodeParsed(value, line, parsed, context);
}

/** Why a text that is no JSON holds no event. */
export function notJson(text: string, error: unknown): Pick<Rejected, 'reason' | 'detail'> {
  if (text.trim() === '') return { reason: 'empty record', detail: 'the record holds no text' };
  return { reason: 'not JSON', detail: (error as Error).message.slice(0, 200) };
}

/**
 * Like {@link decodeRecord}, for a record that was already parsed: `parsed` is what `line` says, and is changed in place.
 * It takes no rejected lines: only who writes to the log may send those.
 */
export function decodeParsed(
  value: string | Uint8Array,
  line: string,
  parsed: unknown,
  context: DecodeContext,
): ShopEvent | Rejected {
  if (exceedsBytes(line, LIMITS.eventBytes)) return tooLarge(value, line);
  mendNames(parsed);
  if (!hasEventShape(parsed)) return badShape(value, parsed);
  try {
    // In a short line of plain ASCII no string is too long, and without a backslash none holds a control character.
    const careful = line.length > LIMITS.stringBytes || !isPlain(line);
    return normalise(parsed, context, careful);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const { id, source } = parsed;
    return reject(value, validId(id), error.reason, error.message, source ?? undefined);
  }
}

/**
 * An event that the log took at a moment which is yet to come: the clock of the host that noted it runs ahead, so nothing is
 * known of when it happened. Its id stays free, because it may be sent again with the right time.
 */
export function rejectAhead(event: ShopEvent, value: string | Uint8Array, appendedAt: number): Rejected {
  const detail = `it arrived at ${instant(appendedAt)}, which is yet to come where it is counted`;
  return reject(value, undefined, CLOCK_AHEAD, detail, event.source);
}

function instant(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? `${time} ms` : date.toISOString();
}

function tooLarge(value: string | Uint8Array, line: string): Rejected {
  const bytes = Buffer.byteLength(line);
  const kept = bytes > LIMITS.keptBytes ? '; its beginning is kept' : '';
  const detail = `${bytes} bytes, ${LIMITS.eventBytes} are allowed${kept}`;
  return reject(value, undefined, 'too large', detail);
}

function normalise(event: ParsedEvent, context: DecodeContext, careful: boolean): ShopEvent {
  const { items } = event;
  // Of nothing but control characters, nothing is left.
  if (careful && typeof event.id === 'string') event.id = cleanString(event.id, 'id');
  event.id = idOr(event.id, undefined) ?? contentId(event) ?? placeId(context);
  if (careful) cleanStrings(event);
  event.time = eventTime(event.time, context.appendedAt);
  optionalId(event, 'userId');
  optionalId(event, 'anonymousId');
  optionalId(event, 'sessionId');
  optionalId(event, 'orderId');
  const placeholder = dropPlaceholders(event);
  if (event.type === LINK_TYPE && (event.userId === undefined || event.anonymousId === undefined))
    throw new Invalid('identify without both ids', 'it needs a userId and an anonymousId');
  if (event.partial !== undefined && event.partial !== true) delete event.partial;
  if (event.partial === true && event.orderId === undefined) {
    throw new Invalid('partial order without id', 'partial is true and orderId is absent');
  }
  if (event.currency !== undefined) {
    if (!event.currency) delete event.currency;
    else if (!/^[A-Z]{3}$/.test(event.currency)) {
      const code = event.currency.trim().toUpperCase();
      if (!/^[A-Z]{3}$/.test(code))
        throw new Invalid('bad currency', `currency is '${event.currency.slice(0, 20)}'`);
      event.currency = code;
    }
  }
  const isMisplaced = dropMisplaced(event, context);
  normaliseOrder(event);
  if (event.query !== undefined && !event.query) delete event.query;
  event.source = event.source || 'unknown';
  if (items == null) event.items = [];
  else {
    if (items.length > LIMITS.items)
      throw new Invalid('too many items', `${items.length}, ${LIMITS.items} are allowed`);
    for (let i = 0; i < items.length; i++) normaliseItem(items[i]!, i);
  }
  if (event.type === 'purchase' || event.type === 'refund') requireAmount(event);
  const isWhole = event.truncated !== true;
  delete event.truncated;
  const { onLeftOut = ignore } = context;
  const whole = event.properties === undefined || normaliseProperties(event, careful, onLeftOut);
  const known = knownOnly(event as unknown as ShopEvent, whole && isWhole && !isMisplaced, onLeftOut);
  if (placeholder) known.placeholder = true;
  else if (known.placeholder !== undefined) delete known.placeholder;
  return known;
}

function ignore(): void {}

/**
 * The event with its known fields: whatever a stranger added goes no further, however large or deep it is.
 * @param whole whether it has lost nothing so far
 */
function knownOnly(event: ShopEvent, whole: boolean, onLeftOut: (path: string) => void): ShopEvent {
  const { items } = event;
  let lost = !whole;
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    if (holdsOnly(item, ITEM_NAMES)) continue;
    for (const name of lostNames(item, ITEM_NAMES)) {
      onLeftOut(`items.${name}`);
      lost = true;
    }
    items[i] = only(item, ITEM_NAMES);
  }
  if (holdsOnly(event, EVENT_NAMES)) {
    if (lost) event.truncated = true;
    return event;
  }
  for (const name of lostNames(event, EVENT_NAMES)) {
    onLeftOut(name);
    lost = true;
  }
  const known = only(event, EVENT_NAMES);
  if (lost) known.truncated = true;
  return known;
}

function holdsOnly(object: object, known: ReadonlySet<string>): boolean {
  for (const name in object) if (!known.has(name)) return false;
  return true;
}

/** Unknown fields that say something: `null` and the empty string stand for an absent one. */
function lostNames(object: object, known: ReadonlySet<string>): string[] {
  return Object.entries(object).flatMap(([name, value]) =>
    known.has(name) || value === null || value === '' ? [] : [name],
  );
}

function only<T extends object>(object: T, known: ReadonlySet<string>): T {
  return Object.fromEntries(Object.entries(object).filter(([name]) => known.has(name))) as T;
}

function placeId({ partition, offset, index }: DecodeContext): string {
  return index === undefined ? `${partition}:${offset}` : `${partition}:${offset}:${index}`;
}

function normaliseItem(item: ParsedItem, index: number): void {
  const productId = idOr(item.productId, undefined)?.trim();
  if (!productId) throw new Invalid('product without id', `items.${index}.productId is empty`);
  item.productId = productId;
  if (item.name !== undefined && !item.name) delete item.name;
  if (item.category !== undefined && !item.category) delete item.category;
  if (item.brand !== undefined && !item.brand) delete item.brand;
  const { price, total, quantity } = item;
  if (price === null || price === '') delete item.price;
  else if (price !== undefined) item.price = amountOf(price, 'price', `items.${index}.price`);
  if (total === null || total === '') delete item.total;
  else if (total !== undefined) item.total = amountOf(total, 'amount', `items.${index}.total`);
  const units = quantity == null || quantity === '' ? 1 : Number(quantity);
  if (units !== quantity) item.quantity = units;
  if (units < 1 || units > LIMITS.quantity) {
    const reason = units < 0 ? 'negative quantity' : units === 0 ? 'zero quantity' : 'bad quantity';
    throw new Invalid(reason, `items.${index}.quantity is ${units}`);
  }
  if (price != null && price !== '' && item.total === undefined) {
    const whole = amountOfUnits(price, units);
    if (whole !== undefined) item.total = whole;
  }
}

/** @param kind what the reason calls it */
function amountOf(value: number | string, kind: 'price' | 'amount', path: string): number {
  const amount = parseAmount(value);
  if (amount === undefined)
    throw new Invalid(`bad ${kind}`, `${path} is ${JSON.stringify(value).slice(0, 80)}`);
  if (amount < 0) throw new Invalid(`negative ${kind}`, `${path} is ${value}`);
  return amount;
}

/** What is said of the whole order. */
function normaliseOrder(event: ParsedEvent): void {
  for (const name of AMOUNTS) {
    const value = event[name];
    if (value === undefined) continue;
    if (value === null || value === '') delete event[name];
    else event[name] = amountOf(value, 'amount', name);
  }
  if (event.status === undefined) return;
  if (!event.status) {
    delete event.status;
    return;
  }
  const status = event.status.trim().toLowerCase();
  if (!ORDER_STATUSES.includes(status as OrderStatus))
    throw new Invalid('bad status', `status is '${event.status.slice(0, 40)}': ${ORDER_STATUSES.join(', ')}`);
  event.status = status;
}

/** Takes away what only a refund says. @returns whether there was something to lose */
function dropMisplaced(event: ParsedEvent, { onLeftOut = ignore }: DecodeContext): boolean {
  const { refunded, type } = event;
  if (refunded === undefined || type === 'refund') return false;
  delete event.refunded;
  if (refunded === null || refunded === '') return false;
  onLeftOut('refunded');
  return true;
}

/** An order or a refund of which neither products nor money are said would count as worth nothing. */
function requireAmount({ type, items, orderId, status, partial, ...stated }: ParsedEvent): void {
  if (stated.revenue !== undefined || stated.total !== undefined) return;
  if (type === 'purchase') {
    // A further line of an order may say something else of it.
    const saysMore = status !== undefined || AMOUNTS.some((name) => stated[name] !== undefined);
    if (items!.length > 0 || (partial === true && saysMore)) return;
    throw new Invalid('order without amount', 'it has no items, and neither revenue nor total');
  }
  // A refund that names its order may give back all of it.
  if (
    orderId !== undefined ||
    stated.refunded !== undefined ||
    items!.some((item) => item.price !== undefined || item.total !== undefined)
  )
    return;
  throw new Invalid('refund without amount', 'it names no order, no price, and neither revenue nor total');
}

function eventTime(value: number | string, appendedAt: number): number {
  const time = Math.floor(typeof value === 'number' ? value : parseTime(value.trim()));
  if (!(time >= LIMITS.minTime)) {
    throw new Invalid(
      'bad time',
      `time is ${JSON.stringify(value)?.slice(0, 80)}: ms since 1970 or ISO 8601, from 2000 on`,
    );
  }
  if (time <= appendedAt) return time;
  if (time > appendedAt + LIMITS.clockMs) {
    throw new Invalid('time in the future', `time is ${value}, which is over five minutes after it arrived`);
  }
  return appendedAt;
}

type IdField = 'userId' | 'anonymousId' | 'sessionId' | 'orderId';

function optionalId(event: ParsedEvent, field: IdField): void {
  const value = event[field];
  if (value === undefined) return;
  if (typeof value === 'number') event[field] = String(value);
  else if (value === null || value === '') delete event[field];
  else {
    const id = value.trim();
    if (id !== '') event[field] = id;
    else if (field === 'orderId' || field === 'sessionId') delete event[field];
    // For somebody's id, blanks alone are a placeholder, which is told.
    else event[field] = ' ';
  }
}

/** Takes ids away that are none. @returns whether there was one */
function dropPlaceholders(event: ParsedEvent): boolean {
  const none = placeholderIds();
  const { userId, anonymousId, sessionId, orderId, placeholder } = event as Partial<ShopEvent>;
  // Of an event that was written again.
  let found = placeholder === true;
  if (userId !== undefined && none.has(userId)) {
    delete event.userId;
    found = true;
  }
  if (anonymousId !== undefined && none.has(anonymousId)) {
    delete event.anonymousId;
    found = true;
  }
  if (sessionId !== undefined && none.hasWord(sessionId)) {
    delete event.sessionId;
    found = true;
  }
  // Two orders of one name would be one order.
  if (orderId !== undefined && none.hasWord(orderId)) {
    delete event.orderId;
    found = true;
  }
  return found;
}

function idOr(value: string | number | null | undefined, fallback: string | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? fallback : value;
  return typeof value === 'number' ? String(value) : fallback;
}

function validId(value: unknown): string | undefined {
  const id = idOr(value as string | number | null | undefined, undefined);
  return id === undefined || exceedsBytes(id, LIMITS.stringBytes) ? undefined : id;
}

const STRINGS = [
  'id',
  'userId',
  'anonymousId',
  'sessionId',
  'orderId',
  'status',
  'currency',
  'query',
  'source',
] as const;
const ITEM_STRINGS = ['productId', 'name', 'category', 'brand'] as const;

function cleanStrings(event: ParsedEvent): void {
  for (const field of STRINGS) {
    const value = event[field];
    if (typeof value === 'string') event[field] = cleanString(value, field);
  }
  event.items?.forEach((item, index) => {
    for (const field of ITEM_STRINGS) {
      const value = item[field];
      if (typeof value === 'string') item[field] = cleanString(value, `items.${index}.${field}`);
    }
  });
}

function cleanString(text: string, path: string): string {
  if (exceedsBytes(text, LIMITS.stringBytes)) {
    throw new Invalid(
      'string too long',
      `${path} has ${Buffer.byteLength(text)} bytes, ${LIMITS.stringBytes} are allowed`,
    );
  }
  return cleanText(text);
}

function cleanText(text: string): string {
  return stripControls(mendSurrogates(text));
}

function isProperty(value: unknown): value is string | number | boolean {
  // JSON can say 1e999, which no JSON can say again.
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** @returns whether all of them are kept */
function normaliseProperties(
  event: ParsedEvent,
  careful: boolean,
  onLeftOut: (path: string) => void,
): boolean {
  const { properties } = event;
  if (properties == null) {
    delete event.properties;
    return true;
  }
  const names = Object.keys(properties);
  if (names.length > LIMITS.properties) {
    throw new Invalid('too many properties', `${names.length}, ${LIMITS.properties} are allowed`);
  }
  if (!careful && names.every((name) => name !== '__proto__' && isProperty(properties[name as never])))
    return true;
  const kept: Record<string, PropertyValue> = {};
  const room: Room = { values: LIMITS.propertyValues, whole: true };
  let whole = true;
  for (const name of names) {
    const value = (properties as Readonly<Record<string, unknown>>)[name];
    if (value === null) continue;
    room.whole = !exceedsBytes(name, LIMITS.stringBytes);
    const key = cleanText(name.slice(0, LIMITS.stringBytes));
    const copy = room.whole ? copyOf(value, 1, room) : undefined;
    if (copy !== undefined) put(kept, key, copy, room);
    if (room.whole) continue;
    onLeftOut(`properties.${key}`);
    whole = false;
  }
  event.properties = kept;
  return whole;
}

/** What the properties of an event may still hold. */
interface Room {
  values: number;
  /** False once something was left out. */
  whole: boolean;
}

/** A value within the bounds, without what lies beyond them; `undefined` for one that lies beyond them itself. */
function copyOf(value: unknown, depth: number, room: Room): PropertyValue | undefined {
  if (value === null) return null;
  if (typeof value === 'string' && !exceedsBytes(value, LIMITS.stringBytes)) return cleanText(value);
  if (typeof value !== 'string' && isProperty(value)) return value;
  if (typeof value !== 'object' || depth > LIMITS.propertyDepth) {
    room.whole = false;
    return undefined;
  }
  const list: PropertyValue[] | undefined = Array.isArray(value) ? [] : undefined;
  const object: Record<string, PropertyValue> = {};
  for (const name in value) {
    room.values -= 1;
    if (room.values < 0 || exceedsBytes(name, LIMITS.stringBytes)) {
      room.whole = false;
      break;
    }
    const copy = copyOf(value[name as keyof typeof value], depth + 1, room);
    if (copy === undefined) continue;
    if (list === undefined) put(object, cleanText(name), copy, room);
    else list.push(copy);
  }
  return list ?? object;
}

function put(object: Record<string, PropertyValue>, name: string, value: PropertyValue, room: Room): void {
  // As a plain assignment, this name would set the prototype.
  if (name === '__proto__') room.whole = false;
  else object[name] = value;
}

/** What an importer sent through the log as a line that is no event; `undefined` where it is no such thing. */
function rejectedLine(parsed: unknown): Rejected | undefined {
  const line = (parsed as { rejected?: Record<string, unknown> | null }).rejected;
  if (typeof line?.reason !== 'string' || typeof line.id !== 'string') return undefined;
  if (exceedsBytes(line.id, LIMITS.stringBytes)) return undefined;
  const raw = typeof line.raw === 'string' ? line.raw : '';
  const bytes =
    typeof line.rawBase64 === 'string' ? Buffer.from(line.rawBase64, 'base64') : Buffer.from(raw, 'utf8');
  const text = (field: unknown): string =>
    typeof field === 'string' ? stripControls(field.slice(0, LIMITS.stringBytes)) : '';
  const { id } = line;
  return {
    id,
    reason: text(line.reason).slice(0, 80),
    detail: text(line.detail),
    source: text(line.source),
    bytes: keptOf(bytes),
  };
}

function badShape(value: string | Uint8Array, parsed: unknown): Rejected {
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
    return reject(value, undefined, 'not an event', 'the record is no JSON object');
  }
  const { id, source } = parsed as { id?: unknown; source?: unknown };
  const { reason, detail } = shapeFault(parsed);
  return reject(
    value,
    validId(id),
    stripControls(reason),
    detail,
    typeof source === 'string' ? source : undefined,
  );
}

function reject(
  value: string | Uint8Array,
  id: string | undefined,
  reason: string,
  detail: string,
  source = 'unknown',
): Rejected {
  return {
    id,
    reason,
    detail: stripControls(detail),
    source: stripControls(source.slice(0, LIMITS.stringBytes)),
    bytes: keptOf(value),
  };
}

/** As much of a record as every document store takes. */
export function keptOf(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value.slice(0, LIMITS.keptBytes), 'utf8') : value;
  return bytes.subarray(0, LIMITS.keptBytes);
}
