import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { type EventColumns, TEXT } from '../events/columns.ts';
import { COLUMNS } from '../metrics/column-numbers.ts';
import { type FactCounter } from './count-facts.ts';
import { decodeFacts, encodeFacts, type Fact } from './facts.ts';
import {
  type Device,
  type DeviceUser,
  deviceOf,
  isTooLate,
  type JoinedDevice,
  lastUser,
  MOST_PARTS,
  MOST_USERS,
  noteTime,
  ownersOf,
} from './links.ts';
import { type Message } from './messages.ts';
import { readShopperState, writeShopperState } from './shopper-record.ts';
import { ShopperState } from './shopper-state.ts';
import { type Tally } from './tally.ts';

/** Most facts of a device that can still be given to a user who is linked to it for the first time: with more, its past stays alone. */
const MOST_FACTS = 500;
const MOST_BYTES = 16 * 1024;
/** A linked device with more settles the earliest: they stay with whom they are. */
const MOST_OPEN = 200;
const KEPT_OPEN = 100;
/** Key prefixes, as `shopperOf` has them. */
const USER = 'u:';
const DEVICE = 'a:';

/**
 * Makes people of ids: an event belongs to the user whom it names; an anonymous one to the user who is named next on its
 * device, or, after the last time that somebody is, to that one.
 *
 * A device's own state has its facts until the first link comes. Then what it was counted by is taken back, and its facts go to
 * its users, again whenever they change. What a user's state is counted by is its own events, one by one, and the facts of its
 * devices, as if they came after those: they are taken back before that state changes, and counted again after it has. So what
 * is counted depends on what is known, and not on the way to it.
 */
export interface People {
  /** Begins with a micro-batch. */
  begin(): void;
  /** Takes back what a user's devices add to the numbers, before the state changes. */
  before(state: ShopperState): void;
  /** Counts it again. */
  after(state: ShopperState): void;
  /** Notes that an event of a user names a device. */
  noteLink(state: ShopperState, columns: EventColumns, row: number): void;
  /** Lets the devices know of a user whose events were noted. @param key of the user's state */
  tellDevices(state: ShopperState, key: string): void;
  /** Gives the facts of a linked device to its users. @param key of the device's state */
  handOver(state: ShopperState, key: string): void;
  /** Takes a message to the shopper with the state. */
  take(state: ShopperState, message: Message): void;
  /** What is to be said to others. */
  messages(): readonly Message[];
}

/** Whether a device's trail holds as much as it may. */
export function isTooLong({ trail }: ShopperState): boolean {
  return trail.count > MOST_FACTS || trail.size > MOST_BYTES;
}

