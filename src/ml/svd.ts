import { EigenvalueDecomposition, Matrix, QrDecomposition } from 'ml-matrix';
import { fromBase64, rowOf, toBase64 } from './als/als.ts';
import { createProducts } from './als/products.ts';
import { type SparseRows } from './matrix.ts';
import { seededRandom } from './random.ts';
import { createRecommender, type ItemModel, type ModelRecommender, type Progress } from './recommender.ts';

export interface SvdOptions {
  /** Singular vectors that are kept, of small catalogues one for four items. @default 64 */
  readonly factors?: number;
  /** Catalogues of up to so many items are decomposed exactly. @default 300 */
  readonly exactItems?: number;
  /** Rounds of subspace iteration. @default 4 */
  readonly iterations?: number;
  /** Says where to start. @default 1 */
  readonly seed?: number;
}

export interface SvdModel extends ItemModel {
  /** Right singular vectors: items × factors, row by row; the columns are orthonormal. */
  readonly vectors: Float32Array;
  readonly factors: number;
}

/** Vectors that are iterated besides those that are kept, which makes the last of those exact. */
const OVERSAMPLING = 10;

/**
 * PureSVD: scores are the history times V·Vᵀ, where V are the first right singular vectors of users × items, of which each weight w
 * counts ln(1 + w) (Cremonesi, Koren and Turrin, "Performance of recommender algorithms on top-N recommendation tasks",
 * RecSys 2010). A small catalogue is decomposed exactly, a larger one by randomised subspace iteration (Halko, Martinsson
 * and Tropp, "Finding structure with randomness", SIAM Review 2011).
 */
export function createSvd(options: SvdOptions = {}): ModelRecommender<SvdModel> {
  const { factors = 64, exactItems = 300 } = options;
  return createRecommender({
    learn({ itemIds, users }, progress) {
      const matrix = { ...users, weights: users.weights.map(Math.log1p) };
      // With all vectors V·Vᵀ would be the identity, and say nothing of other items.
      const kept = Math.min(factors, Math.ceil(itemIds.length / 4));
      const vectors =
        itemIds.length <= exactItems
          ? exactVectors(matrix)
          : randomisedVectors(matrix, kept, options, progress);
      return svdModel(itemIds, firstColumns(vectors, kept), kept);
    },
    save: (model) =>
      JSON.stringify({ itemIds: model.itemIds, factors: model.factors, vectors: toBase64(model.vectors) }),
    load(json) {
      const saved = JSON.parse(json) as { itemIds: string[]; factors: number; vectors: string };
      return svdModel(saved.itemIds, fromBase64(saved.vectors), saved.factors);
    },
  });
}

function svdModel(itemIds: readonly string[], vectors: Float32Array, factors: number): SvdModel {
  const addProducts = createProducts(vectors, factors);
  return {
    itemIds,
    vectors,
    factors,
    score(history, scores) {
      const sum = new Float64Array(factors);
      for (const { item, weight } of history) {
        const own = rowOf(vectors, item, factors);
        for (let i = 0; i < factors; i += 1) sum[i]! += Math.log1p(weight) * own[i]!;
      }
      addProducts(sum, scores);
    },
    similar: (item, scores) => addProducts(rowOf(vectors, item, factors), scores),
  };
}

/** All right singular vectors, those of the greatest values first: the eigenvectors of XᵀX. */
function exactVectors(matrix: SparseRows): Matrix {
  const size = matrix.columns;
  if (size === 0) return new Matrix(0, 0);
  return sortedEigenvectors(timesTransposed(matrix, timesMatrix(matrix, Matrix.eye(size))));
}

function randomisedVectors(
  matrix: SparseRows,
  kept: number,
  { iterations = 4, seed = 1 }: SvdOptions,
  progress: Progress,
): Matrix {
  const random = seededRandom(seed);
  const width = Math.min(kept + OVERSAMPLING, matrix.columns);
  let basis = new Matrix(matrix.columns, width);
  for (let row = 0; row < basis.rows; row += 1)
    for (let column = 0; column < width; column += 1) basis.set(row, column, random() - 0.5);
  for (let done = 0; done < iterations; done += 1) {
    basis = new QrDecomposition(timesTransposed(matrix, timesMatrix(matrix, basis))).orthogonalMatrix;
    progress((done + 1) / (iterations + 1));
  }
  const product = timesMatrix(matrix, basis);
  return basis.mmul(sortedEigenvectors(product.transpose().mmul(product)));
}

/** X·B. */
function timesMatrix({ rows, starts, items, weights }: SparseRows, matrix: Matrix): Matrix {
  const other = matrix.to2DArray();
  const product = Array.from({ length: rows }, () => new Float64Array(matrix.columns));
  for (let row = 0; row < rows; row += 1) {
    for (let at = starts[row]!; at < starts[row + 1]!; at += 1) {
      const own = other[items[at]!]!;
      for (let k = 0; k < own.length; k += 1) product[row]![k]! += weights[at]! * own[k]!;
    }
  }
  return rows === 0 ? new Matrix(0, matrix.columns) : new Matrix(product as unknown as number[][]);
}

/** Xᵀ·B. */
function timesTransposed({ rows, columns, starts, items, weights }: SparseRows, matrix: Matrix): Matrix {
  const other = matrix.to2DArray();
  const product = Array.from({ length: columns }, () => new Float64Array(matrix.columns));
  for (let row = 0; row < rows; row += 1) {
    const own = other[row]!;
    for (let at = starts[row]!; at < starts[row + 1]!; at += 1) {
      const sums = product[items[at]!]!;
      for (let k = 0; k < own.length; k += 1) sums[k]! += weights[at]! * own[k]!;
    }
  }
  return new Matrix(product as unknown as number[][]);
}

/** Of a symmetric matrix, those of the greatest eigenvalues first. */
function sortedEigenvectors(matrix: Matrix): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const order = [...realEigenvalues.keys()].sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  return eigenvectorMatrix.subMatrixColumn(order);
}

function firstColumns(matrix: Matrix, count: number): Float32Array {
  const found = new Float32Array(matrix.rows * count);
  for (let row = 0; row < matrix.rows; row += 1)
    for (let column = 0; column < count; column += 1) found[row * count + column] = matrix.get(row, column);
  return found;
}
