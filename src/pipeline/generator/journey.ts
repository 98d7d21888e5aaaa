import { type EventType } from '../events/shop-event.ts';
import { type Catalogue } from './catalogue.ts';
import { createChoice } from './choice.ts';
import { type Random } from './random.ts';
import { type Goal, newSession, type Return, type Session } from './session.ts';
import { type Visitor } from './shoppers.ts';
import { type Taste } from './taste.ts';

/** Probabilities of what a visit comes to, by who visits; the rest looks around. 3 % buy, 70 % of the carts are left. */
const GOALS = {
  signedIn: { bounce: 0.25, abandon: 0.125, buy: 0.055 },
  returning: { bounce: 0.4, abandon: 0.06, buy: 0.025 },
  newcomer: { bounce: 0.5, abandon: 0.04, buy: 0.016 },
} as const;
/** Probability that an abandoned cart gets at least n + 1 steps further. */
const PATIENCE = [0.6, 0.4, 0.22, 0.12] as const;
const LIST_LENGTH = 4;
const PAGES = ['/new', '/sale', '/help/shipping', '/stores'] as const;

/** How sessions begin and go on. */
export interface Journeys {
  /** @param delay how long before they arrive the session's events happen, ms */
  begin(id: string, visitor: Visitor, taste: Taste, delay: number): Session;
  /** A visit to send an order back. */
  beginReturn(id: string, order: Return, taste: Taste): Session;
  /** Chooses the next step, after `session.step` has happened. @returns false where the session is over. */
  goOn(session: Session): boolean;
}

export interface JourneyOptions {
  readonly catalogue: Catalogue;
  readonly random: Random;
  /** Probability that the page after an order is loaded again, and the order sent twice. */
  readonly reloads: number;
  /** A new order id with every call. */
  readonly nextOrderId: () => string;
}

