import { type Count, multiply } from '../events/money.ts';
import { type ShopEvent, shopperOf } from '../events/shop-event.ts';
import {
  addPurchase,
  decodeOrderState,
  encodeOrderState,
  newOrder,
  type OrderPart,
  type OrderState,
  takeStatement,
  takeStatus,
} from '../processor/order-state.ts';
import { goodsOf, type Reading, readOrder, settle } from '../processor/order-worth.ts';
import { type Blob, blobBytes, type Connection } from '../sqlite/driver.ts';

/** An order that counts, in one of its currencies. */
export interface ExportedOrder {
  readonly id: string;
  readonly time: number;
  readonly shopper: string | null;
  readonly currency: string;
  readonly lines: number;
  readonly units: number;
  /** In 1/10 000 of the currency unit, as all amounts. */
  readonly amount: Count;
  readonly refunds: Count;
  readonly order: OrderState;
  readonly reading: Reading;
}

/** Puts orders together from purchases and refunds, as the processor does, on disk. */
export interface OrderBook {
  /** @returns whether it is a purchase, and not one of an order that was there */
  take(event: ShopEvent): boolean;
  /** All that was taken. What is taken later is not in it. */
  orders(): Iterable<ExportedOrder>;
  /** How the orders that count are counted, by id. Others may be written meanwhile. */
  readings(): Iterable<readonly [id: string, reading: Reading]>;
}

/** Orders that are kept in memory until they are written. */
const HELD = 5000;
/** Orders that are read at once. */
const READ = 1000;

interface Held {
  readonly order: OrderState;
  /** Of the earliest purchase that names one. */
  shopper: string | null;
  shopperTime: number;
}

interface OrderRow {
  readonly id: string;
  readonly shopper: string | null;
  readonly shopperTime: number;
  readonly state: Blob;
}

/** @param own the currency of what names none @param inBatch runs a statement that writes */
export function createOrderBook(
  connection: Connection,
  own: string,
  inBatch: (write: () => void) => void,
): OrderBook {
  connection.exec(
    'CREATE TABLE orders (id TEXT PRIMARY KEY, time INTEGER, shopper TEXT, shopperTime INTEGER, state BLOB) WITHOUT ROWID;',
  );
  const get = connection.prepare('SELECT id, shopper, shopperTime, state FROM orders WHERE id = ?');
  const put = connection.prepare(
    'INSERT OR REPLACE INTO orders (id, time, shopper, shopperTime, state) VALUES (?, ?, ?, ?, ?)',
  );
  const held = new Map<string, Held>();

  function hold(id: string): Held {
    const known = held.get(id);
    if (known !== undefined) return known;
    if (held.size >= HELD) write();
    const row = get.get(id) as OrderRow | undefined;
    const order = row === undefined ? newOrder() : decodeOrderState(blobBytes(row.state));
    const one: Held = { order, shopper: row?.shopper ?? null, shopperTime: row?.shopperTime ?? 0 };
    held.set(id, one);
    return one;
  }
  function write(): void {
    for (const [id, { order, shopper, shopperTime }] of held)
      inBatch(() => put.run(id, order.time, shopper, shopperTime, encodeOrderState(order)));
    held.clear();
  }
  function takePurchase(event: ShopEvent, of: Held): boolean {
    const { order } = of;
    if (order.kind === 'whole' || (order.kind === 'lines' && event.partial !== true)) {
      takeStatus(order, event.status, event.time);
      return false;
    }
    const part = partOf(event);
    order.kind = event.partial === true ? 'lines' : 'whole';
    takeStatement(order, part, false);
    addPurchase(order, part);
    const shopper = shopperOf(event) ?? null;
    const { time } = event;
    const isEarlier =
      of.shopper === null || time < of.shopperTime || (time === of.shopperTime && shopper! < of.shopper);
    if (shopper !== null && isEarlier) [of.shopper, of.shopperTime] = [shopper, time];
    return true;
  }

  return {
    take(event) {
      const { id, type, orderId } = event;
      if (type === 'purchase') return takePurchase(event, hold(orderId ?? id));
      if (type !== 'refund' || orderId === undefined) return false;
      const { order } = hold(orderId);
      const part = partOf(event);
      takeStatement(order, part, true);
      order.refunds.push(part);
      return false;
    },
    *orders() {
      write();
      const all = connection.prepare('SELECT id, shopper, state FROM orders ORDER BY time, id');
      for (const { id, shopper, state } of all.iterate() as Iterable<OrderRow>)
        yield* rowsOf(id, shopper, decodeOrderState(blobBytes(state)), own);
    },
    *readings() {
      write();
      const next = connection.prepare('SELECT id, state FROM orders WHERE id > ? ORDER BY id LIMIT ?');
      let last = '';
      for (;;) {
        const rows = next.all(last, READ) as Pick<OrderRow, 'id' | 'state'>[];
        for (const { id, state } of rows) {
          const reading = readOrder(decodeOrderState(blobBytes(state)), own);
          if (reading.isCounted) yield [id, reading];
        }
        if (rows.length < READ) return;
        last = rows.at(-1)!.id;
      }
    },
  };
}

function* rowsOf(
  id: string,
  shopper: string | null,
  order: OrderState,
  own: string,
): Iterable<ExportedOrder> {
  const reading = readOrder(order, own);
  if (!reading.isCounted) return;
  const goods = goodsOf(reading);
  if (!goods.has(reading.code)) goods.set(reading.code, 0);
  const refunds = settle(order, reading);
  for (const [currency, amount] of goods) {
    const back = refunds.filter(({ code }) => code === currency);
    const parts = order.purchases.filter((part) => (part.currency ?? reading.code) === currency);
    const items = parts.flatMap((part) => part.items);
    yield {
      id,
      time: reading.time,
      shopper,
      currency,
      lines: items.length,
      units: items.reduce((sum, { quantity }) => sum + quantity, 0),
      amount,
      refunds: back.reduce(
        (sum, { items: given, rest }) =>
          given.reduce((more, one) => more + BigInt(one.amount), sum + BigInt(rest)),
        0n,
      ),
      order,
      reading,
    };
  }
}

function partOf({ time, currency, status, items, ...event }: ShopEvent): OrderPart {
  const { revenue, total, tax, shipping, discount, refunded } = event;
  return {
    time,
    currency,
    values: [],
    facts: { status, revenue, total, tax, shipping, discount, refunded },
    items: items.map((item) => ({
      product: item.productId,
      category: undefined,
      brand: undefined,
      quantity: item.quantity,
      amount: item.total ?? (item.price === undefined ? undefined : multiply(item.price, item.quantity)),
    })),
  };
}
