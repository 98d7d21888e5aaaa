import { greatest } from '../extremes.ts';
import { type ListModel, listModel, listStorage } from './list-model.ts';
import {
  type InteractionMatrix,
  keepEntries,
  latestEntries,
  mostTaken,
  type SparseRows,
  transpose,
} from './matrix.ts';
import { createBestFew, createNeighbourLists, type NeighbourLists, SCORE_UNITS } from './neighbour-lists.ts';
import { createRecommender, type ModelRecommender, type Progress } from './recommender.ts';
import { type TrainingData, typicalWeight } from './training-data.ts';

export interface ItemKnnOptions {
  /** What items have to have in common. @default 'sessions' */
  readonly rows?: 'sessions' | 'users';
  /**
   * `cosine` times n / (n + shrinkage) for n rows in common, because few may be chance; `log-likelihood`: how surely more is
   * in common than chance would give, from 0 to 1; or `bm25`: the product of columns whose weights are those of Okapi BM25, an
   * item being a document and a row a word, relative to the greatest. @default 'cosine'
   */
  readonly similarity?: 'cosine' | 'log-likelihood' | 'bm25';
  /** How many common rows it takes to believe half of a cosine. @default 5 */
  readonly shrinkage?: number;
  /** Most items of one row that are paired, the latest; more say more about the row than about the items. @default 50 */
  readonly itemsPerRow?: number;
  /** Neighbours kept for each item. @default 50 */
  readonly neighbours?: number;
  /** Most items that get neighbours: those of most rows. @default 20 000 */
  readonly items?: number;
  /** Weight of an item of the history relative to the moment after it. @default 0.8 */
  readonly recency?: number;
  /** Numbers of the items that get lists. @default all */
  readonly only?: ReadonlySet<number> | undefined;
}

/**
 * Item-to-item nearest neighbours: what was in the same session, basket or hands goes together. The cosine of two items' columns
 * does not favour popular items (Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001;
 * Deshpande and Karypis, "Item-based top-N recommendation algorithms", TOIS 2004). The log-likelihood ratio is Dunning's
 * ("Accurate methods for the statistics of surprise and coincidence", 1993). BM25 is Robertson's and Zaragoza's ("The
 * probabilistic relevance framework: BM25 and beyond", 2009).
 *
 * An item is its own neighbour too: who took it may take it again.
 *
 * Memory is bounded by the options: one row of pairs at a time, and `items` × `neighbours` results.
 */
export function createItemKnn(options: ItemKnnOptions = {}): ModelRecommender<ListModel> {
  const { rows = 'sessions', itemsPerRow = 50, items = 20_000, recency } = options;
  return createRecommender({
    learn(data: TrainingData, progress) {
      const matrix = bounded(data[rows], itemsPerRow, items);
      const weighed = options.similarity === 'bm25' ? weighByBm25(matrix, typicalWeight(data)) : matrix;
      return listModel(findNeighbours(data.itemIds, weighed, options, progress), recency);
    },
    ...listStorage(recency),
  });
}

function findNeighbours(
  itemIds: readonly string[],
  rows: SparseRows,
  { similarity = 'cosine', shrinkage = 5, neighbours = 50, only }: ItemKnnOptions,
  progress: Progress,
): NeighbourLists {
  const columns = transpose(rows);
  const norms = new Float64Array(itemIds.length);
  for (let at = 0; at < rows.items.length; at += 1) norms[rows.items[at]!]! += rows.weights[at]! ** 2;
  const sizeOf = (item: number) => columns.starts[item + 1]! - columns.starts[item]!;
  const lists = createNeighbourLists(itemIds);
  const best = createBestFew(neighbours);
  const dots = new Float64Array(itemIds.length);
  const common = new Uint32Array(itemIds.length);
  const touched = new Uint32Array(itemIds.length);
  const longest = greatest(norms);
  const scoreOf = (item: number, other: number, support: number): number => {
    if (similarity === 'log-likelihood')
      return logLikelihood(support, sizeOf(item), sizeOf(other), rows.rows);
    if (similarity === 'bm25') return dots[other]! / longest;
    return (dots[other]! / Math.sqrt(norms[item]! * norms[other]!)) * (support / (support + shrinkage));
  };
  for (let item = 0; item < itemIds.length; item += 1) {
    let met = 0;
    const end = only === undefined || only.has(item) ? columns.starts[item + 1]! : 0;
    for (let entry = columns.starts[item]!; entry < end; entry += 1) {
      const row = columns.items[entry]!;
      const weight = columns.weights[entry]!;
      const rowEnd = rows.starts[row + 1]!;
      for (let at = rows.starts[row]!; at < rowEnd; at += 1) {
        const other = rows.items[at]!;
        if (common[other] === 0) {
          touched[met] = other;
          met += 1;
        }
        common[other]! += 1;
        dots[other]! += weight * rows.weights[at]!;
      }
    }
    for (let i = 0; i < met; i += 1) {
      const other = touched[i]!;
      const support = common[other]!;
      best.offer(other, Math.round(scoreOf(item, other, support) * SCORE_UNITS), support);
      dots[other] = 0;
      common[other] = 0;
    }
    best.flush(lists);
    if (item % 256 === 0) progress(item / itemIds.length);
  }
  return lists;
}

