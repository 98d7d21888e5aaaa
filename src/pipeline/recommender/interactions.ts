import { type Interactions, type ItemText } from '../../ml/training-data.ts';
import { ByteWriter } from '../events/bytes.ts';
import { type EventColumns, FLAG, ITEM_TEXT, TEXT, type TextField } from '../events/columns.ts';
import { LINE_TYPES, LINK_TYPE } from '../events/shop-event.ts';
import { SESSION_GAP_MS } from '../processor/sessions.ts';
import { DailyCounts } from './daily-counts.ts';
import { LastLinks } from './last-links.ts';
import { Names } from './names.ts';
import { OpenSessions } from './open-sessions.ts';
import { ProductTexts } from './product-texts.ts';
import { DEFAULT_WEIGHTS, type InteractionWeights } from './weights.ts';

/** Most interactions that are remembered, the latest. With twice as many the worker would need over 250 MB. */
const INTERACTIONS = 500_000;
/** Most memory of the names of shoppers and products, and of what is known of these, bytes, as `bytesOf` counts it. */
const NAME_BYTES = 160e6;
/** Sessions that can go on: those that had an event last. */
const OPEN_SESSIONS = 50_000;

export interface InteractionMemoryOptions {
  /** Most interactions that are remembered. @default 500 000 */
  readonly interactions?: number;
  /** Most memory that names and texts may take, bytes: beyond it the earliest interactions are forgotten. @default 160 MB */
  readonly nameBytes?: number | undefined;
  /** Of the types that are no interactions, none. @default views 1, wishes 2, carts 3, purchases 5 */
  readonly weights?: InteractionWeights;
  /** Products that are none, such as postage; none is passed over where absent. */
  readonly isIgnored?: (productId: string) => boolean;
  /** Whoever does more within a day is taken for a robot, and what it does then is passed over. @default 2000 */
  readonly perDay?: number;
}

/** The latest interactions, in bounded memory: about 24 bytes each, and the names of their products and shoppers. */
export interface InteractionMemory {
  /** Adds what an event in a row of columns shows interest in. */
  add(columns: EventColumns, row: number): void;
  interactions(): Interactions;
  /** Keys of their shoppers, as `shopperOf` gives them, or of orders of nobody. Those that do not occur may be absent. */
  userIds(): (string | undefined)[];
  /** Ids of the products of the interactions from the `added`-th on, and of those that were in a session with one of them. */
  productsSince(added: number): Set<string>;
  /** What the events say of the products that occur. */
  texts(): Map<string, ItemText>;
  /** Number of different products that are remembered. */
  readonly products: number;
  /** Number of interactions added so far, those that were forgotten too. */
  readonly added: number;
  /** Number of interactions that are remembered. */
  readonly size: number;
}

/** Who acted, and what comes before that in the key. */
const ACTORS: readonly (readonly [field: TextField, prefix: Buffer])[] = [
  [TEXT.userId, Buffer.from('u:')],
  [TEXT.anonymousId, Buffer.from('a:')],
  [TEXT.sessionId, Buffer.from('s:')],
  // What an order of nobody is known by.
  [TEXT.orderId, Buffer.from('order ')],
];
const BETWEEN = Buffer.from(' ');

/**
 * Groups interactions by session: the source's session id, else what a shopper does without a gap of 30 minutes, else the
 * order, for an order of nobody is still a basket.
 */
