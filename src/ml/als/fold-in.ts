import { CholeskyDecomposition, Matrix, solve } from 'ml-matrix';

/** Rows that are added up at a time, so that they stay in the cache. */
const BLOCK = 128;

/** @returns factors × factors: Σ y yᵀ over all rows + λI, which `foldIn` wants for the items */
export function gramOf(rows: Float32Array, factors: number, regularization = 0): Float64Array {
  const f = Math.ceil(factors / 4) * 4;
  const sums = new Float64Array(f * f);
  /** Factor by factor. */
  const block = new Float64Array(f * BLOCK);
  let count = 0;
  function addBlock(): void {
    for (let i = 0; i < factors; i += 1)
      for (let k = 0; k <= i; k += 4) addFour(block, count, i * BLOCK, k * BLOCK, sums, i * f + k);
    count = 0;
  }
  for (let start = 0; start < rows.length; start += factors) {
    const row = rows.subarray(start, start + factors);
    // Those of whom nothing was learnt, which may be most.
    if (row.every((value) => value === 0)) continue;
    for (let i = 0; i < factors; i += 1) block[i * BLOCK + count] = row[i]!;
    count += 1;
    if (count === BLOCK) addBlock();
  }
  addBlock();
  const gram = new Float64Array(factors * factors);
  for (let i = 0; i < factors; i += 1) {
    for (let k = 0; k <= i; k += 1) {
      gram[i * factors + k] = sums[i * f + k]!;
      gram[k * factors + i] = sums[i * f + k]!;
    }
    gram[i * factors + i]! += regularization;
  }
  return gram;
}

/** Adds the products of one factor with four others to four sums, row by row. */
function addFour(
  block: Float64Array,
  count: number,
  one: number,
  others: number,
  sums: Float64Array,
  at: number,
): void {
  let [a, b, c, d] = [sums[at]!, sums[at + 1]!, sums[at + 2]!, sums[at + 3]!];
  for (let row = 0; row < count; row += 1) {
    const value = block[one + row]!;
    a += value * block[others + row]!;
    b += value * block[others + BLOCK + row]!;
    c += value * block[others + 2 * BLOCK + row]!;
    d += value * block[others + 3 * BLOCK + row]!;
  }
  sums[at] = a;
  sums[at + 1] = b;
  sums[at + 2] = c;
  sums[at + 3] = d;
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