/**
 * 1 − 1 / (1 + ratio) of Dunning's log-likelihood ratio, and 0 where less is in common than chance would give.
 * @param both rows with both items
 * @param one rows with the one, of `all`
 */
export function logLikelihood(both: number, one: number, other: number, all: number): number {
  if (both * all <= one * other) return 0;
  const term = (observed: number, expected: number) =>
    observed === 0 ? 0 : observed * Math.log(observed / expected);
  const ratio =
    2 *
    (term(both, (one * other) / all) +
      term(one - both, (one * (all - other)) / all) +
      term(other - both, ((all - one) * other) / all) +
      term(all - one - other + both, ((all - one) * (all - other)) / all));
  return 1 - 1 / (1 + ratio);
}

/** Weights, counted in what one interaction weighs on average, as those of Okapi BM25, k1 = 1.2 and b = 0.75: an item's many rows, and one row's many times, count ever less. */
function weighByBm25(interactions: SparseRows, unit: number): SparseRows {
  const rows = { ...interactions, weights: interactions.weights.map((weight) => weight / unit) };
  const [k1, b] = [1.2, 0.75];
  const lengths = new Float64Array(rows.columns);
  for (let at = 0; at < rows.items.length; at += 1) lengths[rows.items[at]!]! += rows.weights[at]!;
  const average = lengths.reduce((sum, length) => sum + length, 0) / rows.columns;
  const weights = new Float32Array(rows.weights.length);
  for (let row = 0; row < rows.rows; row += 1) {
    const [from, to] = [rows.starts[row]!, rows.starts[row + 1]!];
    const idf = Math.log(rows.columns / (1 + to - from));
    for (let at = from; at < to; at += 1) {
      const norm = k1 * (1 - b + (b * lengths[rows.items[at]!]!) / average);
      weights[at] = (idf * rows.weights[at]! * (k1 + 1)) / (rows.weights[at]! + norm);
    }
  }
  return { ...rows, weights };
}

/**
 * At most so many entries of each row, the latest, of at most so many items, those of most rows. Weights are rounded, so that
 * sums of products do not depend on the rows' order.
 */
function bounded(interactions: InteractionMatrix, itemsPerRow: number, most: number): SparseRows {
  const latest = keepEntries(interactions, latestOfRows(interactions, itemsPerRow));
  const { items } = latest;
  const isItemKept = new Uint8Array(latest.columns);
  for (const item of mostTaken(latest, most)) isItemKept[item] = 1;
  const isKept = new Uint8Array(items.length);
  for (let at = 0; at < items.length; at += 1) isKept[at] = isItemKept[items[at]!]!;
  const picked = keepEntries(latest, isKept);
  const { weights } = picked;
  for (let at = 0; at < weights.length; at += 1)
    weights[at] = Math.max(1, Math.round(weights[at]! * 256)) / 256;
  return picked;
}

/** @returns 1 for each entry that is among the latest so many of its row */
function latestOfRows(interactions: InteractionMatrix, itemsPerRow: number): Uint8Array {
  const { rows, starts, items } = interactions;
  const isLatest = new Uint8Array(items.length).fill(1);
  for (let row = 0; row < rows; row += 1) {
    const [from, to] = [starts[row]!, starts[row + 1]!];
    if (to - from <= itemsPerRow) continue;
    isLatest.fill(0, from, to);
    for (const at of latestEntries(interactions, row, itemsPerRow)) isLatest[at] = 1;
  }
  return isLatest;
}
