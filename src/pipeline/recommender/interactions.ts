import { compress, type InteractionMatrix } from '../../ml/matrix.ts';
import { type EventType, type ShopEvent, shopperOf } from '../events/shop-event.ts';
import { SESSION_GAP_MS } from '../processor/sessions.ts';

/** How much interest an event shows in its products. */
const WEIGHTS: Readonly<Partial<Record<EventType, number>>> = {
  view_item: 1,
  add_to_wishlist: 2,
  add_to_cart: 3,
  purchase: 5,
};

/** Most interactions that are remembered, the latest. With twice as many the worker would need over 250 MB. */
const INTERACTIONS = 500_000;
/** Sessions that can go on: those that had an event last. */
const OPEN_SESSIONS = 50_000;

export interface InteractionMemoryOptions {
  /** Most interactions that are remembered. @default 500 000 */
  readonly interactions?: number;
}

/** The latest interactions, in bounded memory: about 20 bytes each, and the names of their products. */
export interface InteractionMemory {
  add(event: ShopEvent): void;
  /** Sessions × products. */
  matrix(): InteractionMatrix;
  /** Number of interactions added so far, those that were forgotten too. */
  readonly added: number;
  /** Number of interactions that are remembered. */
  readonly size: number;
}

/** A session that can go on. */
interface OpenSession {
  readonly number: number;
  /** Time of its latest event, ms since the epoch. */
  readonly time: number;
}

/**
 * Groups interactions by session: the source's session id, else what a shopper does without a gap of 30 minutes, else the
 * order, for an order of nobody is still a basket.
 */
export function createInteractionMemory(options: InteractionMemoryOptions = {}): InteractionMemory {
  const { interactions: most = INTERACTIONS } = options;
  const products = createNumbering(most);
  /** The one with the latest event last. */
  const open = new Map<string, OpenSession>();
  // A ring: interaction `n` is in row `n % most`.
  const sessions = new Uint32Array(most); // less `base`
  const items = new Uint32Array(most);
  const weights = new Uint8Array(most);
  const times = new Float64Array(most);
  let added = 0;
  let nextSession = 0;
  let base = 0;

  function sessionOf(event: ShopEvent): number | undefined {
    const { time, sessionId, orderId } = event;
    const shopper = shopperOf(event);
    if (shopper === undefined && orderId === undefined) return undefined;
    const endless = shopper === undefined || sessionId !== undefined;
    const key = shopper === undefined ? `order ${orderId}` : `${shopper} ${sessionId ?? ''}`;
    const session = open.get(key);
    open.delete(key);
    // What was numbered so long ago that all between may be forgotten begins anew: the numbers in the ring stay close.
    const goesOn =
      session !== undefined &&
      nextSession - session.number <= most &&
      (endless || Math.abs(time - session.time) <= SESSION_GAP_MS);
    const number = goesOn ? session.number : nextSession;
    if (!goesOn) nextSession += 1;
    open.set(key, { number, time: goesOn ? Math.max(session.time, time) : time });
    if (open.size > OPEN_SESSIONS) open.delete(open.keys().next().value!);
    return number;
  }
  function remember(session: number, productId: string, weight: number, time: number): void {
    const row = added % most;
    if (added >= most) products.drop(items[row]!);
    sessions[row] = session - base;
    items[row] = products.take(productId);
    weights[row] = weight;
    times[row] = time;
    added += 1;
  }
  return {
    add(event) {
      const weight = WEIGHTS[event.type];
      if (weight === undefined || event.items.length === 0) return;
      const session = sessionOf(event);
      if (session === undefined) return;
      for (const { productId } of event.items) remember(session, productId, weight, event.time);
    },
    matrix() {
      const length = Math.min(added, most);
      let oldest = nextSession - base;
      for (let row = 0; row < length; row += 1) oldest = Math.min(oldest, sessions[row]!);
      for (let row = 0; row < length; row += 1) sessions[row]! -= oldest;
      base += oldest;
      const userCount = nextSession - base;
      return compress({ length, users: sessions, userCount, items, itemIds: products.names, weights, times });
    },
    get added() {
      return added;
    },
    get size() {
      return Math.min(added, most);
    },
  };
}

/** Numbers below `most` for names, each for as long as it is in use. */
function createNumbering(most: number) {
  const numbers = new Map<string, number>();
  const names: (string | undefined)[] = [];
  const uses = new Uint32Array(most);
  const free: number[] = [];

  return {
    names,
    take(name: string): number {
      let number = numbers.get(name);
      if (number === undefined) {
        number = free.pop() ?? names.length;
        names[number] = name;
        numbers.set(name, number);
      }
      uses[number]! += 1;
      return number;
    },
    drop(number: number): void {
      uses[number]! -= 1;
      if (uses[number] !== 0) return;
      numbers.delete(names[number]!);
      names[number] = undefined;
      free.push(number);
    },
  };
}
