import { type LogRecord } from '../../../src/pipeline/event-log/event-log.ts';
import { isRejected, type Rejected, TOMBSTONE } from '../../../src/pipeline/events/decode.ts';
import { add, type Count, multiply, subtract } from '../../../src/pipeline/events/money.ts';
import {
  type EventItem,
  type EventType,
  type ShopEvent,
  SIMULATED_SOURCE,
} from '../../../src/pipeline/events/shop-event.ts';
import { timeZone } from '../../../src/pipeline/events/time-zone.ts';
import { type ProductInfo } from '../../../src/pipeline/live-store/live-store.ts';
import {
  BASE_CELL_MS,
  type CellLayout,
  cellStart,
  RECOMMENDER,
} from '../../../src/pipeline/metrics/cells.ts';
import { COLUMNS, MOST_HOURS, PREFIXES, TYPE_COLUMNS } from '../../../src/pipeline/metrics/columns.ts';
import { durationClass } from '../../../src/pipeline/metrics/durations.ts';
import { buyerClass } from '../../../src/pipeline/metrics/rfm.ts';
import { creditedArm, listOf, newExposure, noteClick, noteList, reactionOf } from './exposure.ts';
import { MANY_EVENTS, STEP_OF } from './funnel.ts';
import { addOrderArm, addOrderLine, newOrder, type OrderState, orderKey } from './order-state.ts';
import { beThere, type Presence } from './presence.ts';
import { type SeenIds } from './seen-ids.ts';
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
import { type CellChanges, type Counters, countersOf, createTally, increment, type Tally } from './tally.ts';

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

/**
 * What records of a log mean: the counters of their 10-second cells. States and memory are brought up to date in place.
 */
export function firstReduce(
  batches: readonly DecodedBatch[],
  memory: (partition: number) => PartitionMemory,
  states: States,
  settings: ReduceSettings,
): { readonly cells: CellChanges; readonly products: ReadonlyMap<string, ProductInfo> } {
  const run = createRun(states, settings);
  for (const batch of batches) {
    const remembered = memory(batch.partition);
    run.countAll(batch, remembered);
    remembered.position = batch.next;
    remembered.watermark = Math.min(remembered.watermark, batch.clock);
  }
  const { cells, products } = run;
  return { cells, products };
}

/** Longest key of a property's value or of a query; a longer one is cut. */
const KEY_CHARACTERS = 64;
/** How many days after the first one a shopper's return is counted. */
const COHORT_DAYS = 30;
const HOUR_MS = 3_600_000;

