import { type EventType } from '../events/shop-event.ts';
import { type Query } from './catalogue.ts';
import { type Visitor } from './shoppers.ts';
import { type Taste } from './taste.ts';

/** What a session is going to come to; decided when it begins. */
export type Goal = 'bounce' | 'browse' | 'abandon' | 'buy' | 'refund';

export interface CartLine {
  /** Index into `Catalogue.products`. */
  readonly product: number;
  quantity: number;
}

/** An order that will be sent back, and when. */
export interface Return {
  readonly visitor: Visitor;
  readonly orderId: string;
  readonly lines: readonly CartLine[];
  /** Not before this time, ms since the epoch. */
  readonly due: number;
}

/** A visit in progress: all that the generator remembers of it. */
export interface Session {
  readonly visitor: Visitor;
  readonly id: string;
  readonly taste: Taste;
  readonly goal: Goal;
  /** How long before they arrive its events happened, ms: 0 but where a phone was offline. */
  readonly delay: number;
  /** The next event. */
  step: EventType;
  /** Products that are looked at before the session comes to its point. */
  views: number;
  /** Products that will still go into the cart. */
  wanted: number;
  /** How many steps an abandoned cart goes on towards the order: cart seen, checkout, shipping, payment. */
  patience: number;
  page: string;
  query: Query | undefined;
  /** Category that is looked through, −1 for none. */
  category: number;
  /** Products on the list that is looked through. */
  listed: readonly number[];
  /** Product of the next or latest view, −1 for none. */
  product: number;
  /** What the next or latest change of the cart is about. */
  line: CartLine;
  readonly cart: CartLine[];
  orderId: string;
  /** Whether the order was sent twice because its last page was loaded again. */
  reloaded: boolean;
}

/** A session in which nothing has happened yet; it begins with a look at the front page. */
export function newSession(id: string, visitor: Visitor, taste: Taste, goal: Goal, delay: number): Session {
  return {
    id,
    visitor,
    taste,
    goal,
    delay,
    step: 'page_view',
    views: 1,
    wanted: 0,
    patience: 0,
    page: '/',
    query: undefined,
    category: -1,
    listed: [],
    product: -1,
    line: { product: -1, quantity: 1 },
    cart: [],
    orderId: '',
    reloaded: false,
  };
}
