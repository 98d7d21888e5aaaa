/** GA4's e-commerce names: the canonical vocabulary, to which every format is mapped. */
export const EVENT_TYPES = [
  'page_view',
  'search',
  'view_item_list',
  'select_item',
  'view_item',
  'add_to_wishlist',
  'add_to_cart',
  'remove_from_cart',
  'view_cart',
  'begin_checkout',
  'add_shipping_info',
  'add_payment_info',
  'purchase',
  'refund',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** A call that links a device to a user, and is no event of a shop. It has a user id and an anonymous id. */
export const LINK_TYPE = 'identify';

/** Property of a link that gives a user a new id: the anonymous id is the former one, whatever it was. */
export const ALIAS_PROPERTY = 'alias';

/** All that a line of ours may be. */
export const LINE_TYPES = [...EVENT_TYPES, LINK_TYPE] as const;

export type LineType = (typeof LINE_TYPES)[number];

/** What a product is called that its source does not name, where it says what was paid for it. */
export const UNNAMED = '(not set)';

/** What became of an order, in the order in which it may go on: of two that are said of one, the later one holds. */
export const ORDER_STATUSES = ['pending', 'paid', 'refunded', 'cancelled'] as const;

export type OrderStatus = (typeof ORDER_STATUSES)[number];

/**
 * What an event may say of its whole order in money, or of all that a refund gives back: `revenue` before tax and shipping, `total` with
 * both. `refunded` is what its order's refunds have given back so far, which only a refund says.
 */
export const AMOUNTS = ['revenue', 'total', 'tax', 'shipping', 'discount', 'refunded'] as const;

/** Amounts in 1/10 000 of the currency unit, by name; those that are not stated are absent. */
export type Amounts = Partial<Record<(typeof AMOUNTS)[number], number>>;

/** A product in an event. */
export interface EventItem {
  productId: string;
  name?: string;
  category?: string;
  brand?: string;
  /** Price of one unit, in 1/10 000 of the currency unit. */
  price?: number;
  /** Of all its units, where the source states it: it wins over price × quantity. In 1/10 000 of the currency unit. */
  total?: number;
  /** Units; 1 where the source gives none. */
  quantity: number;
}

/** One thing that a shopper did, validated and normalised: what every layer above the log works on. */
export interface ShopEvent extends Amounts {
  /** Unique; the same id again is the same event again. */
  id: string;
  type: LineType;
  /** When it happened, in ms since the epoch, UTC. */
  time: number;
  userId?: string;
  anonymousId?: string;
  sessionId?: string;
  orderId?: string;
  /**
   * True where the source gives an order line by line: the event holds some of the order's items, and others with the
   * same orderId follow. Without it a second purchase with an orderId is a duplicate order.
   */
  partial?: boolean;
  /** What became of the order; paid where nobody says. */
  status?: OrderStatus;
  /** ISO 4217; that of its order, else the shop's own currency where absent. */
  currency?: string;
  /** What was searched for. */
  query?: string;
  items: EventItem[];
  /** Which feed it came from, such as `generator` or a file's name. */
  source: string;
  properties?: Record<string, PropertyValue>;
  /** True where the record said more than an event holds: an unknown field, or a property beyond the bounds. */
  truncated?: true;
  /** True where the record had an id of somebody that is none, such as `undefined`. */
  placeholder?: true;
}

/** A scalar, or lists and objects of them within the bounds. */
export type PropertyValue =
  | string
  | number
  | boolean
  | null
  | readonly PropertyValue[]
  | { readonly [name: string]: PropertyValue };

/** An event as it is written to the log and accepted as `native` input: money as decimal, time as ms or ISO 8601. */
export type WireEvent = Omit<
  ShopEvent,
  'time' | 'items' | 'id' | 'source' | 'properties' | 'placeholder' | keyof Amounts
> & {
  [amount in keyof Amounts]?: number | string;
} & {
  id?: string;
  time: number | string;
  items?: (Omit<EventItem, 'price' | 'total' | 'quantity'> & {
    price?: number | string;
    total?: number | string;
    quantity?: number;
  })[];
  source?: string;
  properties?: Record<string, unknown>;
};

/** `source` of the events of simulated shoppers, however they come to the log. */
export const SIMULATED_SOURCE = 'generator';

/** Bounds on one event: what is larger is rejected and goes to the dead letters, or is left out where that is said. */
export const LIMITS = {
  /** UTF-8 bytes of the whole event as JSON. */
  eventBytes: 64 * 1024,
  items: 500,
  /** Events in one record of a format that gathers several. */
  recordEvents: 5000,
  /** UTF-8 bytes of one string. */
  stringBytes: 1024,
  properties: 100,
  /** Lists and objects in each other in a property; what lies deeper is left out. */
  propertyDepth: 4,
  /** Values in the lists and objects of all properties together; what comes after them is left out. */
  propertyValues: 200,
  quantity: 1_000_000,
  /** Bytes that are kept of a record that is no event. */
  keptBytes: 1024 * 1024,
  /** How far the clocks of two hosts, or of a device, may differ before what one of them says is no moment any more, in ms. */
  clockMs: 5 * 60_000,
  /** 2000-01-01: below it, the time is in other units than ms, or that of a clock that was never set. */
  minTime: 946_684_800_000,
} as const;

/**
 * Who acted: user id, else anonymous id, else the source's session id; `undefined` for an event of nobody.
 * The prefix keeps an anonymous "42" apart from user "42".
 */
export function shopperOf(
  event: Pick<ShopEvent, 'userId' | 'anonymousId' | 'sessionId'>,
): string | undefined {
  if (event.userId !== undefined) return `u:${event.userId}`;
  if (event.anonymousId !== undefined) return `a:${event.anonymousId}`;
  if (event.sessionId !== undefined) return `s:${event.sessionId}`;
  return undefined;
}

/** The key that keeps one shopper's events in order: the shopper, else the order, else the event. */
export function partitionKey(
  event: Pick<ShopEvent, 'userId' | 'anonymousId' | 'sessionId' | 'orderId' | 'id'>,
): string {
  return event.userId ?? event.anonymousId ?? event.sessionId ?? event.orderId ?? event.id;
}
