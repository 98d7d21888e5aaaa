import { type ByteText } from '../events/byte-text.ts';
import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { type Count } from '../events/money.ts';
import { type Exposure } from './exposure.ts';
import { readDevice, readJoined, readTimes, writeDevice, writeJoined, writeTimes } from './links.ts';
import { newPresence, type Presence } from './presence.ts';
import { type Purchases, type Session, ShopperState } from './shopper-state.ts';
import { readCount, writeCount } from './stored-count.ts';

// The stored form of a shopper's state: a third of its JSON, because nearly all of its times are near to each other. The version
// of the layout comes first, then what is there, each a bit. Fields come in the order in which the states of new shoppers have
// them: objects that are alike are quicker to work on.
const VERSION = 1;
const WITH_PURCHASES = 1;
const WITH_EXPOSURE = 2;
const WITH_TRAIL = 4;
const WITH_DEVICE = 8;
const WITH_JOINED = 16;
/** Of its orders, more are taken back so far than have come. */
const BELOW_ZERO = 32;
/** They are in more than one currency. */
const WITH_CURRENCIES = 64;
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
  writer.uint(
    (purchases === undefined ? 0 : WITH_PURCHASES) |
      ((purchases?.orders ?? 0) < 0 ? BELOW_ZERO : 0) |
      ((purchases?.spent.size ?? 0) > 1 ? WITH_CURRENCIES : 0) |
      (exposure === undefined ? 0 : WITH_EXPOSURE) |
      (state.trail.count === 0 ? 0 : WITH_TRAIL) |
      (state.device === undefined ? 0 : WITH_DEVICE) |
      (state.joined === undefined ? 0 : WITH_JOINED),
  );
  writer.uint(firstSeen);
  writer.int(state.lastSeen - firstSeen);
  writePresence(writer, state.hours, unitOf(firstSeen, HOUR_MS));
  writePresence(writer, state.days, unitOf(firstSeen, DAY_MS));
  writer.uint(state.kept);
  if (purchases !== undefined) writePurchases(writer, purchases, firstSeen);
  writer.uint(sessions.length);
  for (let i = 0; i < sessions.length; i += 1) writeSession(writer, sessions[i]!, firstSeen);
  state.recent.write(writer);
  state.bought.write(writer);
  if (exposure !== undefined) writeExposure(writer, exposure, firstSeen);
  if (state.trail.count > 0) state.trail.write(writer);
  if (state.device !== undefined) writeDevice(writer, state.device);
  if (state.joined === undefined) return;
  writeJoined(writer, state.joined);
  for (const presence of presencesOf(state)) writeTimes(writer, presence.older!);
}

function presencesOf({ hours, days, purchases }: ShopperState): Presence[] {
  return purchases === undefined ? [hours, days] : [hours, days, purchases.hours, purchases.days];
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
  const { start, path, trimmed, steps, bought, width } = session;
  writer.uint(
    (session.hasId ? WITH_ID : 0) |
      (bought === 0 ? 0 : WITH_PURCHASE) |
      (trimmed === 0 ? 0 : WITH_TRIMMED) |
      (width === 0 ? 0 : WITH_VALUES),
  );
  if (session.hasId) writeText(writer, session.id);
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
  if (width === 0) return;
  writer.uint(width);
  for (let i = 0; i < width; i += 1) {
    const value = session.values[i]!;
    writer.uint(value.has ? 1 : 0);
    if (!value.has) continue;
    writeText(writer, value.text);
    writer.int(value.time - start);
  }
}

function writeText(writer: ByteWriter, { bytes, size }: ByteText): void {
  writer.uint(size);
  writer.copy(bytes, 0, size);
}

