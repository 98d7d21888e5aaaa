import { type LineType } from '../events/shop-event.ts';

/** How long after a click a purchase of the product is put down to the list, ms. */
const ATTRIBUTION_MS = 7 * 24 * 3_600_000;

/** Most lists, and most clicked products, that are remembered of a shopper. */
const KEPT_LISTS = 20;
const KEPT_CLICKS = 20;

/** What a shopper has seen of recommendations, and did with them. */
export interface Exposure {
  /** Lists by id, the latest last. */
  readonly lists: SeenList[];
  /** The newest click on each product, the latest that arrived last. */
  readonly clicks: Click[];
}

export interface SeenList {
  readonly id: string;
  shown: boolean;
  clicked: boolean;
}

export interface Click {
  readonly productId: string;
  /** What had made the list. */
  readonly arm: string;
  /** ms since the epoch */
  readonly time: number;
}

export function newExposure(): Exposure {
  return { lists: [], clicks: [] };
}

/** An id of a list is what made it, a dot, and whatever tells lists apart. */
const LIST_ID = /^([\w-]{1,32})\.[\w.-]{1,64}$/;

/** What made the list with an id; `undefined` for an id of another form. */
export function armOf(listId: string): string | undefined {
  return LIST_ID.exec(listId)?.[1];
}

/** Whether an event shows a list, or is a click on a product of one. */
export function reactionOf(type: LineType, items: number): 'shown' | 'clicked' | undefined {
  if (type === 'view_item_list') return 'shown';
  const onProduct =
    type === 'select_item' || type === 'view_item' || type === 'add_to_cart' || type === 'add_to_wishlist';
  return onProduct && items > 0 ? 'clicked' : undefined;
}

/** Notes that a list was shown or clicked. @returns whether that is new */
export function noteList({ lists }: Exposure, id: string, reaction: 'shown' | 'clicked'): boolean {
  let list = lists.find((one) => one.id === id);
  if (list === undefined) {
    list = { id, shown: false, clicked: false };
    lists.push(list);
    if (lists.length > KEPT_LISTS) lists.shift();
  }
  const isNew = !list[reaction];
  list[reaction] = true;
  return isNew;
}

/** Notes a click on a product, unless a later one is known. */
export function noteClick({ clicks }: Exposure, click: Click): void {
  const place = clicks.findIndex(({ productId }) => productId === click.productId);
  if (place >= 0) {
    if (clicks[place]!.time > click.time) return;
    clicks.splice(place, 1);
  }
  clicks.push(click);
  if (clicks.length > KEPT_CLICKS) clicks.shift();
}

/** What a purchase of a product is put down to: the last click on it, of the seven days before. */
export function creditedArm({ clicks }: Exposure, productId: string, time: number): string | undefined {
  const click = clicks.find((one) => one.productId === productId);
  return click !== undefined && click.time <= time && time - click.time <= ATTRIBUTION_MS
    ? click.arm
    : undefined;
}
