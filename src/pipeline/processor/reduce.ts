import { type DeadLetter, type DocumentBatch, type StoredEvent } from '../document-store/document-store.ts';
import { type LogRecord } from '../event-log/event-log.ts';
import { isRejected, type Rejected, TOMBSTONE } from '../events/decode.ts';
import { add, type Count, multiply, subtract } from '../events/money.ts';
import { type EventItem, type ShopEvent, SIMULATED_SOURCE } from '../events/shop-event.ts';
import { timeZone } from '../events/time-zone.ts';
import {
  BASE_CELL_MS,
  type CellLayout,
  cellStart,
  OWN_DIMENSIONS,
  RECOMMENDER,
} from '../live-store/cells.ts';
import { type Advance, type LiveChange, type ProductInfo } from '../live-store/live-store.ts';
import { slotsOf } from '../live-store/stored-cells.ts';
import { BucketDeltas, type DeltaNames } from '../metrics/bucket-deltas.ts';
import { COLUMNS, FAMILIES, type Family, MOST_HOURS, TYPE_COLUMNS } from './column-numbers.ts';
import { durationClass } from './durations.ts';
import { creditedArm, listOf, newExposure, noteClick, noteList, reactionOf } from './exposure.ts';
import { MANY_EVENTS, STEP_OF } from './funnel.ts';
import { addOrderArm, addOrderLine, newOrder, type OrderState, orderKey } from './order-state.ts';
import { beThere, type Presence } from './presence.ts';
import { buyerClass } from './rfm.ts';
import { createIdNotes, DUPLICATE_HORIZON, idBytes, type SeenIds } from './seen-ids.ts';
import { absorb, extend, isEarlier, matchSession, step } from './sessions.ts';
import {
  newPurchases,
  newShopper,
  noteProduct,
  type Purchases,
  RECENT_PRODUCTS,
  type Session,
  type ShopperState,
} from './shopper-state.ts';

/** An event that is older than its partition's newest by more than this is late, ms. */
export const LATE_MS = 60_000;

/** What is remembered of a partition between batches. */
export interface PartitionMemory {
  /** Offset of the next record. */
  position: number;
  /** The first offset that the log still held when that was last asked. */
  begin: number;
  /** Newest event time so far, ms since the epoch. */
  watermark: number;
  readonly seen: SeenIds;
}

/** Decoded records of one partition: `records[i]` is what `origins[i]` says. */
export interface DecodedBatch {
  readonly partition: number;
  readonly records: readonly (ShopEvent | Rejected)[];
  readonly origins: readonly LogRecord[];
  /** Who acted, by record: what `shopperOf` gives; undefined also for what was rejected. */
  readonly shoppers: readonly (string | undefined)[];
  /** Offset to go on from. */
  readonly next: number;
  /** The host's clock when they were read, ms since the epoch. */
  readonly clock: number;
  /** Records before them that the log let go of before they were counted. */
  readonly lost: number;
  /** The same of those that had been counted once: they are missing in what is counted anew. */
  readonly earlier: number;
}

/** States by key; one that is absent from both maps is new. */
export interface States {
  readonly shoppers: Map<string, ShopperState>;
  readonly orders: Map<string, OrderState>;
}

/** What the shop has settled. */
export interface ReduceSettings extends CellLayout {
  /** ISO 4217 code for events that name none. */
  readonly currency: string;
  /** What of an event is to be counted; all of it where absent. */
  readonly filter?: (event: ShopEvent) => ShopEvent | undefined;
}

/** What a micro-batch means. */
export interface Delta {
  readonly documents: DocumentBatch[];
  readonly change: Omit<LiveChange, 'states'>;
  /** Keys of the states that have changed. */
  readonly touched: { readonly shoppers: ReadonlySet<string>; readonly orders: ReadonlySet<string> };
}

/** Keys of the states that reducing these records takes. */
export function stateKeys(batches: readonly DecodedBatch[]): { shoppers: Set<string>; orders: Set<string> } {
  const shoppers = new Set<string>();
  const orders = new Set<string>();
  for (const { records, shoppers: acting } of batches) {
    for (let i = 0; i < records.length; i += 1) {
      const shopper = acting[i];
      if (shopper !== undefined) shoppers.add(shopper);
      const record = records[i] as ShopEvent;
      if (record.type === 'purchase' && record.orderId !== undefined) orders.add(orderKey(record.orderId));
    }
  }
  return { shoppers, orders };
}