function writePurchases(writer: ByteWriter, purchases: Purchases, near: number): void {
  writer.int(purchases.last - near);
  writer.uint(Math.abs(purchases.orders));
  const [first = ['', 0] as const, ...others] = purchases.spent;
  writeSum(writer, first);
  if (others.length > 0) {
    writer.uint(others.length);
    for (const sum of others) writeSum(writer, sum);
  }
  writePresence(writer, purchases.hours, unitOf(near, HOUR_MS));
  writePresence(writer, purchases.days, unitOf(near, DAY_MS));
}

function writeSum(writer: ByteWriter, [currency, sum]: readonly [string, Count]): void {
  writeCount(writer, sum);
  writer.text(currency);
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
  const state = new ShopperState();
  readShopperState(new ByteReader(bytes), state);
  return state;
}

/** Reads a state that is all that a reader has. @throws RangeError where it is none */
export function readShopperState(reader: ByteReader, state: ShopperState): void {
  state.reset();
  reader.version(VERSION);
  const parts = reader.uint();
  const firstSeen = reader.uint();
  state.firstSeen = firstSeen;
  state.lastSeen = firstSeen + reader.int();
  readPresence(reader, state.hours, unitOf(firstSeen, HOUR_MS));
  readPresence(reader, state.days, unitOf(firstSeen, DAY_MS));
  state.kept = reader.uint();
  if (parts & WITH_PURCHASES) state.purchases = readPurchases(reader, firstSeen, parts);
  for (let left = reader.uint(); left > 0; left -= 1) readSession(reader, state.addSession(), firstSeen);
  state.recent.read(reader);
  state.bought.read(reader);
  if (parts & WITH_EXPOSURE) state.exposure = readExposure(reader, firstSeen);
  if (parts & WITH_TRAIL) state.trail.read(reader);
  if (parts & WITH_DEVICE) state.device = readDevice(reader);
  if (parts & WITH_JOINED) {
    state.join(readJoined(reader));
    for (const presence of presencesOf(state)) presence.older = readTimes(reader);
  }
  reader.finish();
}

function readPresence(reader: ByteReader, presence: Presence, near: number): Presence {
  presence.last = near + reader.int();
  presence.mask = reader.uint();
  presence.oldest = reader.uint();
  return presence;
}

function readSession(reader: ByteReader, session: Session, near: number): void {
  const parts = reader.uint();
  session.hasId = (parts & WITH_ID) !== 0;
  if (session.hasId) readText(reader, session.id);
  const start = near + reader.int();
  session.start = start;
  session.end = start + reader.uint();
  session.path = reader.uint();
  session.trimmed = parts & WITH_TRIMMED ? reader.uint() : 0;
  for (let left = reader.uint(); left > 0; left -= 1) {
    const step = reader.uint();
    const first = start + reader.int();
    session.steps.push(step, first, first + reader.uint());
  }
  session.bought = parts & WITH_PURCHASE ? start + reader.int() : 0;
  const width = parts & WITH_VALUES ? reader.uint() : 0;
  for (let i = 0; i < width; i += 1) {
    const value = session.valueAt(i);
    if (reader.uint() === 0) continue;
    const size = reader.uint();
    value.set(reader.bytes, reader.skip(size), size, 0);
    value.time = start + reader.int();
  }
}

function readText(reader: ByteReader, text: ByteText): void {
  const size = reader.uint();
  text.set(reader.bytes, reader.skip(size), size);
}

function readPurchases(reader: ByteReader, near: number, parts: number): Purchases {
  const last = near + reader.int();
  const orders = reader.uint() * (parts & BELOW_ZERO ? -1 : 1);
  const spent = new Map<string, Count>();
  const readSum = (): void => {
    const sum = readCount(reader);
    const currency = reader.text();
    if (sum !== 0) spent.set(currency, sum);
  };
  readSum();
  if (parts & WITH_CURRENCIES) for (let left = reader.uint(); left > 0; left -= 1) readSum();
  return {
    ...{ last, orders, spent },
    hours: readPresence(reader, newPresence(), unitOf(near, HOUR_MS)),
    days: readPresence(reader, newPresence(), unitOf(near, DAY_MS)),
  };
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
