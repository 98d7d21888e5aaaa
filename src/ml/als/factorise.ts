import { type SparseRows } from '../matrix.ts';
import { lead, startHelpers } from './helpers.ts';
import { createPlan, floats, PHASES, type Plan, type Side } from './plan.ts';

export interface FactoriseOptions {
  /** Numbers that describe a user, and an item. */
  readonly factors: number;
  /** λ: how much long vectors cost. */
  readonly regularization: number;
  /** The confidence in an interaction is 1 + alpha · weight, where that in its absence is 1. */
  readonly alpha: number;
  readonly iterations: number;
  /** Steps of conjugate gradient for each row and iteration; 3 are enough, because the next iteration goes on from there. */
  readonly cgSteps: number;
  /** A 32-bit integer, which says where to start. */
  readonly seed: number;
  /** Threads that work, the caller's included; the result does not depend on it. */
  readonly threads: number;
  /** Called after each iteration with how many are done. */
  readonly onIteration?: (done: number) => void;
}

/** How much user `u` prefers item `i`, about 0 to 1, is the product of row `u` of `users` and row `i` of `items`. */
export interface Factors {
  /** Rows × factors, row by row. */
  readonly users: Float32Array;
  /** Columns × factors, row by row. */
  readonly items: Float32Array;
  /** Numbers in a row. */
  readonly factors: number;
}

/**
 * Factorises implicit feedback by alternating least squares: minimises Σ c (p − x · y)² + λ (Σ x² + Σ y²) over all pairs of
 * a user and an item, where p is whether there is an interaction (Hu, Koren and Volinsky, ICDM 2008), by conjugate gradient
 * (Takács, Pilászy and Tikk, RecSys 2011), like benfred/implicit. Users and items without interactions get zeros.
 *
 * Blocks the thread until it is done. 1 million interactions take a few seconds.
 */
export function factorise(matrix: SparseRows, options: FactoriseOptions): Factors {
  const { factors, regularization, iterations, onIteration } = options;
  const plan = createPlan(matrix, { ...options, threads: Math.max(1, options.threads) });
  const endHelpers = startHelpers(plan);
  try {
    for (let done = 0; done < iterations; done += 1) {
      lead(plan, done * PHASES);
      sumGram(plan, plan.items, regularization);
      lead(plan, done * PHASES + 1);
      lead(plan, done * PHASES + 2);
      sumGram(plan, plan.users, regularization);
      lead(plan, done * PHASES + 3);
      onIteration?.(done + 1);
    }
  } finally {
    void endHelpers();
  }
  return {
    users: withoutPadding(plan, plan.users, factors),
    items: withoutPadding(plan, plan.items, factors),
    factors,
  };
}

/** G = the parts, always in the same order, and λI. */
function sumGram(plan: Plan, { at, gramBounds }: Side, regularization: number): void {
  const { f } = plan;
  const sums = new Float64Array(f * f);
  const parts = floats(plan, at.gramParts, (gramBounds.length - 1) * f * f);
  for (let i = 0; i < parts.length; i += 1) sums[i % sums.length]! += parts[i]!;
  for (let i = 0; i < f; i += 1) sums[i * f + i]! += regularization;
  floats(plan, at.gram, f * f).set(sums);
}

function withoutPadding(plan: Plan, { matrix, at }: Side, factors: number): Float32Array {
  const from = floats(plan, at.factors, matrix.rows * plan.f);
  const result = new Float32Array(matrix.rows * factors);
  for (let row = 0; row < matrix.rows; row += 1) {
    result.set(from.subarray(row * plan.f, row * plan.f + factors), row * factors);
  }
  return result;
}
