import { type DeadLetter, type DocumentBatch, type StoredEvent } from '../document-store/document-store.ts';
import { type LogRecord } from '../event-log/event-log.ts';
import { isRejected, type Rejected } from '../events/decode.ts';
import { multiply } from '../events/money.ts';
import { type EventItem, type ShopEvent, shopperOf } from '../events/shop-event.ts';
import {
  BASE_CELL_MS,
  type CellChanges,
  cellStart,
  createTally,
  increment,
  type Tally,
} from '../live-store/cells.ts';
import { type Advance, type LiveChange, type ProductInfo } from '../live-store/live-store.ts';
import { COLUMNS, PREFIXES, TYPE_COLUMNS } from './columns.ts';
import { STEP_OF, takeStep } from './funnel.ts';
import { addOrderLine, newOrder, type OrderState, orderKey } from './order-state.ts';
import { type SeenIds } from './seen-ids.ts';
import { absorb, extend, matchSession } from './sessions.ts';
import {
  newShopper,
  noteProduct,
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
  /** Newest event time so far, ms since the epoch. */
  watermark: number;
  readonly seen: SeenIds;
}

/** Decoded records of one partition: `records[i]` is what `origins[i]` says. */
export interface DecodedBatch {
  readonly partition: number;
  readonly records: readonly (ShopEvent | Rejected)[];
  readonly origins: readonly LogRecord[];
  /** Offset to go on from. */
  readonly next: number;
}

/** States by key; one that is absent from both maps is new. */
export interface States {
  readonly shoppers: Map<string, ShopperState>;
  readonly orders: Map<string, OrderState>;
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
  for (const { records } of batches) {
    for (const record of records) {
      if (isRejected(record)) continue;
      const shopper = shopperOf(record);
      if (shopper !== undefined) shoppers.add(shopper);
      if (record.type === 'purchase' && record.orderId !== undefined) orders.add(orderKey(record.orderId));
    }
  }
  return { shoppers, orders };
}

/**
 * Gives records their meaning: sessions, funnel, revenue, duplicates, late events, rejects. Deterministic, without clock
 * and I/O: the same records after the same states and memory give the same delta. States and memory are brought up to
 * date in place, so a caller whose delta was not stored must drop them.
 * @param currency ISO 4217 code for events that name none
 */
export function reduce(
  batches: readonly DecodedBatch[],
  memory: (partition: number) => PartitionMemory,
  states: States,
  currency: string,
): Delta {
  const run = createRun(states, currency);
  const advances: Advance[] = [];
  const documents: DocumentBatch[] = [];
  for (const batch of batches) {
    const { partition, origins, next } = batch;
    const remembered = memory(partition);
    const from = remembered.position;
    const kept = run.countAll(batch, remembered);
    remembered.position = next;
    const { position: to, watermark } = remembered;
    advances.push({ partition, from, to, watermark });
    documents.push({ partition, from, to, time: origins.at(-1)?.appendedAt ?? 0, ...kept });
  }
  const { cells, claims, products, touched } = run;
  return { documents, change: { advances, cells, claims: [...claims], products }, touched };
}

