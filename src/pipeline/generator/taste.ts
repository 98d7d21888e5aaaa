import { type Catalogue } from './catalogue.ts';
import { STYLES } from './departments.ts';
import { createSampler, hashText, mix } from './random.ts';

/** What a shopper truly likes: what a recommender has to find out from the events. */
export interface Taste {
  /** Favourite categories, most liked first; one may be there twice. */
  readonly favourites: readonly [number, number, number];
  /** Index into `STYLES`. */
  readonly style: number;
}

/** Probability that a shopper looks for something in the n-th favourite; the rest is spread over the shop by popularity. */
export const FAVOURITE_SHARES = [0.45, 0.2, 0.1] as const;
/** Probability that a shopper insists on the own style. */
export const STYLE_SHARE = 0.6;

/**
 * Tells a shopper's latent taste. Nothing is remembered: it follows from the id, and a person is the same with and without
 * signing in (the first letter of the id says which: u1042 is a1042 signed in). Favourites and styles are drawn by
 * popularity, so that all shoppers together follow the catalogue's popularity.
 */
export function createTastes(catalogue: Catalogue, seed: string): (shopperId: string) => Taste {
  const salt = hashText(seed, 5);
  const drawStyle = createSampler(STYLES.map((style) => style.share));
  return (shopperId) => {
    const hash = hashText(shopperId.slice(1), salt);
    const uniform = (n: number): number => mix(hash + Math.imul(n, 0x9e3779b9)) / 4_294_967_296;
    const favourite = (n: number): number => catalogue.drawCategory(uniform(n));
    return { favourites: [favourite(1), favourite(2), favourite(3)], style: drawStyle.draw(uniform(4)) };
  };
}
