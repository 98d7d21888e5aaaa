import { CholeskyDecomposition, Matrix, solve } from 'ml-matrix';

/** @returns factors × factors: Σ y yᵀ over all rows + λI, which `foldIn` wants for the items */
export function gramOf(rows: Float32Array, factors: number, regularization = 0): Float64Array {
  const sums = new Float64Array(factors * factors);
  for (let start = 0; start < rows.length; start += factors) {
    for (let i = 0; i < factors; i += 1) {
      const value = rows[start + i]!;
      for (let k = 0; k < factors; k += 1) sums[i * factors + k]! += value * rows[start + k]!;
    }
  }
  for (let i = 0; i < factors; i += 1) sums[i * factors + i]! += regularization;
  return sums;
}

/**
 * The factors of a user who was not there when the items' factors were learnt: solves (G + Σ (c − 1) y yᵀ) x = Σ c y
 * directly, in double precision.
 * @param itemFactors row by row
 * @param gram G, as `gramOf(itemFactors, factors, regularization)` has it
 * @param columns the user's items, each once
 * @param confidences 1 + alpha · weight of each
 */
export function foldIn(
  itemFactors: Float32Array,
  gram: Float64Array,
  columns: ArrayLike<number>,
  confidences: ArrayLike<number>,
  factors: number,
): Float32Array {
  const sums = gram.slice();
  const target = new Float64Array(factors);
  for (let at = 0; at < columns.length; at += 1) {
    const start = columns[at]! * factors;
    for (let i = 0; i < factors; i += 1) {
      const value = itemFactors[start + i]!;
      target[i]! += confidences[at]! * value;
      const part = (confidences[at]! - 1) * value;
      for (let k = 0; k <= i; k += 1) sums[i * factors + k]! += part * itemFactors[start + k]!;
    }
  }
  // Rounding would make the two triangles differ.
  for (let i = 0; i < factors; i += 1)
    for (let k = 0; k < i; k += 1) sums[k * factors + i] = sums[i * factors + k]!;
  const A = Matrix.from1DArray(factors, factors, sums);
  const b = Matrix.columnVector(target);
  const cholesky = new CholeskyDecomposition(A);
  // Without regularization there may be more than one solution: then the shortest.
  const x = cholesky.isPositiveDefinite() ? cholesky.solve(b) : solve(A, b, true);
  return Float32Array.from(x.to1DArray());
}
