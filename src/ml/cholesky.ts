import { type Progress } from './recommender.ts';

/**
 * What `invert` gives, in plain TypeScript, by another way: Cholesky's L, then L⁻¹, then L⁻ᵀ·L⁻¹. About n³ / 2 multiplications
 * and additions.
 * @param matrix n × n, row by row; changed
 */
export function invertByCholesky(
  matrix: Float64Array,
  size: number,
  progress: Progress = () => {},
): Float64Array {
  const rows = Array.from({ length: size }, (_, i) => matrix.subarray(i * size, (i + 1) * size));
  decompose(rows, (done) => progress(done / 3));
  invertLower(rows, (done) => progress((1 + done) / 3));
  multiplyByTransposed(rows, (done) => progress((2 + done) / 3));
  return matrix;
}

/** The lower triangle becomes L with matrix = L·Lᵀ. */
function decompose(rows: readonly Float64Array[], progress: Progress): void {
  rows.forEach((row, i) => {
    for (let j = 0; j < i; j += 1) row[j] = (row[j]! - dot(row, rows[j]!, j)) / rows[j]![j]!;
    row[i] = Math.sqrt(row[i]! - dot(row, row, i));
    if (i % 64 === 0) progress((i / rows.length) ** 3);
  });
}

/** L becomes its inverse, which is a lower triangle too: row i is made of the rows above it. */
function invertLower(rows: readonly Float64Array[], progress: Progress): void {
  const sums = new Float64Array(rows.length);
  rows.forEach((row, i) => {
    sums.fill(0, 0, i);
    for (let k = 0; k < i; k += 1) addTimes(sums, rows[k]!, row[k]!, k + 1);
    const last = 1 / row[i]!;
    for (let j = 0; j < i; j += 1) row[j] = -sums[j]! * last;
    row[i] = last;
    if (i % 64 === 0) progress((i / rows.length) ** 3);
  });
}

/** M becomes MᵀM, both triangles. */
function multiplyByTransposed(rows: readonly Float64Array[], progress: Progress): void {
  const size = rows.length;
  const product = rows.map(() => new Float64Array(size));
  rows.forEach((row, k) => {
    for (let i = 0; i <= k; i += 1) addTimes(product[i]!, row, row[i]!, i + 1);
    if (k % 64 === 0) progress((k / size) ** 3);
  });
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      rows[i]![j] = product[i]![j]!;
      rows[j]![i] = product[i]![j]!;
    }
  }
}

function dot(a: Float64Array, b: Float64Array, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (; i < length; i += 1) s0 += a[i]! * b[i]!;
  return s0 + s1 + s2 + s3;
}

function addTimes(sums: Float64Array, values: Float64Array, factor: number, length: number): void {
  for (let i = 0; i < length; i += 1) sums[i]! += factor * values[i]!;
}
