import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { type Count } from '../events/money.ts';
import { type Exposure } from './exposure.ts';
import { type Presence } from './presence.ts';
import { type Purchases, type Session, type SessionValue, type ShopperState } from './shopper-state.ts';

// The stored form of a shopper's state: a third of its JSON, because nearly all of its times are near to each other. The version
// of the layout comes first, then what is there, each a bit. Fields come in the order in which the states of new shoppers have
// them: objects that are alike are quicker to work on.
const VERSION = 1;
const WITH_PURCHASES = 1;
const WITH_EXPOSURE = 2;
// What is there of a session.
const WITH_ID = 1;
const WITH_PURCHASE = 2;
const WITH_TRIMMED = 4;
const WITH_VALUES = 8;
const SHOWN = 1;
const CLICKED = 2;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function encodeShopperState(state: ShopperState): Uint8Array {
  const writer = new ByteWriter();
  writeShopperState(writer, state);
  return writer.slice();
}

export function writeShopperState(writer: ByteWriter, state: ShopperState): void {
  const { firstSeen, sessions, purchases, exposure } = state;
  writer.uint(VERSION);
  writer.uint((purchases === undefined ? 0 : WITH_PURCHASES) | (exposure === undefined ? 0 : WITH_EXPOSURE));
  writer.uint(firstSeen);
  writer.int(state.lastSeen - firstSeen);
  writePresence(writer, state.hours, unitOf(firstSeen, HOUR_MS));
  writePresence(writer, state.days, unitOf(firstSeen, DAY_MS));
  writer.uint(state.kept);
  if (purchases !== undefined) writePurchases(writer, purchases, firstSeen);
  writer.uint(sessions.length);
  for (let i = 0; i < sessions.length; i += 1) writeSession(writer, sessions[i]!, firstSeen);
  writer.texts(state.recent);
  writer.texts(state.bought);
  if (exposure !== undefined) writeExposure(writer, exposure, firstSeen);
}

/** Near the hour or day of a time in any time zone: what others are told from. */
function unitOf(time: number, width: number): number {
  return Math.floor(time / width);
}

function writePresence(writer: ByteWriter, { last, mask, oldest }: Presence, near: number): void {
  writer.int(last - near);
  writer.uint(mask);
  writer.uint(oldest);
}

function writeSession(writer: ByteWriter, session: Session, near: number): void {
  const { id, start, path, trimmed, steps, bought, values } = session;
  writer.uint(
    (id === undefined ? 0 : WITH_ID) |
      (bought === 0 ? 0 : WITH_PURCHASE) |
      (trimmed === 0 ? 0 : WITH_TRIMMED) |
      (values.length === 0 ? 0 : WITH_VALUES),
  );
  if (id !== undefined) writer.text(id);
  writer.int(start - near);
  writer.uint(session.end - start);
  writer.uint(path);
  if (trimmed !== 0) writer.uint(trimmed);
  writer.uint(steps.length / 3);
  for (let i = 0; i < steps.length; i += 3) {
    writer.uint(steps[i]!);
    writer.int(steps[i + 1]! - start);
    writer.uint(steps[i + 2]! - steps[i + 1]!);
  }
  if (bought !== 0) writer.int(bought - start);
  if (values.length === 0) return;
  writer.uint(values.length);
  for (let i = 0; i < values.length; i += 1) writeValue(writer, values[i], start);
}

function writeValue(writer: ByteWriter, value: SessionValue | undefined, near: number): void {
  writer.uint(value === undefined ? 0 : 1);
  if (value === undefined) return;
  writer.text(value[0]);
  writer.int(value[1] - near);
}

function writePurchases(writer: ByteWriter, purchases: Purchases, near: number): void {
  writer.int(purchases.last - near);
  writer.uint(purchases.orders);
  writeCount(writer, purchases.spent);
  writer.text(purchases.currency);
  writePresence(writer, purchases.hours, unitOf(near, HOUR_MS));
  writePresence(writer, purchases.days, unitOf(near, DAY_MS));
}

/** What a double cannot hold has its digits, others no digit. */
function writeCount(writer: ByteWriter, count: Count): void {
  writer.text(typeof count === 'bigint' ? String(count) : '');
  if (typeof count === 'number') writer.int(count);
}

