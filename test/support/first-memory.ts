import { type Interactions, type ItemText } from '../../src/ml/training-data.ts';
import { type EventType, type ShopEvent, shopperOf } from '../../src/pipeline/events/shop-event.ts';
import { DEFAULT_WEIGHTS, type InteractionWeights } from '../../src/pipeline/recommender/weights.ts';

/** Most interactions that are remembered, the latest. With twice as many the worker would need over 250 MB. */
const INTERACTIONS = 500_000;
/** Most memory of the names of shoppers and products, and of what is known of these, bytes, as {@link bytesOf} counts it. */
const NAME_BYTES = 160e6;
/** Sessions that can go on: those that had an event last. */
const OPEN_SESSIONS = 50_000;

interface FirstMemoryOptions {
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

/** Interactions with the names of those who took part. */
interface NamedInteractions extends Interactions {
  /** Keys of shoppers, as `shopperOf` gives them, or of orders of nobody. Those that do not occur may be absent. */
  readonly userIds: readonly (string | undefined)[];
}

/** The latest interactions, in bounded memory: about 24 bytes each, and the names of their products and shoppers. */
interface FirstMemory {
  add(event: ShopEvent): void;
  interactions(): NamedInteractions;
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

/** What an order of nobody is known by. */
const ORDER = 'order ';
const DAY_MS = 86_400_000;
const SESSION_GAP_MS = 30 * 60_000;

/** A session that can go on. */
interface OpenSession {
  readonly number: number;
  /** Time of its latest event, ms since the epoch. */
  readonly time: number;
}

/**
 * The first memory of interactions, made of maps of strings: what a faster one has to remember as well.
 * Groups interactions by session: the source's session id, else what a shopper does without a gap of 30 minutes, else the
 * order, for an order of nobody is still a basket.
 */
export function createFirstMemory(options: FirstMemoryOptions = {}): FirstMemory {
  const {
    interactions: most = INTERACTIONS,
    weights: weightOf = DEFAULT_WEIGHTS,
    isIgnored,
    perDay = 2000,
    nameBytes = NAME_BYTES,
  } = options;
  let bytes = 0;
  const weigh = (name: string, sign: 1 | -1) => {
    bytes += sign * bytesOf(name);
  };
  const products = createNumbering(most, weigh);
  const users = createNumbering(most, weigh);
  const texts = new Map<string, ItemText>();
  const busy = createDailyCounts(perDay);
  /** The one with the latest event last. */
  const open = new Map<string, OpenSession>();
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

  function sessionOf({ time, sessionId }: ShopEvent, user: string): number {
    const endless = user.startsWith(ORDER) || sessionId !== undefined;
    const key = `${user} ${sessionId ?? ''}`;
    const session = open.get(key);
    open.delete(key);
    // What was numbered so long ago that all between may be forgotten begins anew: the numbers in the ring stay close.
    const goesOn =
      session !== undefined &&
      session.number >= base &&
      nextSession - session.number <= most &&
      (endless || Math.abs(time - session.time) <= SESSION_GAP_MS);
    const number = goesOn ? session.number : nextSession;
    if (!goesOn) nextSession += 1;
    open.set(key, { number, time: goesOn ? Math.max(session.time, time) : time });
    if (open.size > OPEN_SESSIONS) open.delete(open.keys().next().value!);
    return number;
  }
  /** Forgets the earliest. */
  function forget(): void {
    const row = forgotten % most;
    const product = products.drop(items[row]!);
    if (product !== undefined) describe(product, undefined);
    users.drop(shoppers[row]!);
    forgotten += 1;
  }
  function describe(product: string, text: ItemText | undefined): void {
    const before = texts.get(product);
    if (before !== undefined) bytes -= textBytes(before);
    if (text === undefined) texts.delete(product);
    else {
      bytes += textBytes(text);
      texts.set(product, text);
    }
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
  function remember(session: number, user: string, productId: string, weight: number, time: number): void {
    if (added - forgotten === most) forget();
    const row = added % most;
    shoppers[row] = users.take(user);
    sessions[row] = session - base;
    items[row] = products.take(productId);
    weights[row] = weight;
    times[row] = time;
    added += 1;
  }
  return {
    add(event) {
      const weight = weightOf[event.type as EventType];
      const { time, orderId } = event;
      const user = shopperOf(event) ?? (orderId === undefined ? undefined : `${ORDER}${orderId}`);
      if (weight === undefined || weight <= 0 || user === undefined) return;
      const taken = event.items.filter(({ productId }) => isIgnored?.(productId) !== true);
      if (taken.length === 0 || busy.isTooBusy(user, time, taken.length)) return;
      const session = sessionOf(event, user);
      for (const { productId, name, category, brand } of taken) {
        remember(session, user, productId, weight, time);
        if (name !== undefined || category !== undefined || brand !== undefined)
          describe(productId, { name, category, brand });
        while (bytes > nameBytes && added - forgotten > 1) forget();
      }
    },
    interactions() {
      let oldest = nextSession - base;
      for (let n = forgotten; n < added; n += 1) oldest = Math.min(oldest, sessions[n % most]!);
      for (let n = forgotten; n < added; n += 1) sessions[n % most]! -= oldest;
      base += oldest;
      return {
        length: added - forgotten,
        users: columnOf(shoppers),
        userCount: users.names.length,
        userIds: [...users.names],
        sessions: columnOf(sessions),
        sessionCount: nextSession - base,
        items: columnOf(items),
        itemIds: [...products.names],
        weights: columnOf(weights),
        times: columnOf(times),
      };
    },
    productsSince(since) {
      const touched = new Set<number>();
      for (let n = Math.max(since, forgotten); n < added; n += 1) touched.add(sessions[n % most]!);
      const found = new Set<string>();
      for (let n = forgotten; n < added; n += 1)
        if (touched.has(sessions[n % most]!)) found.add(products.names[items[n % most]!]!);
      return found;
    },
    texts: () => new Map(texts),
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

/** Counts what each does on the newest day, UTC. What comes late is not counted. */
function createDailyCounts(most: number) {
  let today = 0;
  let counts = new Map<string, number>();

  return {
    /** Whether somebody has done more than is believable, with these. */
    isTooBusy(user: string, time: number, actions: number): boolean {
      const day = Math.floor(time / DAY_MS);
      if (day > today) {
        today = day;
        counts = new Map();
      }
      if (day < today) return false;
      const count = (counts.get(user) ?? 0) + actions;
      counts.set(user, count);
      return count > most;
    },
  };
}

/** What a name takes at most: its characters, and its places in a map and in a list. */
function bytesOf(name: string): number {
  return 64 + 2 * name.length;
}

function textBytes({ name = '', category = '', brand = '' }: ItemText): number {
  return 64 + bytesOf(name) + bytesOf(category) + bytesOf(brand);
}

/**
 * Numbers below `most` for names, each for as long as it is in use.
 * @param weigh told of each name that comes or goes
 */
function createNumbering(most: number, weigh: (name: string, sign: 1 | -1) => void) {
  const numbers = new Map<string, number>();
  const names: (string | undefined)[] = [];
  const uses = new Uint32Array(most);
  const free: number[] = [];

  return {
    names,
    get size() {
      return numbers.size;
    },
    take(name: string): number {
      let number = numbers.get(name);
      if (number === undefined) {
        number = free.pop() ?? names.length;
        names[number] = name;
        numbers.set(name, number);
        weigh(name, 1);
      }
      uses[number]! += 1;
      return number;
    },
    /** @returns the name, where it is in use no more */
    drop(number: number): string | undefined {
      uses[number]! -= 1;
      if (uses[number] !== 0) return undefined;
      const name = names[number]!;
      numbers.delete(name);
      weigh(name, -1);
      names[number] = undefined;
      free.push(number);
      return name;
    },
  };
}
