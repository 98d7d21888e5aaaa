import fc from 'fast-check';
import { type HalfStep } from '../../../src/ml/als/kernel.ts';
import { type SparseRows } from '../../../src/ml/matrix.ts';
import { seededRandom } from '../../../src/ml/random.ts';

/** Random interactions, each pair with this probability; weights 1 to 5. */
export function randomMatrix(rows: number, columns: number, density: number, seed: number): SparseRows {
  const random = seededRandom(seed);
  const starts = new Uint32Array(rows + 1);
  const items: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let item = 0; item < columns; item += 1) if (random() < density) items.push(item);
    starts[row + 1] = items.length;
  }
  const weights = Float32Array.from(items, () => 1 + Math.floor(random() * 5));
  return { rows, columns, starts, items: Uint32Array.from(items), weights };
}

export function randomRows(rows: number, f: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: rows * f }, () => 2 * random() - 1);
}

/** Half steps of random shapes, many with empty rows. */
export const problems = fc
  .record({
    rows: fc.integer({ min: 1, max: 12 }),
    columns: fc.integer({ min: 1, max: 40 }),
    f: fc.integer({ min: 1, max: 20 }),
    density: fc.constantFrom(0, 0.1, 0.3, 1),
    seed: fc.integer(),
  })
  .map(({ rows, columns, f, density, seed }) => ({
    rows,
    matrix: randomMatrix(rows, columns, density, seed),
    f,
    X: randomRows(rows, f, seed + 1),
    Y: randomRows(columns, f, seed + 2),
  }));

/** The half step of a problem, whose X is a copy. */
export function halfStep(problem: HalfStepInput, G: Float32Array, cgSteps: number): HalfStep {
  const { matrix, X, Y, f } = problem;
  const confidences = matrix.weights.map((weight) => 1 + 2 * weight);
  return { starts: matrix.starts, columns: matrix.items, confidences, X: X.slice(), Y, G, f, cgSteps };
}

interface HalfStepInput {
  readonly matrix: SparseRows;
  readonly f: number;
  readonly X: Float32Array;
  readonly Y: Float32Array;
}

/** The greatest difference, relative to the greatest number where that is above 1. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, greatest] = [a.length === b.length ? 0 : Number.POSITIVE_INFINITY, 1];
  for (let i = 0; i < a.length; i += 1) {
    const apart = Math.abs(a[i]! - b[i]!);
    difference = Math.max(difference, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart);
    greatest = Math.max(greatest, Math.abs(b[i]!));
  }
  return difference / greatest;
}
