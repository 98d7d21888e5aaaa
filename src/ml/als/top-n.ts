import { createLocalKernel } from './local-wasm.ts';
import { createArena } from './wasm.ts';

/** What was found for each vector: `n` entries, the highest first. */
export interface TopN {
  readonly rows: Uint32Array;
  /** The product of the vector and the row; 0 where fewer than `n` are above 0. */
  readonly scores: Float32Array;
}

/** Rows that lie side by side in memory. */
const PANEL = 8;
/** Vectors that rows are multiplied with before the next ones; a multiple of 4. What is found for them stays in the cache. */
const BATCH = 64;
/** Products that are made before they are looked at: `CHUNK` of assembly/top-n.ts for each of four vectors. */
const SCRATCH = 4 * 64;

/**
 * The rows of the highest inner products with each of many vectors, by going through all of them. Of equal products that of the
 * lower row comes first. Products are in single precision. `topN` of ./kernel.ts is the same for one vector in plain TypeScript.
 * @param Y rows × f
 * @param X vectors × f
 * @param n at least 1
 */
export function topN(Y: Float32Array, X: Float32Array, f: number, n: number): TopN {
  const [rows, vectors] = [Y.length / f, X.length / f];
  const padded = Math.ceil(rows / PANEL) * PANEL;
  const arena = createArena();
  const panels = arena.take(padded * f);
  const batch = arena.take(BATCH * f);
  const keys = arena.take(2 * BATCH * n);
  const scratch = arena.take(SCRATCH);
  const { buffer, kernel } = createLocalKernel(arena.bytes);
  layOut(Y, f, new Float32Array(buffer, panels, padded * f));

  const found = { rows: new Uint32Array(vectors * n), scores: new Float32Array(vectors * n) };
  const complements = new Uint32Array(buffer, keys, 2 * BATCH * n);
  const scores = new Float32Array(buffer, keys, 2 * BATCH * n);
  for (let first = 0; first < vectors; first += BATCH) {
    const own = X.subarray(first * f, (first + BATCH) * f);
    new Float32Array(buffer, batch, BATCH * f).set(own);
    kernel.topN(panels, padded, f, batch, BATCH, n, keys, scratch);
    const end = (own.length / f) * n;
    for (let i = 0; i < end; i += 1) {
      found.rows[first * n + i] = ~complements[2 * i]!;
      found.scores[first * n + i] = scores[2 * i + 1]!;
    }
  }
  return found;
}

/** Puts rows side by side: the first numbers of `PANEL` rows, then their second numbers. */
function layOut(Y: Float32Array, f: number, panels: Float32Array): void {
  for (let row = 0; row * f < Y.length; row += 1) {
    const start = Math.floor(row / PANEL) * PANEL * f + (row % PANEL);
    for (let i = 0; i < f; i += 1) panels[start + i * PANEL] = Y[row * f + i]!;
  }
}
