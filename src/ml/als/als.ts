import { lengthOf } from '../matrix.ts';
import { createRecommender, type Interest, type ItemModel, type ModelRecommender } from '../recommender.ts';
import { typicalWeight } from '../training-data.ts';
import { factorise } from './factorise.ts';
import { foldIn, gramOf } from './fold-in.ts';
import { createProducts } from './products.ts';

export interface AlsOptions {
  /** Numbers that describe a user, and an item. @default 128 */
  readonly factors?: number;
  /** How much long vectors cost. @default 10 */
  readonly regularization?: number;
  /** The confidence in an interaction is 1 + alpha · weight ÷ what one weighs on average. @default 1 */
  readonly alpha?: number;
  /** @default 15 */
  readonly iterations?: number;
  /** Says where to start. @default 1 */
  readonly seed?: number;
  /** Threads that work; the result does not depend on it. @default 1 */
  readonly threads?: number;
}

export interface AlsParts {
  readonly itemIds: readonly string[];
  /** Items × factors, row by row. */
  readonly itemFactors: Float32Array;
  readonly factors: number;
  /** What one interaction weighs on average. */
  readonly unit: number;
}

export interface AlsModel extends ItemModel, AlsParts {
  /** XᵀX + λI of the users' factors, factors × factors; absent in a model that was loaded. */
  readonly userGram?: Float64Array | undefined;
}

const CG_STEPS = 3;

/**
 * Matrix factorisation of implicit feedback by alternating least squares (Hu, Koren and Volinsky, "Collaborative filtering for
 * implicit feedback datasets", ICDM 2008). The factors of whoever asks are solved on the spot from the history, so nobody has to
 * have been there when it learnt.
 */
export function createAls(options: AlsOptions = {}): ModelRecommender<AlsModel> {
  const { factors = 128, regularization = 10, alpha = 1, iterations = 15, seed = 1, threads = 1 } = options;
  const fixed = { regularization, alpha };
  return createRecommender<AlsModel>({
    learn(data, progress) {
      const { itemIds, users } = data;
      const unit = typicalWeight(data);
      const onIteration = (done: number) => progress(done / iterations);
      const settings = { factors, iterations, cgSteps: CG_STEPS, seed, threads, onIteration };
      const matrix = { ...users, weights: users.weights.map((weight) => weight / unit) };
      const found = factorise(matrix, { ...fixed, ...settings });
      const userGram = gramOf(found.users, factors, regularization);
      return { ...alsModel({ itemIds, itemFactors: found.items, factors, unit }, fixed), userGram };
    },
    save: ({ itemIds, itemFactors, factors: length, unit }) =>
      JSON.stringify({ itemIds, factors: length, unit, items: toBase64(itemFactors) }),
    load(json) {
      const { items, ...saved } = JSON.parse(json) as Omit<AlsParts, 'itemFactors'> & { items: string };
      return alsModel({ ...saved, itemFactors: fromBase64(items) }, fixed);
    },
  });
}

function alsModel(
  { itemIds, itemFactors, factors, unit }: AlsParts,
  { regularization, alpha }: { readonly regularization: number; readonly alpha: number },
): AlsModel {
  // A model that only becomes lists of neighbours never needs it.
  let gram: Float64Array | undefined;
  const lengths = Float64Array.from(itemIds, (_, item) => lengthOf(rowOf(itemFactors, item, factors)));
  const addProducts = createProducts(itemFactors, factors);

  function score(history: readonly Interest[], scores: Float64Array): void {
    if (history.length === 0) return;
    const confidences = history.map(({ weight }) => 1 + (alpha * weight) / unit);
    const columns = history.map(({ item }) => item);
    gram ??= gramOf(itemFactors, factors, regularization);
    addProducts(foldIn(itemFactors, gram, columns, confidences, factors), scores);
  }
  return {
    itemIds,
    itemFactors,
    factors,
    unit,
    score,
    similar(item, scores) {
      addProducts(rowOf(itemFactors, item, factors), scores);
      for (let other = 0; other < scores.length; other += 1) {
        const length = lengths[item]! * lengths[other]!;
        scores[other] = length === 0 ? 0 : scores[other]! / length;
      }
    },
  };
}

export function rowOf(rows: Float32Array, row: number, factors: number): Float32Array {
  return rows.subarray(row * factors, (row + 1) * factors);
}

/** Little-endian. */
export function toBase64(numbers: Float32Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');
}

export function fromBase64(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
}