export function createInteractionMemory(options: InteractionMemoryOptions = {}): InteractionMemory {
  const {
    interactions: most = INTERACTIONS,
    weights: weightOf = DEFAULT_WEIGHTS,
    isIgnored,
    perDay = 2000,
    nameBytes = NAME_BYTES,
  } = options;
  const weightByType = Float64Array.from(LINE_TYPES, (type) =>
    type === LINK_TYPE ? 0 : (weightOf[type] ?? 0),
  );
  const links = new LastLinks();
  const products = new Names();
  const users = new Names();
  const texts = new ProductTexts();
  const busy = new DailyCounts(perDay);
  const open = new OpenSessions(OPEN_SESSIONS);
  /** The key of who acts, in `userSize` bytes, and behind it what makes it that of a session. */
  const key = new ByteWriter(64);
  let userSize = 0;
  // A ring: interaction `n` is in row `n % most`.
  const sessions = new Uint32Array(most); // less `base`
  const items = new Uint32Array(most);
  const shoppers = new Uint32Array(most);
  const weights = new Float32Array(most);
  const times = new Float64Array(most);
  let added = 0;
  let forgotten = 0;
  let nextSession = 0;
  let base = 0;

  function copyText(columns: EventColumns, row: number, field: TextField): void {
    const place = columns.place(row, field);
    key.copy(columns.bytesAt(place), columns.offsetOf(place), columns.size(row, field));
  }
  /** Finds out who acted. @returns the field that says it; `undefined` for nobody, without an order */
  function identify(columns: EventColumns, row: number): TextField | undefined {
    for (const [field, prefix] of ACTORS) {
      if (!columns.has(row, field)) continue;
      key.clear();
      key.copy(prefix, 0, prefix.length);
      copyText(columns, row, field);
      userSize = key.length;
      return field;
    }
    return undefined;
  }
  function isTaken(columns: EventColumns, item: number): boolean {
    if (isIgnored === undefined) return true;
    const place = columns.itemPlace(item, ITEM_TEXT.productId);
    const [bytes, from] = [columns.bytesAt(place), columns.offsetOf(place)];
    const size = columns.itemSize(item, ITEM_TEXT.productId);
    return products.find(bytes, from, size) !== -1 || !isIgnored(bytes.toString('utf8', from, from + size));
  }
  function sessionOf(columns: EventColumns, row: number, actor: TextField): number {
    const time = columns.time(row);
    const hasId = columns.has(row, TEXT.sessionId);
    const endless = actor === TEXT.orderId || hasId;
    key.copy(BETWEEN, 0, 1);
    if (hasId) copyText(columns, row, TEXT.sessionId);
    const session = open.place(key.bytes, 0, key.length);
    const before = open.number(session);
    // What was numbered so long ago that all between may be forgotten begins anew: the numbers in the ring stay close.
    const goesOn =
      before !== -1 &&
      before >= base &&
      nextSession - before <= most &&
      (endless || Math.abs(time - open.time(session)) <= SESSION_GAP_MS);
    const number = goesOn ? before : nextSession;
    if (!goesOn) nextSession += 1;
    open.put(session, number, goesOn ? Math.max(open.time(session), time) : time);
    return number;
  }
  /** Forgets the earliest. */
  function forget(): void {
    const at = forgotten % most;
    const product = items[at]!;
    if (products.drop(product)) texts.forget(product);
    users.drop(shoppers[at]!);
    forgotten += 1;
  }
  /** The remembered part of a column of the ring; the order of rows says nothing. */
  function columnOf<T extends Uint32Array | Float32Array | Float64Array>(ring: T): T {
    const [from, to] = [forgotten % most, added % most];
    if (added - forgotten === most) return ring.slice() as T;
    if (from <= to) return ring.slice(from, to) as T;
    const column = new (ring.constructor as new (length: number) => T)(added - forgotten);
    column.set(ring.subarray(from));
    column.set(ring.subarray(0, to), most - from);
    return column;
  }
  function remember(
    session: number,
    columns: EventColumns,
    item: number,
    weight: number,
    time: number,
  ): void {
    if (added - forgotten === most) forget();
    const at = added % most;
    const place = columns.itemPlace(item, ITEM_TEXT.productId);
    const size = columns.itemSize(item, ITEM_TEXT.productId);
    const product = products.take(columns.bytesAt(place), columns.offsetOf(place), size);
    shoppers[at] = users.take(key.bytes, 0, userSize);
    sessions[at] = session - base;
    items[at] = product;
    weights[at] = weight;
    times[at] = time;
    added += 1;
    texts.describe(product, columns, item);
    while (products.bytes + users.bytes + texts.bytes > nameBytes && added - forgotten > 1) forget();
  }
  function namesOf(names: Names): (string | undefined)[] {
    return Array.from({ length: names.end }, (_, number) => names.textOf(number));
  }
  return {
    add(columns, row) {
      if (columns.hasBothIds(row)) links.note(columns, row);
      const weight = weightByType[columns.typeNumber(row)]!;
      if (weight <= 0 || columns.is(row, FLAG.robot)) return;
      const actor = identify(columns, row);
      if (actor === undefined) return;
      const first = columns.firstItem(row);
      const end = first + columns.items(row);
      let taken = 0;
      for (let item = first; item < end; item += 1) if (isTaken(columns, item)) taken += 1;
      const time = columns.time(row);
      if (taken === 0 || busy.isTooBusy(time, taken, key.bytes, 0, userSize)) return;
      const session = sessionOf(columns, row, actor);
      for (let item = first; item < end; item += 1)
        if (taken === end - first || isTaken(columns, item)) remember(session, columns, item, weight, time);
    },
    interactions() {
      let oldest = nextSession - base;
      for (let n = forgotten; n < added; n += 1) oldest = Math.min(oldest, sessions[n % most]!);
      for (let n = forgotten; n < added; n += 1) sessions[n % most]! -= oldest;
      base += oldest;
      return {
        length: added - forgotten,
        users: links.joined(columnOf(shoppers), users),
        userCount: users.end,
        sessions: columnOf(sessions),
        sessionCount: nextSession - base,
        items: columnOf(items),
        itemIds: namesOf(products),
        weights: columnOf(weights),
        times: columnOf(times),
      };
    },
    userIds: () => namesOf(users),
    productsSince(since) {
      const touched = new Set<number>();
      for (let n = Math.max(since, forgotten); n < added; n += 1) touched.add(sessions[n % most]!);
      const found = new Set<number>();
      for (let n = forgotten; n < added; n += 1)
        if (touched.has(sessions[n % most]!)) found.add(items[n % most]!);
      return new Set(Array.from(found, (product) => products.textOf(product)!));
    },
    texts() {
      const known = new Map<string, ItemText>();
      for (let product = 0; product < products.end; product += 1) {
        const text = texts.of(product);
        if (text !== undefined) known.set(products.textOf(product)!, text);
      }
      return known;
    },
    get added() {
      return added;
    },
    get size() {
      return added - forgotten;
    },
    get products() {
      return products.size;
    },
  };
}
