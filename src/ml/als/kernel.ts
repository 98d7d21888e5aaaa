// The arithmetic of alternating least squares in plain TypeScript: what assembly/kernel.ts and assembly/top-n.ts do fast, to be
// read, and to be tested against. Matrices are row-major; sums are in double precision.

/** One half of an iteration: the rows of X for given rows of Y. */
export interface HalfStep {
  /** Entries of row `u` of X are at `starts[u]` … `starts[u + 1] - 1`. */
  readonly starts: Uint32Array;
  /** By entry: a row of Y, and the confidence c ≥ 1. */
  readonly columns: Uint32Array;
  readonly confidences: Float32Array;
  /** Changed; where conjugate gradient starts. */
  readonly X: Float32Array;
  readonly Y: Float32Array;
  /** f × f: YᵀY + λI. */
  readonly G: Float32Array;
  /** Numbers in a row of X and Y. */
  readonly f: number;
  readonly cgSteps: number;
}

/** A residual this small, squared, is none: another step would divide by it. */
const SOLVED = 1e-20;

/** @param out f × f: becomes Σ y yᵀ over rows `rowFrom` … `rowTo` - 1 of Y */
export function gram(Y: Float32Array, rowFrom: number, rowTo: number, f: number, out: Float32Array): void {
  const sums = new Float64Array(f * f);
  for (let row = rowFrom; row < rowTo; row += 1) {
    const y = Y.subarray(row * f, (row + 1) * f);
    for (let i = 0; i < f; i += 1) {
      for (let k = 0; k < f; k += 1) sums[i * f + k]! += y[i]! * y[k]!;
    }
  }
  out.set(sums);
}

/**
 * For rows `rowFrom` … `rowTo` - 1 solves (G + Σ (c − 1) y yᵀ) x = Σ c y, the sums over the row's entries, by some steps of
 * conjugate gradient from the present x (Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets",
 * ICDM 2008; Takács, Pilászy and Tikk, "Applications of the conjugate gradient method for implicit feedback collaborative
 * filtering", RecSys 2011). Rows without entries become 0.
 */
export function solveRows(step: HalfStep, rowFrom: number, rowTo: number): void {
  const { starts, X, f } = step;
  for (let row = rowFrom; row < rowTo; row += 1) {
    const x = X.subarray(row * f, (row + 1) * f);
    if (starts[row] === starts[row + 1]) x.fill(0);
    else solveRow(step, row, x);
  }
}

function solveRow(step: HalfStep, row: number, x: Float32Array): void {
  const r = timesA(step, row, x, 1).map((value) => -value);
  const p = r.slice();
  let square = dot(r, r);
  for (let done = 0; done < step.cgSteps && square >= SOLVED; done += 1) {
    const ap = timesA(step, row, p, 0);
    const length = square / dot(p, ap);
    for (let i = 0; i < p.length; i += 1) {
      x[i]! += length * p[i]!;
      r[i]! -= length * ap[i]!;
    }
    const next = dot(r, r);
    for (let i = 0; i < p.length; i += 1) p[i] = r[i]! + (next / square) * p[i]!;
    square = next;
  }
}

/** (G + Σ (c − 1) y yᵀ) p − target · Σ c y, without that matrix. */
function timesA(
  { starts, columns, confidences, Y, G, f }: HalfStep,
  row: number,
  p: ArrayLike<number>,
  target: number,
): Float64Array {
  const out = new Float64Array(f);
  for (let i = 0; i < f; i += 1) out[i] = dot(G.subarray(i * f, (i + 1) * f), p);
  for (let at = starts[row]!; at < starts[row + 1]!; at += 1) {
    const y = Y.subarray(columns[at]! * f, (columns[at]! + 1) * f);
    const part = (confidences[at]! - 1) * dot(y, p) - target * confidences[at]!;
    for (let i = 0; i < f; i += 1) out[i]! += part * y[i]!;
  }
  return out;
}

/** @param out becomes y · x for each of the first `rows` rows of Y */
export function score(Y: Float32Array, rows: number, f: number, x: Float32Array, out: Float32Array): void {
  for (let row = 0; row < rows; row += 1) out[row] = dot(Y.subarray(row * f, (row + 1) * f), x);
}

export interface Found {
  readonly row: number;
  readonly score: number;
}

/** @returns the `n` rows of Y of the highest y · x above 0, the highest first, of equal ones the lower row */
export function topN(Y: Float32Array, f: number, x: Float32Array, n: number): Found[] {
  const scores = Array.from({ length: Y.length / f }, (_, row) => dot(Y.subarray(row * f, (row + 1) * f), x));
  return scores
    .map((score, row) => ({ row, score }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, n);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
