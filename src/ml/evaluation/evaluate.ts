import { greatest } from '../../extremes.ts';
import { type Recommender } from '../recommender.ts';
import { type Interactions } from '../training-data.ts';
import { type Estimate, estimate, QUALITIES, qualityAt, type RankingQuality } from './metrics.ts';
import { type TestCase } from './split.ts';

export interface EvaluateOptions {
  /** Lengths of the list, such as 10 and 20; not empty. */
  readonly ks: readonly number[];
  /** Whether what is in a user's history is left out, both of what is recommended and of what is to be found. */
  readonly excludeHistory: boolean;
}

/** How good an algorithm is for the users of a test. */
export interface Evaluation {
  /** Users that had anything to be found. */
  readonly users: number;
  readonly at: readonly (Record<keyof RankingQuality, Estimate> & {
    readonly k: number;
    /** Items that were recommended to anybody ÷ items. */
    readonly coverage: number;
    /** Mean of −log2(share of users that took the item) over what was recommended: bits of surprise. */
    readonly novelty: number | null;
  })[];
  /** NDCG of each user at the first k, in the order of the tests: to compare algorithms user by user. */
  readonly perUser: readonly number[];
}

/** Ranks all items for every test. */
export function evaluate(
  model: Pick<Recommender, 'recommend'>,
  tests: readonly TestCase[],
  train: Interactions,
  { ks, excludeHistory }: EvaluateOptions,
): Evaluation {
  const limit = greatest(ks);
  const share = takenBy(train);
  const lists: { ids: readonly string[]; relevant: ReadonlySet<string> }[] = [];
  for (const { history, relevant } of tests) {
    const exclude = new Set(excludeHistory ? history.map(({ id }) => id) : []);
    const left = new Set([...relevant].filter((id) => !exclude.has(id)));
    if (left.size > 0) lists.push({ ids: model.recommend(history, { limit, exclude }).ids, relevant: left });
  }
  const qualities = (k: number) => lists.map(({ ids, relevant }) => qualityAt(ids, relevant, k));
  const at =
    lists.length === 0
      ? []
      : ks.map((k) =>
          summary(
            k,
            qualities(k),
            lists.map(({ ids }) => ids.slice(0, k)),
            share,
          ),
        );
  return { users: lists.length, at, perUser: qualities(ks[0]!).map(({ ndcg }) => ndcg) };
}

function summary(
  k: number,
  qualities: readonly RankingQuality[],
  lists: readonly (readonly string[])[],
  share: ReadonlyMap<string, number>,
) {
  const estimates = QUALITIES.map(
    (name) => [name, estimate(qualities.map((quality) => quality[name]))] as const,
  );
  const recommended = lists.flat();
  const surprise = recommended.map((id) => -Math.log2(share.get(id) ?? 1 / (share.size + 1)));
  return {
    k,
    ...(Object.fromEntries(estimates) as Record<keyof RankingQuality, Estimate>),
    coverage: share.size === 0 ? 0 : new Set(recommended).size / share.size,
    novelty: surprise.length === 0 ? null : surprise.reduce((sum, bits) => sum + bits, 0) / surprise.length,
  };
}

/** By item, the share of the users that took it. */
function takenBy({ length, users, items, itemIds }: Interactions): Map<string, number> {
  const takers = new Map<number, Set<number>>();
  const all = new Set<number>();
  for (let row = 0; row < length; row += 1) {
    const own = takers.get(items[row]!) ?? new Set();
    takers.set(items[row]!, own.add(users[row]!));
    all.add(users[row]!);
  }
  return new Map([...takers].map(([item, own]) => [itemIds[item]!, own.size / all.size]));
}

/** How much better one algorithm is than another, user by user. @returns `null` where no user was tested */
export function difference(one: Evaluation, other: Evaluation): Estimate | null {
  if (one.perUser.length === 0) return null;
  return estimate(one.perUser.map((quality, user) => quality - other.perUser[user]!));
}
