import { weighHistory } from '../history.ts';
import { addList } from '../list-model.ts';
import { loadNeighbourLists, type NeighbourLists, type SavedLists } from '../neighbour-lists.ts';
import { type Interest, type ItemModel } from '../recommender.ts';

/** How much each part of the hybrid counts. */
export interface HybridWeights {
  /** By name of an algorithm: the weight of its neighbours. */
  readonly related: Readonly<Record<string, number>>;
  /** Of taking again what is in the history. */
  readonly again: number;
  /** Of what is trending. */
  readonly trending: number;
  /** Half-life of what is trending, ms. */
  readonly halfLifeMs: number;
}

/** What counts how much where nothing could be measured yet. */
export const UNTUNED: HybridWeights = {
  related: { 'bought-together': 1, 'item-knn': 1, als: 1, ease: 1, content: 0.2 },
  again: 0.3,
  trending: 0.2,
  halfLifeMs: 14 * 86_400_000,
};

/** How well the hybrid found what it was tuned on: the mean NDCG@10 of held-out last sessions. */
export interface HybridQuality {
  /** Shoppers with more than one session. */
  readonly users: number;
  /** Of what was new to the shopper. */
  readonly ndcg: number;
  /** The same by trending alone. */
  readonly trendingNdcg: number;
}

export interface HybridParts {
  readonly lists: NeighbourLists;
  /** By item number, the greatest being 1. */
  readonly trending: Float64Array;
  readonly weights: HybridWeights;
  /** `undefined` where the weights were given. */
  readonly quality?: HybridQuality | undefined;
}

export interface HybridModel extends ItemModel, HybridParts {
  /** The three parts of the score, each the greatest being its weight. */
  parts(history: readonly Interest[]): Record<Part, Float64Array>;
}

export const PARTS = ['related', 'again', 'trending'] as const;
export type Part = (typeof PARTS)[number];

/** What was taken at the moment before counts so much relative to the latest. */
export const HYBRID_RECENCY = 0.9;

export function hybridModel({ lists, trending, weights, quality }: HybridParts): HybridModel {
  const { itemIds } = lists;
  const weighedTrending = trending.map((score) => score * weights.trending);
  function parts(history: readonly Interest[]): Record<Part, Float64Array> {
    const related = new Float64Array(itemIds.length);
    const again = new Float64Array(itemIds.length);
    for (const { item, weight } of weighHistory(history, HYBRID_RECENCY)) {
      addList(lists.of(item), weight, related);
      again[item] = weight;
    }
    return {
      related: scaleTo(1, related),
      again: scaleTo(weights.again, again),
      trending: weighedTrending,
    };
  }
  return {
    itemIds,
    lists,
    trending,
    weights,
    quality,
    parts,
    score(history, scores) {
      const found = parts(history);
      for (const part of PARTS) {
        const values = found[part];
        for (let item = 0; item < scores.length; item += 1) scores[item]! += values[item]!;
      }
    },
    similar: (item, scores) => addList(lists.of(item), 1, scores),
  };
}

/** Multiplies all numbers so that the greatest is `most`; zeros stay. */
export function scaleTo(most: number, numbers: Float64Array): Float64Array {
  let greatest = 0;
  for (const number of numbers) greatest = Math.max(greatest, number);
  if (greatest > 0) for (let i = 0; i < numbers.length; i += 1) numbers[i]! *= most / greatest;
  return numbers;
}

export function saveHybrid({ lists, trending, weights, quality }: HybridParts): string {
  return `{"weights":${JSON.stringify(weights)},"quality":${JSON.stringify(quality ?? null)},"trending":${JSON.stringify([...trending])},"lists":${lists.save()}}`;
}

export function loadHybrid(json: string): HybridModel {
  const { weights, quality, trending, lists } = JSON.parse(json) as {
    weights: HybridWeights;
    quality: HybridQuality | null;
    trending: number[];
    lists: SavedLists;
  };
  return hybridModel({
    weights,
    quality: quality ?? undefined,
    trending: Float64Array.from(trending),
    lists: loadNeighbourLists(lists),
  });
}