/** @param add counts facts @param takeBack takes back what was counted of facts */
export function createPeople(tally: Tally, add: FactCounter, takeBack: FactCounter): People {
  let told: Message[] = [];
  const writer = new ByteWriter(1024);
  const reader = new ByteReader();
  const scratch = new ShopperState();

  /** What the facts of a user's devices add to what the user's own events are counted as. */
  function countParts(state: ShopperState, counter: FactCounter): void {
    if (state.joined === undefined) return;
    const parts = state.joined.devices.filter(({ facts }) => facts.length > 0);
    if (parts.length === 0) return;
    const facts = parts.sort((a, b) => (a.id < b.id ? -1 : 1)).flatMap((part) => decodeFacts(part.facts));
    writer.clear();
    writeShopperState(writer, state);
    reader.open(writer.bytes, 0, writer.length);
    readShopperState(reader, scratch);
    scratch.mostSessions = Number.POSITIVE_INFINITY;
    counter.follow(facts.sort(byTime), scratch);
  }

  function takeLinks(state: ShopperState, device: string, user: string, times: readonly number[]): void {
    state.device ??= begin(state);
    const { users } = state.device;
    let known = users.find(({ id }) => id === user);
    if (known === undefined) {
      if (users.length === MOST_USERS) {
        tally.addTotal(tally.bucketAt(times[0]!), COLUMNS.unjoined, 1);
        return;
      }
      known = { id: user, asked: false, times: [], settledAt: 0 };
      users.push(known);
    }
    for (const time of times) {
      if (!known.times.includes(time) && isTooLate(state.device, user, time))
        tally.addTotal(tally.bucketAt(time), COLUMNS.lateLinks, 1);
      noteTime(known.times, time);
    }
    if (users.length > 1) for (const one of users) ask(one, device);
    handOver(state, device);
  }

  function ask(user: DeviceUser, device: string): void {
    if (user.asked) return;
    user.asked = true;
    told.push({ type: 'ask', to: USER + user.id, device: device.slice(DEVICE.length) });
  }

  /** The first link of a device: its facts are its users' from now on. */
  function begin(state: ShopperState): Device {
    const facts = state.trail.facts();
    if (facts.length > 0) {
      scratch.reset();
      takeBack.follow(facts, scratch);
      state.forgetCounts();
    } else if (state.firstSeen !== 0) {
      tally.addTotal(tally.bucketAt(state.firstSeen), COLUMNS.unjoined, 1);
    }
    return { users: [], owners: facts.map(() => -1) };
  }

  /** @param settle the user whose facts are to stay with him, if there is one */
  function handOver(state: ShopperState, key: string, settle?: string): void {
    const { device } = state;
    if (device === undefined) return;
    const facts = state.trail.facts();
    const owners = ownersOf(device, facts);
    const changed = new Set<number>();
    owners.forEach((owner, i) => {
      const before = device.owners[i] ?? -1;
      if (owner === before) return;
      changed.add(owner);
      if (before >= 0) changed.add(before);
    });
    const settled = settledOf(facts);
    if (settle !== undefined)
      owners.forEach((owner, i) => {
        if (device.users[owner]!.id === settle) settled.add(i);
      });
    for (const i of settled) {
      const owner = device.users[owners[i]!]!;
      owner.settledAt = Math.max(owner.settledAt, facts[i]!.time);
      changed.add(owners[i]!);
    }
    const open = facts.map((_, i) => i).filter((i) => !settled.has(i));
    const isLast = device.users.findIndex(({ id }) => id === lastUser(device));
    for (const user of changed) {
      const of = (places: Iterable<number>) =>
        [...places].filter((i) => owners[i] === user).map((i) => facts[i]!);
      told.push({
        type: 'part',
        to: USER + device.users[user]!.id,
        device: key.slice(DEVICE.length),
        settled: encodeFacts(of(settled).sort(byTime)),
        facts: encodeFacts(of(open)),
        recent: user === isLast ? state.recent.texts() : [],
        bought: user === isLast ? state.bought.texts() : [],
      });
    }
    if (settled.size > 0) state.trail.set(open.map((i) => facts[i]!));
    device.owners = open.map((i) => owners[i]!);
  }

  /** A device of a user has something else for the user, or nothing. */
  function takePart(state: ShopperState, part: Message & { type: 'part' }): void {
    const device = joinedDevice(state, part.device);
    countParts(state, takeBack);
    add.follow(decodeFacts(part.settled), state);
    device.facts = decodeFacts(part.facts).length === 0 ? new Uint8Array() : part.facts;
    device.recent = part.recent;
    device.bought = part.bought;
    countParts(state, add);
    const parts = state.joined!.devices.filter(({ facts }) => facts.length > 0);
    const user = part.to.slice(USER.length);
    if (parts.length > MOST_PARTS) told.push({ type: 'settle', to: DEVICE + parts[0]!.id, user });
  }

  /** Lines that name nobody, of an order of the shopper's. */
  function takeLines(state: ShopperState, { to, facts: bytes, bought }: Message & { type: 'lines' }): void {
    for (const product of bought) {
      const text = Buffer.from(product);
      state.recent.note(text, 0, text.length);
      state.bought.note(text, 0, text.length);
    }
    const facts = decodeFacts(bytes);
    if (facts.length === 0) return;
    const isWhole = state.trail.count > 0 || state.device !== undefined;
    if (isWhole && to.startsWith(DEVICE)) state.trail.set([...state.trail.facts(), ...facts]);
    if (state.device !== undefined) {
      handOver(state, to);
      return;
    }
    if (isTooLong(state)) state.trail.clear();
    countParts(state, takeBack);
    add.follow(facts, state);
    countParts(state, add);
  }

  function tellDevices({ joined }: ShopperState, key: string): void {
    for (const device of joined?.devices ?? []) {
      const { id, told: isTold, asked, times } = device;
      if (times.length === 0 || (isTold && !asked)) continue;
      told.push({ type: 'links', to: DEVICE + id, user: key.slice(USER.length), times });
      device.told = true;
      // It has to know of all of them only where it asks.
      if (asked) device.times = [];
    }
  }

  function joinedDevice(state: ShopperState, id: string): JoinedDevice {
    return deviceOf(state.joined ?? state.join(), id);
  }

  return {
    begin() {
      told = [];
    },
    before: (state) => countParts(state, takeBack),
    after: (state) => countParts(state, add),
    noteLink(state, columns, row) {
      const device = joinedDevice(state, columns.text(row, TEXT.anonymousId)!);
      noteTime(device.times, columns.time(row));
    },
    tellDevices,
    handOver: (state, key) => handOver(state, key),
    take(state, message) {
      switch (message.type) {
        case 'links':
          takeLinks(state, message.to, message.user, message.times);
          break;
        case 'ask':
          joinedDevice(state, message.device).asked = true;
          tellDevices(state, message.to);
          break;
        case 'settle':
          handOver(state, message.to, message.user);
          break;
        case 'lines':
          takeLines(state, message);
          break;
        case 'part':
          takePart(state, message);
      }
    },
    messages: () => told,
  };
}

/** Places of the facts that are too many. */
function settledOf(facts: readonly Fact[]): Set<number> {
  if (facts.length <= MOST_OPEN) return new Set();
  const places = facts.map((_, i) => i).sort((a, b) => byTime(facts[a]!, facts[b]!));
  return new Set(places.slice(0, facts.length - KEPT_OPEN));
}

/** Of the same moment, an earlier step of the funnel comes first anyway; the sort is stable. */
function byTime(a: Fact, b: Fact): number {
  return a.time - b.time;
}
