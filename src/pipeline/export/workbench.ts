import { type LineType } from '../events/shop-event.ts';
import { FUNNEL, STEP_OF } from '../metrics/funnel.ts';
import { SESSION_GAP_MS } from '../processor/sessions.ts';
import { type DriverName, openConnection } from '../sqlite/driver.ts';
import { createOrderBook, type OrderBook } from './order-book.ts';

/** An event as sessions need it. */
export interface Visit {
  readonly shopper: string;
  readonly time: number;
  readonly type: LineType;
  readonly sessionId: string | null;
  /** Of a purchase that is not one of an order that was there. */
  readonly orderId: string | null;
  readonly units: number;
  /** What its items are worth, in 1/10 000 of the currency unit. */
  readonly amount: number | bigint;
  /** Where the event itself names one. */
  readonly currency: string | null;
}

export interface ExportedSession {
  readonly shopper: string;
  readonly sessionId: string | null;
  readonly start: number;
  end: number;
  events: number;
  readonly entry: LineType;
  exit: LineType;
  views: number;
  carts: number;
  checkouts: number;
  orders: number;
  units: number;
  amount: bigint;
}

/** A place on disk to put orders together and visits in order, so that memory does not grow with the history. */
export interface Workbench {
  readonly book: OrderBook;
  addVisit(visit: Visit): void;
  /** Adds a line of an order that names nobody: it is of the visit in which the order was placed. */
  addLine(line: Pick<Visit, 'units' | 'amount' | 'currency'> & { readonly orderId: string }): void;
  /** By shopper, then time. @param currency of their amounts */
  sessions(currency: string): Iterable<ExportedSession>;
  close(): void;
}

/** Rows in one transaction. */
const BATCH = 20_000;
const [VIEW, CART, CHECKOUT] = [FUNNEL.indexOf('view'), FUNNEL.indexOf('cart'), FUNNEL.indexOf('checkout')];

const TABLES = `
   CREATE TABLE visits (
     shopper TEXT NOT NULL, time INTEGER NOT NULL, type TEXT NOT NULL, session TEXT, orderId TEXT,
     units INTEGER NOT NULL, amount TEXT NOT NULL, currency TEXT
   );
   CREATE TABLE counted (id TEXT PRIMARY KEY, currency TEXT NOT NULL, rest TEXT NOT NULL, units INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE lines (orderId TEXT NOT NULL, units INTEGER NOT NULL, amount TEXT NOT NULL, currency TEXT);
   CREATE INDEX byOrder ON lines (orderId);`;

interface VisitRow {
  readonly shopper: string;
  readonly time: number;
  readonly type: LineType;
  readonly session: string | null;
  readonly orderId: string | null;
  readonly units: number;
  readonly amount: string;
  /** What the event names, and that of its order; null where the order does not count. */
  readonly currency: string | null;
  readonly code: string | null;
  /** What the order is worth beyond its items that name somebody, and how many units are in the others. */
  readonly rest: string | null;
  readonly more: number | null;
}

/** The file is a temporary one of SQLite's, which goes with the process however that ends. @param own the currency of what names none */
export function openWorkbench(driver: DriverName | undefined, own: string): Workbench {
  const connection = openConnection('', { timeout: 0 }, driver);
  connection.exec('PRAGMA journal_mode = OFF');
  connection.exec('PRAGMA cache_size = -32000');
  connection.exec(TABLES);
  const putVisit = connection.prepare(
    'INSERT INTO visits (shopper, time, type, session, orderId, units, amount, currency) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const putCounted = connection.prepare(
    'INSERT INTO counted (id, currency, rest, units) VALUES (?, ?, ?, ?)',
  );
  const putLine = connection.prepare(
    'INSERT INTO lines (orderId, units, amount, currency) VALUES (?, ?, ?, ?)',
  );
  const getLines = connection.prepare('SELECT units, amount, currency FROM lines WHERE orderId = ?');
  let open = 0;

  function inBatch<T>(work: () => T): T {
    if (open === 0) connection.exec('BEGIN');
    const result = work();
    open += 1;
    if (open >= BATCH) flush();
    return result;
  }
  function flush(): void {
    if (open > 0) connection.exec('COMMIT');
    open = 0;
  }

  const book = createOrderBook(connection, own, inBatch);
  return {
    book,
    addVisit({ shopper, time, type, sessionId, orderId, units, amount, currency }) {
      inBatch(() => putVisit.run(shopper, time, type, sessionId, orderId, units, String(amount), currency));
    },
    addLine({ orderId, units, amount, currency }) {
      inBatch(() => putLine.run(orderId, units, String(amount), currency));
    },
    *sessions(currency) {
      for (const [id, { code, rest }] of book.readings()) {
        const lines = getLines.all(id) as Pick<VisitRow, 'units' | 'amount' | 'currency'>[];
        const units = lines.reduce((sum, line) => sum + line.units, 0);
        const own = lines.filter((line) => (line.currency ?? code) === code);
        const more = own.reduce((sum, { amount }) => sum + BigInt(amount), BigInt(rest));
        inBatch(() => putCounted.run(id, code, String(more), units));
      }
      flush();
      const all = connection.prepare(
        `SELECT visits.*, counted.currency AS code, counted.rest AS rest, counted.units AS more FROM visits LEFT JOIN counted
         ON counted.id = visits.orderId ORDER BY shopper, time, visits.rowid`,
      );
      yield* sessionsOf(all.iterate() as Iterable<VisitRow>, currency);
    },
    close() {
      flush();
      connection.close();
    },
  };
}

/** Sessions of visits in order: by the source's id where it gives one, else by gaps. */
function* sessionsOf(visits: Iterable<VisitRow>, currency: string): Iterable<ExportedSession> {
  let shopper: string | undefined;
  let open = new Map<string | null, ExportedSession>();
  let done: ExportedSession[] = [];
  let orders = new Set<string>();
  const finish = (): ExportedSession[] =>
    [...done, ...open.values()].sort((a, b) => a.start - b.start || a.end - b.end);
  for (const visit of visits) {
    if (visit.shopper !== shopper) {
      yield* finish();
      [shopper, open, done, orders] = [visit.shopper, new Map(), [], new Set()];
    }
    let session = open.get(visit.session);
    if (session !== undefined && visit.session === null && visit.time > session.end + SESSION_GAP_MS) {
      done.push(session);
      session = undefined;
    }
    session ??= newSession(visit);
    open.set(visit.session, session);
    take(session, visit, orders, currency);
  }
  yield* finish();
}

function newSession({ shopper, session, time, type }: VisitRow): ExportedSession {
  return {
    shopper,
    sessionId: session,
    start: time,
    end: time,
    events: 0,
    entry: type,
    exit: type,
    views: 0,
    carts: 0,
    checkouts: 0,
    orders: 0,
    units: 0,
    amount: 0n,
  };
}

function take(session: ExportedSession, visit: VisitRow, orders: Set<string>, currency: string): void {
  const step = STEP_OF[visit.type];
  session.end = visit.time;
  session.exit = visit.type;
  session.events += 1;
  if (step === VIEW) session.views += 1;
  if (step === CART) session.carts += 1;
  if (step === CHECKOUT) session.checkouts += 1;
  const { orderId, code, rest, more } = visit;
  if (orderId === null || code === null) return;
  session.units += visit.units;
  if ((visit.currency ?? code) === currency) session.amount += BigInt(visit.amount);
  if (orders.has(orderId)) return;
  orders.add(orderId);
  session.orders += 1;
  session.units += more ?? 0;
  if (code === currency) session.amount += BigInt(rest ?? 0);
}
