/** A run of a shopper's events. */
export interface Session {
  /** The source's session id, if it gave one. */
  id: string | undefined;
  /** Times of the first and the last event, ms since the epoch. */
  start: number;
  end: number;
  /** Which steps were taken in which order: see funnel.ts. */
  path: number;
}

/** What the processor remembers of a shopper; its key in the live store is what `shopperOf` gives. */
export interface ShopperState {
  /** Times of the newest event and of the newest purchase, ms since the epoch; 0 for none. */
  lastSeen: number;
  lastPurchase: number;
  /** Ordered by end. */
  sessions: Session[];
  /** Products viewed, put into the cart or bought, each once, the latest last. */
  recent: string[];
  /** Products bought, each once, the latest last. */
  bought: string[];
}

/** Most products that are remembered as recent, and as bought. */
export const RECENT_PRODUCTS = 20;
const BOUGHT_PRODUCTS = 50;

export function newShopper(): ShopperState {
  return { lastSeen: 0, lastPurchase: 0, sessions: [], recent: [], bought: [] };
}

/** Notes that a shopper was interested in a product, or bought it. */
export function noteProduct(state: ShopperState, productId: string, bought: boolean): void {
  moveToEnd(state.recent, productId, RECENT_PRODUCTS);
  if (bought) moveToEnd(state.bought, productId, BOUGHT_PRODUCTS);
}

function moveToEnd(list: string[], value: string, most: number): void {
  if (list.at(-1) === value) return;
  const place = list.indexOf(value);
  if (place >= 0) list.splice(place, 1);
  list.push(value);
  if (list.length > most) list.shift();
}

/** Compact, because a state is written for nearly every event: `[lastSeen, lastPurchase, sessions, recent, bought]`. */
export function encodeShopperState({
  lastSeen,
  lastPurchase,
  sessions,
  recent,
  bought,
}: ShopperState): string {
  const runs = sessions.map(({ id, start, end, path }) => [
    start,
    end,
    path,
    ...(id === undefined ? [] : [id]),
  ]);
  return JSON.stringify([lastSeen, lastPurchase, runs, recent, bought]);
}

type StoredSession = [start: number, end: number, path: number, id?: string];

export function decodeShopperState(text: string): ShopperState {
  const [lastSeen, lastPurchase, runs, recent, bought] = JSON.parse(text) as [
    number,
    number,
    StoredSession[],
    string[],
    string[],
  ];
  const sessions = runs.map(([start, end, path, id]): Session => ({ id, start, end, path }));
  return { lastSeen, lastPurchase, sessions, recent, bought };
}
