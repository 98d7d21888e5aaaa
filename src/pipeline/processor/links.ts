import { type ByteReader, type ByteWriter } from '../events/bytes.ts';
import { type Fact } from './facts.ts';

/** Most users that a device can have: one with more is nobody's own. */
export const MOST_USERS = 50;
/** Most moments at which a user is known to have been named on a device. */
const MOST_TIMES = 200;
/** Most devices of a user that are remembered though they have nothing that is the user's. */
const MOST_DEVICES = 100;
/** Most devices whose facts are kept beside what a user is counted by. */
export const MOST_PARTS = 50;

/** What a device, which has an anonymous id, knows of its users. */
export interface Device {
  readonly users: DeviceUser[];
  /** Of each fact of the device's trail, the place in `users` of whom it belongs to; -1 for one that nobody has yet. */
  owners: number[];
}

export interface DeviceUser {
  readonly id: string;
  /** Whether the user was asked for all moments: where there is but one, everything is that one's. */
  asked: boolean;
  /** Moments at which the user was named on the device, ascending, ms since the epoch. */
  readonly times: number[];
  /** Time of the newest event that stays the user's, whatever comes, ms since the epoch; 0 for none. */
  settledAt: number;
}

/** What a user's state knows of the devices that the user was named on, and has got from them. */
export interface Joined {
  readonly devices: JoinedDevice[];
}

export interface JoinedDevice {
  readonly id: string;
  /** Whether the device knows of the user. */
  told: boolean;
  /** Whether the device wants to know all moments. */
  asked: boolean;
  /** Moments that the device does not know of, ms since the epoch. */
  times: number[];
  /** What was done there and belongs to the user: facts as bytes, empty for none. */
  facts: Uint8Array;
  /** Products of the device, the latest last: those of interest, and those that were bought. */
  recent: readonly string[];
  bought: readonly string[];
}

/** Notes a moment among others, in their order. */
export function noteTime(times: number[], time: number): void {
  let at = times.length;
  while (at > 0 && times[at - 1]! > time) at -= 1;
  if (times[at - 1] === time) return;
  times.splice(at, 0, time);
  // The first and the latest ones matter most.
  if (times.length > MOST_TIMES) times.splice(1, 1);
}

/** The device of a user's state, made where there is none. */
export function deviceOf(joined: Joined, id: string): JoinedDevice {
  const known = joined.devices.find((device) => device.id === id);
  if (known !== undefined) return known;
  const device = { id, told: false, asked: false, times: [], facts: NO_BYTES, recent: [], bought: [] };
  joined.devices.push(device);
  if (joined.devices.length > MOST_DEVICES) {
    const idle = joined.devices.findIndex((other) => other.told && other.facts.length === 0);
    if (idle >= 0) joined.devices.splice(idle, 1);
  }
  return device;
}

const NO_BYTES = new Uint8Array();

/** The id of the user whose an anonymous event of a device at a time is, ms since the epoch. */
export function userAt(device: Device, time: number): string {
  return device.users[ownersOf(device, [{ time }])[0]!]!.id;
}

/** Whether it might have given older events, which stay with others, to a user that the user was named at a moment. */
export function isTooLate({ users }: Device, user: string, time: number): boolean {
  let before = 0;
  for (const { times } of users) for (const at of times) if (at < time && at > before) before = at;
  return users.some(({ id, settledAt }) => id !== user && settledAt > before);
}

/** Whose anonymous events are, by place in `users`. */
export function ownersOf({ users }: Device, facts: readonly Pick<Fact, 'time'>[]): number[] {
  const links = users.flatMap(({ times }, user) => times.map((time) => ({ time, user })));
  // Of one moment, the id that comes first by the alphabet is the earlier link: the order of arrival must not matter.
  links.sort((a, b) => a.time - b.time || compare(users[a.user]!.id, users[b.user]!.id));
  return facts.map(({ time }) => {
    let [low, high] = [0, links.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (links[middle]!.time < time) low = middle + 1;
      else high = middle;
    }
    return links[Math.min(low, links.length - 1)]!.user;
  });
}

/** Whom a device was linked to last. */
export function lastUser({ users }: Device): string {
  return users.reduce((last, user) => {
    const [a, b] = [last.times.at(-1)!, user.times.at(-1)!];
    return b > a || (b === a && compare(user.id, last.id) > 0) ? user : last;
  }).id;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const IS_ASKED = 1;
const HAS_SETTLED = 2;

export function writeDevice(writer: ByteWriter, { users, owners }: Device): void {
  writer.uint(users.length);
  for (const { id, asked, times, settledAt } of users) {
    writer.text(id);
    writer.uint((asked ? IS_ASKED : 0) | (settledAt > 0 ? HAS_SETTLED : 0));
    writeTimes(writer, times);
    if (settledAt > 0) writer.uint(settledAt);
  }
  writer.uint(owners.length);
  for (const owner of owners) writer.int(owner);
}

export function readDevice(reader: ByteReader): Device {
  const users: DeviceUser[] = [];
  for (let left = reader.uint(); left > 0; left -= 1) {
    const id = reader.text();
    const bits = reader.uint();
    const times = readTimes(reader);
    const settledAt = (bits & HAS_SETTLED) !== 0 ? reader.uint() : 0;
    users.push({ id, asked: (bits & IS_ASKED) !== 0, times, settledAt });
  }
  const owners: number[] = [];
  for (let left = reader.uint(); left > 0; left -= 1) owners.push(reader.int());
  return { users, owners };
}

const TOLD = 1;
const ASKED = 2;

export function writeJoined(writer: ByteWriter, { devices }: Joined): void {
  writer.uint(devices.length);
  for (const { id, told, asked, times, facts, recent, bought } of devices) {
    writer.text(id);
    writer.uint((told ? TOLD : 0) | (asked ? ASKED : 0));
    writeTimes(writer, times);
    writer.uint(facts.length);
    writer.copy(facts, 0, facts.length);
    writer.texts(recent);
    writer.texts(bought);
  }
}

export function readJoined(reader: ByteReader): Joined {
  const devices: JoinedDevice[] = [];
  for (let left = reader.uint(); left > 0; left -= 1) {
    const id = reader.text();
    const flags = reader.uint();
    const times = readTimes(reader);
    const size = reader.uint();
    const start = reader.skip(size);
    devices.push({
      id,
      told: (flags & TOLD) !== 0,
      asked: (flags & ASKED) !== 0,
      times,
      facts: Uint8Array.prototype.slice.call(reader.bytes, start, start + size),
      recent: reader.texts(),
      bought: reader.texts(),
    });
  }
  return { devices };
}

export function writeTimes(writer: ByteWriter, times: readonly number[]): void {
  writer.uint(times.length);
  let before = 0;
  for (const time of times) {
    writer.uint(time - before);
    before = time;
  }
}

export function readTimes(reader: ByteReader): number[] {
  let time = 0;
  return Array.from({ length: reader.uint() }, () => {
    time += reader.uint();
    return time;
  });
}
