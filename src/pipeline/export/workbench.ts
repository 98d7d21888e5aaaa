import { type EventType } from '../events/shop-event.ts';
import { FUNNEL, STEP_OF } from '../metrics/funnel.ts';
import { SESSION_GAP_MS } from '../processor/sessions.ts';
import { type DriverName, openConnection } from '../sqlite/driver.ts';

/** An order, or a part of one, as a purchase tells it. */
export interface OrderPart {
  readonly id: string;
  readonly time: number;
  readonly shopper: string | null;
  readonly currency: string;
  readonly partial: boolean;
  readonly lines: number;
  readonly units: number;
  /** In 1/10 000 of the currency unit. */
  readonly amount: number | bigint;
}

/** An event as sessions need it. */
export interface Visit {
  readonly shopper: string;
  readonly time: number;
  readonly type: EventType;
  readonly sessionId: string | null;
  /** Of a purchase that counts. */
  readonly orderId: string | null;
  readonly units: number;
  readonly amount: number | bigint;
}

export interface ExportedSession {
  readonly shopper: string;
  readonly sessionId: string | null;
  readonly start: number;
  end: number;
  events: number;
  readonly entry: EventType;
  exit: EventType;
  views: number;
  carts: number;
  checkouts: number;
  orders: number;
  units: number;
  amount: bigint;
}

/** A place on disk to put orders together and visits in order, so that memory does not grow with the history. */
export interface Workbench {
  /** @returns `repeated` where the order was there and this is no further part of it */
  addOrder(part: OrderPart): 'new' | 'more' | 'repeated';
  addVisit(visit: Visit): void;
  /** By time. */
  orders(): Iterable<OrderPart>;
  /** By shopper, then time. */
  sessions(): Iterable<ExportedSession>;
  close(): void;
}

/** Rows in one transaction. */
const BATCH = 20_000;
const [VIEW, CART, CHECKOUT] = [FUNNEL.indexOf('view'), FUNNEL.indexOf('cart'), FUNNEL.indexOf('checkout')];

const TABLES = `
   CREATE TABLE orders (
     id TEXT PRIMARY KEY, time INTEGER NOT NULL, shopper TEXT, currency TEXT NOT NULL, partial INTEGER NOT NULL,
     lines INTEGER NOT NULL, units INTEGER NOT NULL, amount TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE visits (
     shopper TEXT NOT NULL, time INTEGER NOT NULL, type TEXT NOT NULL, session TEXT, orderId TEXT,
     units INTEGER NOT NULL, amount TEXT NOT NULL
   );`;

interface VisitRow {
  readonly shopper: string;
  readonly time: number;
  readonly type: EventType;
  readonly session: string | null;
  readonly orderId: string | null;
  readonly units: number;
  readonly amount: string;
}

/** The file is a temporary one of SQLite's, which goes with the process however that ends. */
export function openWorkbench(driver: DriverName | undefined): Workbench {
  const connection = openConnection('', { timeout: 0 }, driver);
  connection.exec('PRAGMA journal_mode = OFF');
  connection.exec('PRAGMA cache_size = -32000');
  connection.exec(TABLES);
  const getOrder = connection.prepare('SELECT partial, lines, units, amount FROM orders WHERE id = ?');
  const putOrder = connection.prepare(
    'INSERT INTO orders (id, time, shopper, currency, partial, lines, units, amount) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const growOrder = connection.prepare(
    'UPDATE orders SET time = min(time, ?), lines = ?, units = ?, amount = ? WHERE id = ?',
  );
  const putVisit = connection.prepare(
    'INSERT INTO visits (shopper, time, type, session, orderId, units, amount) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
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

  return {
    addOrder: (part) =>
      inBatch(() => {
        const { id, time, shopper, currency, partial, lines, units, amount } = part;
        const known = getOrder.get(id) as
          | { partial: number; lines: number; units: number; amount: string }
          | undefined;
        if (known === undefined) {
          putOrder.run(id, time, shopper, currency, partial ? 1 : 0, lines, units, String(amount));
          return 'new';
        }
        if (known.partial === 0 || !partial) return 'repeated';
        const sum = BigInt(known.amount) + BigInt(amount);
        growOrder.run(time, known.lines + lines, known.units + units, String(sum), id);
        return 'more';
      }),
    addVisit({ shopper, time, type, sessionId, orderId, units, amount }) {
      inBatch(() => putVisit.run(shopper, time, type, sessionId, orderId, units, String(amount)));
    },
    *orders() {
      flush();
      const all = connection.prepare('SELECT * FROM orders ORDER BY time, id');
      for (const row of all.iterate() as Iterable<
        Omit<OrderPart, 'amount' | 'partial'> & { amount: string; partial: number }
      >) {
        yield { ...row, partial: row.partial === 1, amount: BigInt(row.amount) };
      }
    },
    *sessions() {
      flush();
      const all = connection.prepare('SELECT * FROM visits ORDER BY shopper, time, rowid');
      yield* sessionsOf(all.iterate() as Iterable<VisitRow>);
    },
    close() {
      flush();
      connection.close();
    },
  };
}

/** Sessions of visits in order: by the source's id where it gives one, else by gaps. */
function* sessionsOf(visits: Iterable<VisitRow>): Iterable<ExportedSession> {
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
    take(session, visit, orders);
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

function take(session: ExportedSession, visit: VisitRow, orders: Set<string>): void {
  const step = STEP_OF[visit.type];
  session.end = visit.time;
  session.exit = visit.type;
  session.events += 1;
  if (step === VIEW) session.views += 1;
  if (step === CART) session.carts += 1;
  if (step === CHECKOUT) session.checkouts += 1;
  session.units += visit.units;
  session.amount += BigInt(visit.amount);
  if (visit.orderId === null || orders.has(visit.orderId)) return;
  orders.add(visit.orderId);
  session.orders += 1;
}
