import { createLocalKernel } from './local-wasm.ts';
import { createArena, padded } from './wasm.ts';

/** Adds to each sum the product of its row with a vector of f numbers, in single precision. */
export type AddProducts = (vector: ArrayLike<number>, sums: Float64Array) => void;

/**
 * The products of all rows with one vector after the other. The rows are copied into a memory of WebAssembly when the first is
 * asked for: a model that only becomes lists of neighbours never is.
 * @param rows rows × f
 */
export function createProducts(rows: Float32Array, f: number): AddProducts {
  let add: AddProducts | undefined;
  return (vector, sums) => {
    if (rows.length === 0) return;
    add ??= onWasm(rows, f);
    add(vector, sums);
  };
}

function onWasm(rows: Float32Array, f: number): AddProducts {
  const count = rows.length / f;
  const wide = padded(f);
  const arena = createArena();
  const [Y, x, out] = [arena.take(count * wide), arena.take(wide), arena.take(count)];
  const { buffer, kernel } = createLocalKernel(arena.bytes);
  const copies = new Float32Array(buffer, Y, count * wide);
  for (let row = 0; row < count; row += 1) copies.set(rows.subarray(row * f, (row + 1) * f), row * wide);
  const given = new Float32Array(buffer, x, f);
  const products = new Float32Array(buffer, out, count);
  return (vector, sums) => {
    given.set(vector);
    kernel.score(Y, count, wide, x, out);
    for (let row = 0; row < count; row += 1) sums[row]! += products[row]!;
  };
}
