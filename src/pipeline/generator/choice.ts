import { type Catalogue } from './catalogue.ts';
import { type Random } from './random.ts';
import { type CartLine, type Session } from './session.ts';
import { FAVOURITE_SHARES, STYLE_SHARE } from './taste.ts';

/** Probability that a companion of something in the cart, or of the product looked at, is looked at next. */
const CART_COMPANION_SHARE = 0.6;
const VIEW_COMPANION_SHARE = 0.15;
/** From so many cents on nobody buys several. */
const DEAR = 20_000;

/** Which products a shopper turns to. Products and categories are indexes into the catalogue. */
export interface Choice {
  category(session: Session): number;
  productOf(session: Session, category: number): number;
  /** What goes with a product in the cart or with the one looked at, or else what the shopper likes. */
  next(session: Session): number;
  /** How much of a product goes into the cart. */
  lineOf(product: number): CartLine;
}

export function createChoice(catalogue: Catalogue, random: Random): Choice {
  const { products } = catalogue;

  function category({ taste }: Session): number {
    let drawn = random.next();
    for (let n = 0; n < FAVOURITE_SHARES.length; n += 1) {
      if (drawn < FAVOURITE_SHARES[n]!) return taste.favourites[n]!;
      drawn -= FAVOURITE_SHARES[n]!;
    }
    return catalogue.drawCategory(random.next());
  }
  function productOf({ taste }: Session, ofCategory: number): number {
    const style = random.chance(STYLE_SHARE) ? taste.style : undefined;
    return catalogue.drawProduct(random.next(), ofCategory, style);
  }
  function next(session: Session): number {
    const inCart = session.cart.length > 0;
    const base = inCart ? random.pick(session.cart).product : session.product;
    if (base >= 0 && random.chance(inCart ? CART_COMPANION_SHARE : VIEW_COMPANION_SHARE)) {
      const { companions } = products[base]!;
      if (companions.length > 0) return random.pick(companions);
    }
    return productOf(session, category(session));
  }
  function lineOf(product: number): CartLine {
    const more = products[product]!.cents < DEAR ? Math.min(8, Math.floor(random.exponential() * 0.6)) : 0;
    return { product, quantity: 1 + more };
  }
  return { category, productOf, next, lineOf };
}