function createRun(states: States, { currency, properties, timeZone: zoneName, filter }: ReduceSettings) {
  const zone = timeZone(zoneName);
  const cells: CellChanges = new Map();
  const products = new Map<string, ProductInfo>();
  /** What events are broken down by: what made the list of recommendations that they belong to, and properties. */
  const dimensions = [RECOMMENDER, ...properties];
  /** Of the event in hand, its values of these. */
  const values: (string | undefined)[] = [];
  /** The counters of these values in the event's cell. */
  const valueCounters: (Counters | undefined)[] = [];
  let lastStart = Number.NaN;
  let lastCell: Tally;

  function cellAt(time: number): Tally {
    const start = cellStart(time, BASE_CELL_MS);
    if (start === lastStart) return lastCell;
    let cell = cells.get(start);
    if (cell === undefined) {
      cell = createTally();
      cells.set(start, cell);
    }
    lastStart = start;
    lastCell = cell;
    return cell;
  }

  function countAll(batch: DecodedBatch, memory: PartitionMemory): void {
    const { records, origins, shoppers, clock, lost } = batch;
    if (lost > 0) increment(cellAt(clock).totals, COLUMNS.lost, lost);
    for (let i = 0; i < records.length; i += 1) {
      const record = records[i]!;
      const { offset, appendedAt } = origins[i]!;
      const rejected = isRejected(record);
      const event = rejected || filter === undefined ? record : filter(record);
      const time = rejected ? Math.min(appendedAt, clock) : record.time;
      if (record.id !== undefined && memory.seen.add(record.id, offset)) {
        if (event !== undefined) increment(cellAt(time).totals, COLUMNS.duplicates, 1);
      } else if (rejected) {
        const column = record === TOMBSTONE ? COLUMNS.tombstones : PREFIXES.rejected + record.reason;
        increment(cellAt(time).totals, column, 1);
      } else {
        if (event !== undefined) countEvent(event as ShopEvent, shoppers[i], memory.watermark);
        if (record.time > memory.watermark) memory.watermark = record.time;
      }
    }
  }

  function countEvent(event: ShopEvent, shopper: string | undefined, watermark: number): void {
    const { time, type } = event;
    const cell = cellAt(time);
    increment(cell.totals, TYPE_COLUMNS[type as EventType], 1);
    if (event.source === SIMULATED_SOURCE) increment(cell.totals, COLUMNS.simulated, 1);
    if (time < watermark - LATE_MS) increment(cell.totals, COLUMNS.late, 1);
    if (event.truncated) increment(cell.totals, COLUMNS.truncated, 1);
    const list = listOf(event);
    for (let i = 0; i < dimensions.length; i += 1) {
      const dimension = dimensions[i]!;
      const value = i === 0 ? list?.arm : propertyOf(event, dimension);
      values[i] = value;
      valueCounters[i] = value === undefined ? undefined : countersOf(cell, dimension, value);
    }
    countInValues(COLUMNS.events, 1);
    const spent = type === 'purchase' ? countPurchase(event, shopper, cell) : undefined;
    if (type === 'refund') countRefund(event, cell);
    if (type === 'search' && event.query !== undefined) countSearch(event, event.query, cell);
    countItems(event, cell);
    const state = shopper === undefined ? undefined : followShopper(event, shopper, spent);
    if (list !== undefined) countReaction(event, list.id, cell, state);
  }

  function countInValues(column: string, amount: Count): void {
    for (let i = 0; i < valueCounters.length; i += 1) {
      const counters = valueCounters[i];
      if (counters !== undefined) increment(counters, column, amount);
    }
  }

  /** @returns undefined where the order was counted before */
  function countPurchase(event: ShopEvent, shopper: string | undefined, cell: Tally): Spent | undefined {
    const { orderId, time, partial = false, items } = event;
    const key = orderId === undefined ? undefined : orderKey(orderId);
    const known = key === undefined ? undefined : states.orders.get(key);
    if (known !== undefined && !(known.partial && partial)) {
      increment(cell.totals, COLUMNS.duplicateOrders, 1);
      return undefined;
    }
    const exposure = shopper === undefined ? undefined : states.shoppers.get(shopper)?.exposure;
    const order = known ?? newOrder(partial);
    const code = event.currency ?? currency;
    if (known === undefined) {
      increment(cell.totals, PREFIXES.orders + code, 1);
      countInValues(COLUMNS.orders, 1);
    }
    let sum: Count = 0;
    const arms = new Set<string>();
    for (const item of items) {
      sum = add(sum, countLine(item, code, cell));
      if (addOrderLine(order, item.productId))
        increment(countersOf(cell, 'product', item.productId), COLUMNS.orders, 1);
      // A purchase that says itself which list it belongs to is counted there.
      const arm = values[0] === undefined && exposure && creditedArm(exposure, item.productId, time);
      if (arm) {
        credit(arm, order, item, code, cell);
        arms.add(arm);
      }
    }
    for (const arm of arms) increment(countersOf(cell, RECOMMENDER, arm), COLUMNS.events, 1);
    if (key !== undefined) {
      states.orders.set(key, order);
    }
    return { orders: known === undefined ? 1 : 0, amount: sum, code };
  }

  /** @returns its price */
  function countLine(item: EventItem, code: string, cell: Tally): Count {
    const { price, quantity } = item;
    const revenue = PREFIXES.gross + code;
    const amount = price === undefined ? 0 : multiply(price, quantity);
    increment(cell.totals, COLUMNS.units, quantity);
    increment(cell.totals, revenue, amount);
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
    cell: Tally,
  ): void {
    const counters = countersOf(cell, RECOMMENDER, arm);
    if (addOrderArm(order, arm)) increment(counters, COLUMNS.orders, 1);
    increment(counters, COLUMNS.units, quantity);
    if (price !== undefined) increment(counters, PREFIXES.gross + code, multiply(price, quantity));
  }

  /** Counts a list as shown or clicked once. Of an event of nobody each one counts, because nobody remembers it. */
  function countReaction(event: ShopEvent, id: string, cell: Tally, state: ShopperState | undefined): void {
    const reaction = reactionOf(event);
    if (reaction === undefined) return;
    const arm = values[0]!;
    const column = reaction === 'shown' ? COLUMNS.impressions : COLUMNS.clicks;
    if (state === undefined) {
      increment(countersOf(cell, RECOMMENDER, arm), column, 1);
      return;
    }
    state.exposure ??= newExposure();
    if (noteList(state.exposure, id, reaction)) increment(countersOf(cell, RECOMMENDER, arm), column, 1);
    if (reaction === 'shown') return;
    for (const { productId } of event.items) noteClick(state.exposure, { productId, arm, time: event.time });
  }

  function countRefund({ items, currency: code = currency }: ShopEvent, cell: Tally): void {
    const column = PREFIXES.refunds + code;
    for (const item of items) {
      if (item.price === undefined) continue;
      const amount = multiply(item.price, item.quantity);
      increment(cell.totals, column, amount);
      countForItem(item, cell, column, amount);
    }
  }

  function countSearch({ properties: said }: ShopEvent, query: string, cell: Tally): void {
    const key = query.trim().toLowerCase().slice(0, KEY_CHARACTERS);
    if (key === '') return;
    const counters = countersOf(cell, 'query', key);
    increment(counters, COLUMNS.searches, 1);
    if (said?.results === 0) increment(counters, COLUMNS.emptySearches, 1);
  }

  function countItems({ type, time, items }: ShopEvent, cell: Tally): void {
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
    cell: Tally,
    column: string,
    amount: Count,
  ): void {
    increment(countersOf(cell, 'product', productId), column, amount);
    if (category !== undefined) increment(countersOf(cell, 'category', category), column, amount);
    if (brand !== undefined) increment(countersOf(cell, 'brand', brand), column, amount);
    countInValues(column, amount);
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
    const { totals } = cellAt(firstSeen);
    for (let day = 0; day <= COHORT_DAYS; day += 1) {
      if (kept & (1 << day)) increment(totals, PREFIXES.kept + day, amount);
    }
    if (purchases === undefined) return;
    increment(totals, COLUMNS.cohortBuyers, amount);
    for (const [code, sum] of purchases.spent)
      increment(totals, PREFIXES.lifetime + code, amount > 0 ? sum : subtract(0, sum));
  }

  /** Counts the hour and the day of an event. */
  function appear(state: ShopperState, time: number): void {
    const hour = hourOf(time);
    if (hour === state.hours.last) return;
    countHour(state.hours, hour, PREFIXES.seenHours);
    const day = zone.dayOf(time);
    if (day === state.days.last) return;
    countDay(state.days, day, PREFIXES.seenDays);
    const since = day - zone.dayOf(state.firstSeen);
    if (since > COHORT_DAYS || state.kept & (1 << since)) return;
    state.kept |= 1 << since;
    increment(cellAt(state.firstSeen).totals, PREFIXES.kept + since, 1);
  }

  function hourOf(time: number): number {
    return Math.floor(zone.hourStart(time) / HOUR_MS);
  }

  function countHour(presence: Presence, hour: number, prefix: string): void {
    const column = (gap: number): string => prefix + Math.min(gap, MOST_HOURS);
    countGaps(presence, hour, column, (unit) => zone.hourStart(unit * HOUR_MS + HOUR_MS - 1));
  }

  function countDay(presence: Presence, day: number, prefix: string): void {
    countGaps(
      presence,
      day,
      (gap) => prefix + gap,
      (unit) => zone.dayStart(unit),
    );
  }

  function countGaps(
    presence: Presence,
    unit: number,
    column: (gap: number) => string,
    startOf: (unit: number) => number,
  ): void {
    beThere(presence, unit, (at, before, gap) => {
      const { totals } = cellAt(startOf(at));
      if (before !== undefined) increment(totals, column(before), -1);
      increment(totals, column(gap), 1);
    });
  }

  function buy(state: ShopperState, time: number, { orders, amount, code }: Spent): void {
    const first = state.purchases === undefined;
    const purchases = state.purchases ?? newPurchases();
    state.purchases = purchases;
    if (!first) countBuyer(purchases, -1);
    purchases.last = Math.max(purchases.last, time);
    purchases.orders += orders;
    purchases.spent.set(code, add(purchases.spent.get(code) ?? 0, amount));
    countBuyer(purchases, 1);
    const cohort = cellAt(state.firstSeen).totals;
    if (first) increment(cohort, COLUMNS.cohortBuyers, 1);
    increment(cohort, PREFIXES.lifetime + code, amount);
    const hour = hourOf(time);
    if (hour === purchases.hours.last) return;
    countHour(purchases.hours, hour, PREFIXES.boughtHours);
    countDay(purchases.days, zone.dayOf(time), PREFIXES.boughtDays);
  }

  function countBuyer({ last, orders, spent }: Purchases, amount: number): void {
    increment(cellAt(last).totals, PREFIXES.buyer + buyerClass(orders, spent.values()), amount);
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
    const taken = type === 'purchase' && !bought ? undefined : STEP_OF[type as EventType];
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
      if (end !== session.end) increment(cellAt(end).totals, COLUMNS.sessionMs, session.end - end);
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
    const column = PREFIXES.session + path;
    increment(cell.totals, column, amount);
    increment(cell.totals, COLUMNS.sessionMs, amount * (end - start));
    if (bought !== 0) {
      const wait = bought - start;
      increment(cell.totals, PREFIXES.toPurchase + durationClass(wait), amount);
      increment(cell.totals, COLUMNS.toPurchaseMs, amount * wait);
    }
    for (let i = 0; i < of.length; i += 1) {
      const value = of[i];
      if (value !== undefined) increment(countersOf(cell, dimensions[i]!, value[0]), column, amount);
    }
  }

  /** Moves a shopper's mark to the cell of a newer event. */
  function moveUser(before: number, now: number): void {
    if (before !== 0) {
      if (cellStart(before, BASE_CELL_MS) === cellStart(now, BASE_CELL_MS)) return;
      increment(cellAt(before).totals, COLUMNS.users, -1);
    }
    increment(cellAt(now).totals, COLUMNS.users, 1);
  }

  return { countAll, cells, products };
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