/**
 * Gives records their meaning: sessions, funnel, revenue, duplicates, late events, rejects. Deterministic, without clock
 * and I/O: the same records after the same states and memory give the same delta. States and memory are brought up to
 * date in place, so a caller whose delta was not stored must drop them.
 * @param names numbers for the keys of the delta, to which those are added that are new
 */
export function reduce(
  batches: readonly DecodedBatch[],
  memory: (partition: number) => PartitionMemory,
  states: States,
  settings: ReduceSettings,
  names: DeltaNames,
): Delta {
  const run = createRun(states, settings, names);
  const advances: Advance[] = [];
  const documents: DocumentBatch[] = [];
  for (const batch of batches) {
    const { partition, origins, next, clock } = batch;
    const remembered = memory(partition);
    const from = remembered.position;
    const { ids, ...kept } = run.countAll(batch, remembered);
    remembered.position = next;
    remembered.watermark = Math.min(remembered.watermark, clock);
    const { position: to, watermark } = remembered;
    advances.push({ partition, from, to, watermark, seen: { ids, since: to - DUPLICATE_HORIZON } });
    // What the log let go of is not decided anew.
    const place = { partition, from: from + batch.lost + batch.earlier, to };
    documents.push({ ...place, time: Math.min(origins.at(-1)?.appendedAt ?? 0, clock), ...kept });
  }
  const { cells, claims, products, touched } = run;
  return { documents, change: { advances, cells, names, claims: [...claims], products }, touched };
}

/** Longest key of a property's value or of a query; a longer one is cut. */
const KEY_CHARACTERS = 64;
/** How many days after the first one a shopper's return is counted. */
const COHORT_DAYS = 30;
const HOUR_MS = 3_600_000;
/** Slots of what counters are broken down by always. */
const [PRODUCT, CATEGORY, BRAND, QUERY, RECOMMENDER_SLOT] = [...OWN_DIMENSIONS, RECOMMENDER].map((name) =>
  slotsOf({ timeZone: 'UTC', properties: [] }).numberOf(name),
) as [number, number, number, number, number];