function createRun(states: States, currency: string) {
  const cells: CellChanges = new Map();
  const products = new Map<string, ProductInfo>();
  const touched = { shoppers: new Set<string>(), orders: new Set<string>() };
  const claims = new Set<string>();
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

  function countAll(
    batch: DecodedBatch,
    memory: PartitionMemory,
  ): Pick<DocumentBatch, 'events' | 'duplicates' | 'deadLetters'> {
    const { partition, records, origins } = batch;
    const events: StoredEvent[] = [];
    const duplicates: number[] = [];
    const deadLetters: DeadLetter[] = [];
    for (let i = 0; i < records.length; i += 1) {
      const record = records[i]!;
      const { offset, index, appendedAt: time } = origins[i]!;
      const place = index === undefined ? { offset } : { offset, index };
      const rejected = isRejected(record);
      if (record.id !== undefined && memory.seen.add(record.id, offset)) {
        duplicates.push(offset);
        increment(cellAt(rejected ? time : record.time).totals, COLUMNS.duplicates, 1);
      } else if (rejected) {
        const { reason, detail, source, bytes } = record;
        deadLetters.push({ partition, ...place, time, reason, detail, source, bytes });
        increment(cellAt(time).totals, PREFIXES.rejected + reason, 1);
      } else {
        events.push({ ...place, event: record });
        countEvent(record, memory.watermark);
        if (record.time > memory.watermark) memory.watermark = record.time;
      }
    }
    return { events, duplicates, deadLetters };
  }

  function countEvent(event: ShopEvent, watermark: number): void {
    const { time, type } = event;
    const cell = cellAt(time);
    increment(cell.totals, TYPE_COLUMNS[type], 1);
    if (time < watermark - LATE_MS) increment(cell.totals, COLUMNS.late, 1);
    const repeated = type === 'purchase' ? !countPurchase(event, cell) : false;
    if (type === 'refund') countRefund(event, cell);
    countItems(event, cell);
    const shopper = shopperOf(event);
    if (shopper !== undefined) followShopper(event, shopper, type === 'purchase' && !repeated);
  }

  /** @returns false where the order was counted before */
  function countPurchase(event: ShopEvent, cell: Tally): boolean {
    const { orderId, partial = false, items } = event;
    const key = orderId === undefined ? undefined : orderKey(orderId);
    const known = key === undefined ? undefined : states.orders.get(key);
    if (known !== undefined && !(known.partial && partial)) {
      increment(cell.totals, COLUMNS.duplicateOrders, 1);
      return false;
    }
    const order = known ?? newOrder(partial);
    const code = event.currency ?? currency;
    if (known === undefined) increment(cell.totals, PREFIXES.orders + code, 1);
    for (const item of items) {
      countLine(item, code, cell);
      if (addOrderLine(order, item.productId))
        increment(countersOf(cell, 'product', item.productId), COLUMNS.orders, 1);
    }
    if (key !== undefined) {
      states.orders.set(key, order);
      touched.orders.add(key);
      if (known === undefined) claims.add(key);
    }
    return true;
  }

  function countLine({ productId, category, price, quantity }: EventItem, code: string, cell: Tally): void {
    const revenue = PREFIXES.gross + code;
    const amount = price === undefined ? 0 : multiply(price, quantity);
    increment(cell.totals, COLUMNS.units, quantity);
    increment(cell.totals, revenue, amount);
    const product = countersOf(cell, 'product', productId);
    increment(product, COLUMNS.units, quantity);
    increment(product, revenue, amount);
    if (category === undefined) return;
    const inCategory = countersOf(cell, 'category', category);
    increment(inCategory, COLUMNS.units, quantity);
    increment(inCategory, revenue, amount);
  }

  function countRefund({ items, currency: code = currency }: ShopEvent, cell: Tally): void {
    for (const { price, quantity } of items) {
      if (price !== undefined) increment(cell.totals, PREFIXES.refunds + code, multiply(price, quantity));
    }
  }

  function countItems({ type, time, items }: ShopEvent, cell: Tally): void {
    const column = type === 'view_item' ? COLUMNS.views : type === 'add_to_cart' ? COLUMNS.carts : undefined;
    for (const item of items) {
      noteInfo(item, time);
      if (column === undefined) continue;
      increment(countersOf(cell, 'product', item.productId), column, 1);
      if (item.category !== undefined) increment(countersOf(cell, 'category', item.category), column, 1);
    }
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

  function followShopper(event: ShopEvent, key: string, bought: boolean): void {
    const { time, type, items } = event;
    let state = states.shoppers.get(key);
    if (state === undefined) {
      state = newShopper();
      states.shoppers.set(key, state);
    }
    touched.shoppers.add(key);
    if (time > state.lastSeen) {
      moveOne(COLUMNS.users, state.lastSeen, time);
      state.lastSeen = time;
    }
    if (bought && time > state.lastPurchase) {
      moveOne(COLUMNS.buyers, state.lastPurchase, time);
      state.lastPurchase = time;
    }
    followSession(event, state, bought);
    if (type === 'view_item' || type === 'add_to_cart' || type === 'purchase') {
      for (let i = 0; i < items.length && i < RECENT_PRODUCTS; i += 1)
        noteProduct(state, items[i]!.productId, bought);
    }
  }

  function followSession({ time, type, sessionId }: ShopEvent, state: ShopperState, bought: boolean): void {
    const { session, created, absorbed } = matchSession(state, time, sessionId);
    const { end, path } = session;
    if (absorbed !== undefined) {
      countSession(absorbed, -1);
      absorb(state, session, absorbed);
    }
    // An order that is told again, on another day perhaps, makes no session a buyer's.
    const step = type === 'purchase' && !bought ? undefined : STEP_OF[type];
    if (step !== undefined) session.path = takeStep(session.path, step);
    extend(state, session, time);
    const sameCell = cellStart(end, BASE_CELL_MS) === cellStart(session.end, BASE_CELL_MS);
    if (!created && sameCell && path === session.path) return;
    if (!created) countSession({ end, path }, -1);
    countSession(session, 1);
  }

  function countSession({ end, path }: Pick<Session, 'end' | 'path'>, amount: number): void {
    increment(cellAt(end).totals, PREFIXES.session + path, amount);
  }

  /** Moves one shopper's mark to the cell of a newer event. */
  function moveOne(column: string, before: number, now: number): void {
    if (before !== 0) {
      if (cellStart(before, BASE_CELL_MS) === cellStart(now, BASE_CELL_MS)) return;
      increment(cellAt(before).totals, column, -1);
    }
    increment(cellAt(now).totals, column, 1);
  }

  return { countAll, cells, claims, products, touched };
}

function countersOf(cell: Tally, dimension: 'product' | 'category', key: string) {
  const entries = cell.breakdowns.get(dimension)!;
  let counters = entries.get(key);
  if (counters === undefined) {
    counters = new Map();
    entries.set(key, counters);
  }
  return counters;
}
