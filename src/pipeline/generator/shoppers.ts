import { createSampler, hashText, type Random } from './random.ts';

/** Who comes to the shop. */
export interface Visitor {
  /** `u…` signed in, `a…` not. */
  readonly id: string;
  readonly signedIn: boolean;
  /** Has been here before, or may have been. */
  readonly returning: boolean;
  /** ISO 3166 code; a person's never changes. */
  readonly country: string;
}

export interface Shoppers {
  /** Somebody who is not in the shop at present. */
  arrive(): Visitor;
  /** The same visitor once more; false, and nothing happens, where that person is in the shop at present. */
  comeBack(visitor: Visitor): boolean;
  leave(visitor: Visitor): void;
}

const NEW_SHARE = 0.45;
/** Of those who return. */
const SIGNED_IN_SHARE = 0.6;
/** So many of the returning visits are made by the regulars, the first fifth of all persons. */
const REGULAR_VISITS = 0.3;
const REGULARS = 0.2;

const COUNTRIES = ['US', 'GB', 'DE', 'FR', 'CA', 'NL', 'ES', 'IT', 'SE', 'PL', 'AU', 'JP'] as const;
const COUNTRY_SHARES = [34, 13, 12, 8, 7, 5, 5, 4, 4, 3, 3, 2] as const;

/**
 * Draws visitors: new ones with an id of their own, and returning ones from a population that is only a number, so that
 * nobody needs to be remembered but those who are in the shop.
 * @param persons size of the population that returns
 * @param runId keeps new visitors apart from those of other runs
 */
export function createShoppers(random: Random, persons: number, runId: string): Shoppers {
  const drawCountry = createSampler(COUNTRY_SHARES);
  const inside = new Set<string>();
  let newcomers = 0;

  function visitor(name: string, signedIn: boolean, returning: boolean): Visitor {
    const country = COUNTRIES[drawCountry.draw(hashText(name, 6) / 4_294_967_296)]!;
    return { id: (signedIn ? 'u' : 'a') + name, signedIn, returning, country };
  }
  // A person's name in `inside` is the id without its role, so that nobody is in the shop twice.
  function enter(candidate: Visitor): boolean {
    const name = candidate.id.slice(1);
    if (inside.has(name)) return false;
    inside.add(name);
    return true;
  }
  function newcomer(): Visitor {
    newcomers += 1;
    return visitor(`${runId}-${newcomers.toString(36)}`, false, false);
  }
  return {
    arrive() {
      for (let tries = 0; tries < 4 && !random.chance(NEW_SHARE); tries += 1) {
        const scope = random.chance(REGULAR_VISITS) ? persons * REGULARS : persons;
        const candidate = visitor(String(1 + random.below(scope)), random.chance(SIGNED_IN_SHARE), true);
        if (enter(candidate)) return candidate;
      }
      const candidate = newcomer();
      enter(candidate);
      return candidate;
    },
    comeBack: enter,
    leave({ id }) {
      inside.delete(id.slice(1));
    },
  };
}