function createRun(states: States, settings: ReduceSettings, { keys }: DeltaNames) {
  const { currency, properties, filter } = settings;
  const zone = timeZone(settings.timeZone);
  const slots = slotsOf(settings);
  const cells = new BucketDeltas();
  const products = new Map<string, ProductInfo>();
  const touched = { shoppers: new Set<string>(), orders: new Set<string>() };
  const claims = new Set<string>();
  /** What events are broken down by: what made the list of recommendations that they belong to, and properties. */
  const dimensions = [RECOMMENDER, ...properties];
  /** Of the event in hand, its values of these. */
  const values: (string | undefined)[] = [];
  /** Their keys, and -1 for none. */
  const valueKeys = dimensions.map(() => -1);
  const valueSlots = dimensions.map((dimension) => slots.numberOf(dimension));

  function cellAt(time: number): number {
    return cells.bucketAt(cellStart(time, BASE_CELL_MS));
  }

  function countAll(
    batch: DecodedBatch,
    memory: PartitionMemory,
  ): Pick<DocumentBatch, 'events' | 'duplicates' | 'deadLetters'> & { readonly ids: Uint8Array } {
    const { partition, records, origins, shoppers, clock, lost, earlier } = batch;
    if (lost > 0) cells.addTotal(cellAt(clock), COLUMNS.lost, lost);
    if (earlier > 0) cells.addTotal(cellAt(clock), COLUMNS.earlier, earlier);
    const events: StoredEvent[] = [];
    const duplicates: Pick<StoredEvent, 'offset' | 'index'>[] = [];
    const deadLetters: DeadLetter[] = [];
    const notes = createIdNotes();
    for (let i = 0; i < records.length; i += 1) {
      const record = records[i]!;
      const { offset, index, appendedAt } = origins[i]!;
      const rejected = isRejected(record);
      const event = rejected || filter === undefined ? record : filter(record);
      let duplicate = false;
      if (record.id !== undefined) {
        const { bytes, length } = idBytes(record.id);
        notes.note(bytes, 0, length, offset);
        duplicate = memory.seen.add(bytes, 0, length, offset);
      }
      if (duplicate) {
        duplicates.push(index === undefined ? { offset } : { offset, index });
        if (event !== undefined)
          cells.addTotal(cellAt(rejected ? Math.min(appendedAt, clock) : record.time), COLUMNS.duplicates, 1);
      } else if (rejected) {
        // What arrived at a moment that is yet to come is told of when it is counted.
        const time = Math.min(appendedAt, clock);
        if (record === TOMBSTONE) {
          cells.addTotal(cellAt(time), COLUMNS.tombstones, 1);
          continue;
        }
        const { reason, detail, source, bytes } = record;
        const place = index === undefined ? { offset } : { offset, index };
        deadLetters.push({ partition, ...place, time, reason, detail, source, bytes });
        cells.addTotal(cellAt(time), FAMILIES.rejected.of(reason), 1);
      } else {
        events.push(index === undefined ? { offset, event: record } : { offset, index, event: record });
        if (event !== undefined) countEvent(event as ShopEvent, shoppers[i], memory.watermark);
        if (record.time > memory.watermark) memory.watermark = record.time;
      }
    }
    return { events, duplicates, deadLetters, ids: notes.bytes() };
  }

  function countEvent(event: ShopEvent, shopper: string | undefined, watermark: number): void {
    const { time, type } = event;
    const cell = cellAt(time);
    cells.addTotal(cell, TYPE_COLUMNS[type], 1);
    if (event.source === SIMULATED_SOURCE) cells.addTotal(cell, COLUMNS.simulated, 1);
    if (time < watermark - LATE_MS) cells.addTotal(cell, COLUMNS.late, 1);
    if (event.truncated) cells.addTotal(cell, COLUMNS.truncated, 1);
    const list = listOf(event);
    for (let i = 0; i < dimensions.length; i += 1) {
      const dimension = dimensions[i]!;
      const value = i === 0 ? list?.arm : propertyOf(event, dimension);
      values[i] = value;
      valueKeys[i] = value === undefined ? -1 : keys[valueSlots[i]!]!.numberOf(value);
    }
    countInValues(cell, COLUMNS.events, 1);
    const spent = type === 'purchase' ? countPurchase(event, shopper, cell) : undefined;
    if (type === 'refund') countRefund(event, cell);
    if (type === 'search' && event.query !== undefined) countSearch(event, event.query, cell);
    countItems(event, cell);
    const state = shopper === undefined ? undefined : followShopper(event, shopper, spent);
    if (list !== undefined) countReaction(event, list.id, cell, state);
  }

  function countInValues(cell: number, column: number, amount: Count): void {
    for (let i = 0; i < valueKeys.length; i += 1) {
      const key = valueKeys[i]!;
      if (key >= 0) cells.add(cell, valueSlots[i]!, key, column, amount);
    }
  }

  function countFor(cell: number, slot: number, key: string, column: number, amount: Count): void {
    cells.add(cell, slot, keys[slot]!.numberOf(key), column, amount);
  }

  /** @returns undefined where the order was counted before */
  function countPurchase(event: ShopEvent, shopper: string | undefined, cell: number): Spent | undefined {
    const { orderId, time, partial = false, items } = event;
    const key = orderId === undefined ? undefined : orderKey(orderId);
    const known = key === undefined ? undefined : states.orders.get(key);
    if (known !== undefined && !(known.partial && partial)) {
      cells.addTotal(cell, COLUMNS.duplicateOrders, 1);
      return undefined;
    }
    const exposure = shopper === undefined ? undefined : states.shoppers.get(shopper)?.exposure;
    const order = known ?? newOrder(partial);
    const code = event.currency ?? currency;
    if (known === undefined) {
      cells.addTotal(cell, FAMILIES.orders.of(code), 1);
      countInValues(cell, COLUMNS.orders, 1);
    }
    let sum: Count = 0;
    const arms = new Set<string>();
    for (const item of items) {
      sum = add(sum, countLine(item, code, cell));
      if (addOrderLine(order, item.productId)) countFor(cell, PRODUCT, item.productId, COLUMNS.orders, 1);
      // A purchase that says itself which list it belongs to is counted there.
      const arm = values[0] === undefined && exposure && creditedArm(exposure, item.productId, time);
      if (arm) {
        credit(arm, order, item, code, cell);
        arms.add(arm);
      }
    }
    for (const arm of arms) countFor(cell, RECOMMENDER_SLOT, arm, COLUMNS.events, 1);
    if (key !== undefined) {
      states.orders.set(key, order);
      touched.orders.add(key);
      if (known === undefined) claims.add(key);
    }
    return { orders: known === undefined ? 1 : 0, amount: sum, code };
  }

  /** @returns its price */
  function countLine(item: EventItem, code: string, cell: number): Count {
    const { price, quantity } = item;
    const revenue = FAMILIES.gross.of(code);
    const amount = price === undefined ? 0 : multiply(price, quantity);
    cells.addTotal(cell, COLUMNS.units, quantity);
    cells.addTotal(cell, revenue, amount);
    countForItem(item, cell, COLUMNS.units, quantity);
    countForItem(item, cell, revenue, amount);
    return amount;
  }

  /** Puts a line of an order down to what recommended the product. */
  function credit(
    arm: string,
    order: OrderState,
    { price, quantity }: EventItem,
    code: string,
    cell: number,
  ): void {
    if (addOrderArm(order, arm)) countFor(cell, RECOMMENDER_SLOT, arm, COLUMNS.orders, 1);
    countFor(cell, RECOMMENDER_SLOT, arm, COLUMNS.units, quantity);
    if (price === undefined) return;
    countFor(cell, RECOMMENDER_SLOT, arm, FAMILIES.gross.of(code), multiply(price, quantity));
  }

  /** Counts a list as shown or clicked once. Of an event of nobody each one counts, because nobody remembers it. */
  function countReaction(event: ShopEvent, id: string, cell: number, state: ShopperState | undefined): void {
    const reaction = reactionOf(event);
    if (reaction === undefined) return;
    const arm = values[0]!;
    const column = reaction === 'shown' ? COLUMNS.impressions : COLUMNS.clicks;
    if (state === undefined) {
      countFor(cell, RECOMMENDER_SLOT, arm, column, 1);
      return;
    }
    state.exposure ??= newExposure();
    if (noteList(state.exposure, id, reaction)) countFor(cell, RECOMMENDER_SLOT, arm, column, 1);
    if (reaction === 'shown') return;
    for (const { productId } of event.items) noteClick(state.exposure, { productId, arm, time: event.time });
  }

  function countRefund({ items, currency: code = currency }: ShopEvent, cell: number): void {
    const column = FAMILIES.refunds.of(code);
    for (const item of items) {
      if (item.price === undefined) continue;
      const amount = multiply(item.price, item.quantity);
      cells.addTotal(cell, column, amount);
      countForItem(item, cell, column, amount);
    }
  }

  function countSearch({ properties: said }: ShopEvent, query: string, cell: number): void {
    const key = query.trim().toLowerCase().slice(0, KEY_CHARACTERS);
    if (key === '') return;
    countFor(cell, QUERY, key, COLUMNS.searches, 1);
    if (said?.results === 0) countFor(cell, QUERY, key, COLUMNS.emptySearches, 1);
  }

  function countItems({ type, time, items }: ShopEvent, cell: number): void {
    const column = type === 'view_item' ? COLUMNS.views : type === 'add_to_cart' ? COLUMNS.carts : undefined;
    for (let i = 0; i < items.length; i += 1) {
      const item = items[i]!;
      noteInfo(item, time);
      if (column !== undefined) countForItem(item, cell, column, 1);
    }
  }

  /** Counts for an item's product, category and brand, and for the values of its event's properties. */
  function countForItem(
    { productId, category, brand }: EventItem,
    cell: number,
    column: number,
    amount: Count,
  ): void {
    countFor(cell, PRODUCT, productId, column, amount);
    if (category !== undefined) countFor(cell, CATEGORY, category, column, amount);
    if (brand !== undefined) countFor(cell, BRAND, brand, column, amount);
    countInValues(cell, column, amount);
  }

  function noteInfo({ productId, name, category, brand, price }: EventItem, time: number): void {
    if (name === undefined && category === undefined && brand === undefined && price === undefined) return;
    const known = products.get(productId);
    if (known === undefined) products.set(productId, { time, name, category, brand, price });
    else if (time >= known.time) {
      products.set(productId, {
        time,
        name: name ?? known.name,
        category: category ?? known.category,
        brand: brand ?? known.brand,
        price: price ?? known.price,
      });
    }
  }

  function followShopper(event: ShopEvent, key: string, spent: Spent | undefined): ShopperState {
    const { time, type, items } = event;
    let state = states.shoppers.get(key);
    if (state === undefined) {
      state = newShopper();
      states.shoppers.set(key, state);
    }
    touched.shoppers.add(key);
    const bought = spent !== undefined;
    if (state.firstSeen === 0 || time < state.firstSeen) beginAt(state, time);
    if (time > state.lastSeen) {
      moveUser(state.lastSeen, time);
      state.lastSeen = time;
    }
    appear(state, time);
    if (bought) buy(state, time, spent);
    followSession(event, state, bought);
    if (type === 'view_item' || type === 'add_to_cart' || type === 'purchase') {
      for (let i = 0; i < items.length && i < RECENT_PRODUCTS; i += 1)
        noteProduct(state, items[i]!.productId, bought);
    }
    return state;
  }

  /** The shopper's first event, or one that is earlier than what was the first: what is told of the cohort moves there. */
  function beginAt(state: ShopperState, time: number): void {
    const { firstSeen } = state;
    if (firstSeen !== 0) countCohort(state, -1);
    const days = firstSeen === 0 ? 0 : zone.dayOf(firstSeen) - zone.dayOf(time);
    // The days that were counted from another first one; those that are 30 days away by now fall out.
    state.kept = (days > COHORT_DAYS ? 0 : (state.kept << days) & 0x7fff_ffff) | 1;
    state.firstSeen = time;
    countCohort(state, 1);
  }

  /** Counts a shopper in the cohort of the first event, or takes all of it back. */
  function countCohort({ firstSeen, kept, purchases }: ShopperState, amount: 1 | -1): void {
    const cell = cellAt(firstSeen);
    for (let day = 0; day <= COHORT_DAYS; day += 1) {
      if (kept & (1 << day)) cells.addTotal(cell, FAMILIES.kept.at(day), amount);
    }
    if (purchases === undefined) return;
    const { spent, currency: code } = purchases;
    cells.addTotal(cell, COLUMNS.cohortBuyers, amount);
    cells.addTotal(cell, FAMILIES.lifetime.of(code), amount > 0 ? spent : subtract(0, spent));
  }

  /** Counts the hour and the day of an event. */
  function appear(state: ShopperState, time: number): void {
    const hour = hourOf(time);
    if (hour === state.hours.last) return;
    countHour(state.hours, hour, FAMILIES.seenHours);
    const day = zone.dayOf(time);
    if (day === state.days.last) return;
    countDay(state.days, day, FAMILIES.seenDays);
    const since = day - zone.dayOf(state.firstSeen);
    if (since > COHORT_DAYS || state.kept & (1 << since)) return;
    state.kept |= 1 << since;
    cells.addTotal(cellAt(state.firstSeen), FAMILIES.kept.at(since), 1);
  }

  function hourOf(time: number): number {
    return Math.floor(zone.hourStart(time) / HOUR_MS);
  }

  function countHour(presence: Presence, hour: number, family: Family): void {
    const column = (gap: number): number => family.at(Math.min(gap, MOST_HOURS));
    countGaps(presence, hour, column, (unit) => zone.hourStart(unit * HOUR_MS + HOUR_MS - 1));
  }

  function countDay(presence: Presence, day: number, family: Family): void {
    countGaps(
      presence,
      day,
      (gap) => family.at(gap),
      (unit) => zone.dayStart(unit),
    );
  }

  function countGaps(
    presence: Presence,
    unit: number,
    column: (gap: number) => number,
    startOf: (unit: number) => number,
  ): void {
    beThere(presence, unit, (at, before, gap) => {
      const cell = cellAt(startOf(at));
      if (before !== undefined) cells.addTotal(cell, column(before), -1);
      cells.addTotal(cell, column(gap), 1);
    });
  }

  function buy(state: ShopperState, time: number, { orders, amount, code }: Spent): void {
    const first = state.purchases === undefined;
    const purchases = state.purchases ?? newPurchases(code);
    state.purchases = purchases;
    if (!first) countBuyer(purchases, -1);
    purchases.last = Math.max(purchases.last, time);
    purchases.orders += orders;
    const own = code === purchases.currency;
    if (own) purchases.spent = add(purchases.spent, amount);
    countBuyer(purchases, 1);
    const cohort = cellAt(state.firstSeen);
    if (first) cells.addTotal(cohort, COLUMNS.cohortBuyers, 1);
    if (own) cells.addTotal(cohort, FAMILIES.lifetime.of(code), amount);
    const hour = hourOf(time);
    if (hour === purchases.hours.last) return;
    countHour(purchases.hours, hour, FAMILIES.boughtHours);
    countDay(purchases.days, zone.dayOf(time), FAMILIES.boughtDays);
  }

  function countBuyer({ last, orders, spent }: Purchases, amount: number): void {
    cells.addTotal(cellAt(last), FAMILIES.buyer.of(buyerClass(orders, spent)), amount);
  }

  function followSession({ time, type, sessionId }: ShopEvent, state: ShopperState, bought: boolean): void {
    const { session, created, absorbed } = matchSession(state, time, sessionId);
    const { start, end, path, bought: boughtAt, values: known } = session;
    if (absorbed !== undefined) {
      countSession(absorbed, -1);
      if (!created) countSession(session, -1);
      absorb(state, session, absorbed);
    }
    // An order that is told again, on another day perhaps, makes no session a buyer's.
    const taken = type === 'purchase' && !bought ? undefined : STEP_OF[type];
    if (taken !== undefined) step(session, taken, time);
    if (!created) session.path |= MANY_EVENTS;
    if (bought && (session.bought === 0 || time < session.bought)) session.bought = time;
    takeValues(session, time);
    extend(state, session, time);
    if (created || absorbed !== undefined) {
      countSession(session, 1);
      return;
    }
    const sameClass =
      path === session.path &&
      start === session.start &&
      boughtAt === session.bought &&
      known === session.values &&
      cellStart(end, BASE_CELL_MS) === cellStart(session.end, BASE_CELL_MS);
    if (sameClass) {
      if (end !== session.end) cells.addTotal(cellAt(end), COLUMNS.sessionMs, session.end - end);
      return;
    }
    countSession({ start, end, path, bought: boughtAt, values: known }, -1);
    countSession(session, 1);
  }

  /** A session has the values of its earliest event that has one. Where that changes, the list is another one. */
  function takeValues(session: Session, time: number): void {
    for (let i = 0; i < dimensions.length; i += 1) {
      const value = values[i];
      if (value === undefined) continue;
      const known = session.values[i];
      if (known !== undefined && !isEarlier(value, time, known)) continue;
      const changed = known === undefined || known[0] !== value;
      if (changed) session.values = [...session.values];
      session.values[i] = [value, time];
    }
  }

  function countSession(
    { start, end, path, bought, values: of }: Pick<Session, 'start' | 'end' | 'path' | 'bought' | 'values'>,
    amount: number,
  ): void {
    const cell = cellAt(end);
    const column = FAMILIES.session.at(path);
    cells.addTotal(cell, column, amount);
    cells.addTotal(cell, COLUMNS.sessionMs, amount * (end - start));
    if (bought !== 0) {
      const wait = bought - start;
      cells.addTotal(cell, FAMILIES.toPurchase.at(durationClass(wait)), amount);
      cells.addTotal(cell, COLUMNS.toPurchaseMs, amount * wait);
    }
    for (let i = 0; i < of.length; i += 1) {
      const value = of[i];
      if (value !== undefined) countFor(cell, valueSlots[i]!, value[0], column, amount);
    }
  }

  /** Moves a shopper's mark to the cell of a newer event. */
  function moveUser(before: number, now: number): void {
    if (before !== 0) {
      if (cellStart(before, BASE_CELL_MS) === cellStart(now, BASE_CELL_MS)) return;
      cells.addTotal(cellAt(before), COLUMNS.users, -1);
    }
    cells.addTotal(cellAt(now), COLUMNS.users, 1);
  }

  return { countAll, cells, claims, products, touched };
}

/** What a purchase adds to what its shopper has bought. */
interface Spent {
  /** 0 for a further line of an order. */
  readonly orders: number;
  readonly amount: Count;
  /** Its currency. */
  readonly code: string;
}

function propertyOf({ properties }: ShopEvent, name: string): string | undefined {
  const value = properties?.[name];
  if (value === undefined || value === null || value === '' || typeof value === 'object') return undefined;
  return String(value).slice(0, KEY_CHARACTERS);
}