function writeExposure(writer: ByteWriter, { lists, clicks }: Exposure, near: number): void {
  writer.uint(lists.length);
  for (const { id, shown, clicked } of lists) {
    writer.text(id);
    writer.uint((shown ? SHOWN : 0) | (clicked ? CLICKED : 0));
  }
  writer.uint(clicks.length);
  for (const { productId, arm, time } of clicks) {
    writer.text(productId);
    writer.text(arm);
    writer.int(time - near);
  }
}

/** @throws RangeError where the bytes are no shopper's state */
export function decodeShopperState(bytes: Uint8Array): ShopperState {
  return readShopperState(new ByteReader(bytes));
}

/** Reads a state that is all that a reader has. @throws RangeError where it is none */
export function readShopperState(reader: ByteReader): ShopperState {
  reader.version(VERSION);
  const parts = reader.uint();
  const firstSeen = reader.uint();
  const state: ShopperState = {
    firstSeen,
    lastSeen: firstSeen + reader.int(),
    hours: readPresence(reader, unitOf(firstSeen, HOUR_MS)),
    days: readPresence(reader, unitOf(firstSeen, DAY_MS)),
    kept: reader.uint(),
    purchases: parts & WITH_PURCHASES ? readPurchases(reader, firstSeen) : undefined,
    sessions: readSessions(reader, firstSeen),
    recent: reader.texts(),
    bought: reader.texts(),
    exposure: parts & WITH_EXPOSURE ? readExposure(reader, firstSeen) : undefined,
  };
  reader.finish();
  return state;
}

function readPresence(reader: ByteReader, near: number): Presence {
  return { last: near + reader.int(), mask: reader.uint(), oldest: reader.uint() };
}

function readSessions(reader: ByteReader, near: number): Session[] {
  const sessions: Session[] = [];
  for (let left = reader.uint(); left > 0; left -= 1) sessions.push(readSession(reader, near));
  return sessions;
}

function readSession(reader: ByteReader, near: number): Session {
  const parts = reader.uint();
  const id = parts & WITH_ID ? reader.text() : undefined;
  const start = near + reader.int();
  return {
    id,
    start,
    end: start + reader.uint(),
    path: reader.uint(),
    trimmed: parts & WITH_TRIMMED ? reader.uint() : 0,
    steps: readSteps(reader, start),
    bought: parts & WITH_PURCHASE ? start + reader.int() : 0,
    values: parts & WITH_VALUES ? readValues(reader, start) : [],
  };
}

function readSteps(reader: ByteReader, near: number): number[] {
  const steps: number[] = [];
  for (let left = reader.uint(); left > 0; left -= 1) {
    steps.push(reader.uint());
    const first = near + reader.int();
    steps.push(first, first + reader.uint());
  }
  return steps;
}

function readValues(reader: ByteReader, near: number): (SessionValue | undefined)[] {
  const values: (SessionValue | undefined)[] = [];
  for (let left = reader.uint(); left > 0; left -= 1) {
    values.push(reader.uint() === 0 ? undefined : [reader.text(), near + reader.int()]);
  }
  return values;
}

function readPurchases(reader: ByteReader, near: number): Purchases {
  return {
    last: near + reader.int(),
    orders: reader.uint(),
    spent: readCount(reader),
    currency: reader.text(),
    hours: readPresence(reader, unitOf(near, HOUR_MS)),
    days: readPresence(reader, unitOf(near, DAY_MS)),
  };
}

function readCount(reader: ByteReader): Count {
  const digits = reader.text();
  return digits === '' ? reader.int() : BigInt(digits);
}

function readExposure(reader: ByteReader, near: number): Exposure {
  const exposure: Exposure = { lists: [], clicks: [] };
  for (let left = reader.uint(); left > 0; left -= 1) {
    const id = reader.text();
    const seen = reader.uint();
    exposure.lists.push({ id, shown: (seen & SHOWN) !== 0, clicked: (seen & CLICKED) !== 0 });
  }
  for (let left = reader.uint(); left > 0; left -= 1) {
    exposure.clicks.push({ productId: reader.text(), arm: reader.text(), time: near + reader.int() });
  }
  return exposure;
}