export function createJourneys({ catalogue, random, reloads, nextOrderId }: JourneyOptions): Journeys {
  const choice = createChoice(catalogue, random);

  function begin(id: string, visitor: Visitor, taste: Taste, delay: number): Session {
    const goal = chooseGoal(random, visitor);
    const session = newSession(id, visitor, taste, goal, delay);
    session.views = 1 + Math.floor(random.exponential() * (goal === 'buy' ? 3.5 : 2.5));
    if (goal === 'buy' || goal === 'abandon')
      session.wanted = 1 + Math.min(5, Math.floor(random.exponential()));
    if (goal === 'abandon') {
      const drawn = random.next();
      while (drawn < (PATIENCE[session.patience] ?? 0)) session.patience += 1;
    }
    // An advertisement leads to a product, anything else to a page.
    if (random.chance(0.3)) {
      session.step = view(session);
      session.views += 1;
    } else if (random.chance(0.15)) session.page = random.pick(PAGES);
    return session;
  }
  function beginReturn(id: string, order: Return, taste: Taste): Session {
    const session = newSession(id, order.visitor, taste, 'refund', 0);
    session.page = '/account/orders';
    session.orderId = order.orderId;
    const partly = order.lines.length > 1 && random.chance(0.5);
    for (const line of partly ? order.lines.slice(0, 1) : order.lines) session.cart.push(line);
    return session;
  }

  function chooseProduct(session: Session): number {
    const { listed, category } = session;
    if (listed.length > 0) return random.pick(listed);
    return category >= 0 ? choice.productOf(session, category) : choice.next(session);
  }
  function view(session: Session): EventType {
    const { product } = session;
    // Twice the same in a row is possible, but not likely.
    for (let tries = 0; tries < 2 && session.product === product; tries += 1)
      session.product = chooseProduct(session);
    session.listed = [];
    session.category = -1;
    return 'view_item';
  }
  function browse(session: Session): EventType | undefined {
    if (session.views <= 0) return session.wanted > 0 ? fill(session, session.product) : undefined;
    const drawn = random.next();
    session.listed = [];
    session.category = -1;
    if (drawn < 0.16) return search(session);
    if (drawn < 0.4) return list(session);
    if (drawn > 0.06 + 0.4) return view(session);
    session.page = random.pick(PAGES);
    return 'page_view';
  }
  function search(session: Session): EventType {
    const category = choice.category(session);
    const { queries } = catalogue.categories[category]!;
    const drawn = random.next();
    session.query = queries[Math.floor(drawn * drawn * queries.length)]!;
    if (session.query.results > 0) session.category = category;
    return 'search';
  }
  function list(session: Session): EventType {
    const category = choice.category(session);
    session.category = category;
    const listed = new Set<number>();
    for (let i = 0; i < LIST_LENGTH; i += 1) listed.add(choice.productOf(session, category));
    session.listed = [...listed];
    return 'view_item_list';
  }
  function fill(session: Session, product: number): EventType {
    const line = choice.lineOf(product);
    const held = session.cart.find((other) => other.product === product);
    if (held === undefined) session.cart.push({ ...line });
    else held.quantity += line.quantity;
    session.line = line;
    session.wanted -= 1;
    return 'add_to_cart';
  }
  function afterFilling(session: Session): EventType | undefined {
    const { cart, goal } = session;
    if (session.wanted > 0) {
      if (random.chance(0.25)) return fill(session, choice.next(session));
      session.views = 1 + random.below(2);
      return browse(session);
    }
    if (cart.length > 1 && random.chance(0.12)) {
      session.line = cart.splice(random.below(cart.length), 1)[0]!;
      return 'remove_from_cart';
    }
    return goal === 'buy' && random.chance(0.3) ? 'begin_checkout' : towards(session, 'view_cart');
  }
  function afterPayment(session: Session): EventType | undefined {
    if (session.goal !== 'buy') return undefined;
    session.orderId = nextOrderId();
    return 'purchase';
  }
  function afterPurchase(session: Session): EventType | undefined {
    if (session.reloaded || !random.chance(reloads)) return undefined;
    session.reloaded = true;
    return 'purchase';
  }
  function fromList(session: Session): EventType | undefined {
    if (!random.chance(0.75)) return browse(session);
    const step = view(session);
    return random.chance(0.5) ? 'select_item' : step;
  }
  function fromSearch(session: Session): EventType | undefined {
    return session.category >= 0 && random.chance(0.8) ? view(session) : browse(session);
  }
  function fromView(session: Session): EventType | undefined {
    session.views -= 1;
    return random.chance(0.05) ? 'add_to_wishlist' : browse(session);
  }

  const followers: Record<EventType, (session: Session) => EventType | undefined> = {
    page_view: (session) => (session.goal === 'refund' ? 'refund' : browse(session)),
    search: fromSearch,
    view_item_list: fromList,
    select_item: () => 'view_item',
    view_item: fromView,
    add_to_wishlist: browse,
    add_to_cart: afterFilling,
    remove_from_cart: (session) => towards(session, 'view_cart'),
    view_cart: (session) => towards(session, 'begin_checkout'),
    begin_checkout: (session) => towards(session, 'add_shipping_info'),
    add_shipping_info: (session) => towards(session, 'add_payment_info'),
    add_payment_info: afterPayment,
    purchase: afterPurchase,
    refund: () => undefined,
  };
  function goOn(session: Session): boolean {
    const step = session.goal === 'bounce' ? undefined : followers[session.step](session);
    if (step === undefined) return false;
    session.step = step;
    return true;
  }
  return { begin, beginReturn, goOn };
}

function chooseGoal(random: Random, visitor: Visitor): Goal {
  const odds = GOALS[visitor.signedIn ? 'signedIn' : visitor.returning ? 'returning' : 'newcomer'];
  const drawn = random.next();
  if (drawn < odds.bounce) return 'bounce';
  if (drawn < odds.bounce + odds.abandon) return 'abandon';
  return drawn < odds.bounce + odds.abandon + odds.buy ? 'buy' : 'browse';
}

/** The next step towards an order, if the shopper's patience lasts. */
function towards(session: Session, step: EventType): EventType | undefined {
  if (session.goal === 'buy') return step;
  session.patience -= 1;
  return session.patience < 0 ? undefined : step;
}
