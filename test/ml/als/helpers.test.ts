import { expect, test } from 'vitest';
import { blocksOf, lead, open, startHelpers } from '../../../src/ml/als/helpers.ts';
import { createPlan, floats, type Plan, readyWord } from '../../../src/ml/als/plan.ts';
import { randomMatrix } from './problems.ts';

const matrix = randomMatrix(900, 600, 0.02, 7);
/** Where the sums of the Gram matrices' parts, which are the caller's to make, are always I. */
function newPlan(threads: number): Plan {
  const plan = createPlan(matrix, { factors: 10, alpha: 1, iterations: 2, cgSteps: 3, seed: 1, threads });
  for (const { at } of [plan.users, plan.items]) {
    for (let i = 0; i < plan.f; i += 1) floats(plan, at.gram, plan.f ** 2)[i * plan.f + i] = 1;
  }
  return plan;
}
const PHASES = [0, 1, 2, 3, 4, 5, 6, 7];
/** What the threads have made: factors, and parts of Gram matrices. */
const madeBy = (plan: Plan) =>
  [plan.users, plan.items].map(({ at, matrix: { rows }, gramBounds }) => [
    floats(plan, at.factors, rows * plan.f).slice(),
    floats(plan, at.gramParts, (gramBounds.length - 1) * plan.f ** 2).slice(),
  ]);

test('the caller does everything when no helper comes', () => {
  const [alone, abandoned] = [newPlan(1), newPlan(3)];
  for (const plan of [alone, abandoned]) for (const phase of PHASES) lead(plan, phase);
  expect(madeBy(abandoned)).toEqual(madeBy(alone));
});

test('a helper does everything when the caller does nothing', async () => {
  const [alone, plan] = [newPlan(1), newPlan(2)];
  const end = startHelpers(plan);
  for (const phase of PHASES) {
    lead(alone, phase);
    open(plan, phase);
    const done = () => Atomics.load(new Int32Array(plan.memory.buffer), readyWord(plan, phase));
    await expect.poll(done, { timeout: 30_000, interval: 1 }).toBe(blocksOf(plan, phase));
  }
  await end();
  expect(madeBy(plan)).toEqual(madeBy(alone));
});

test('helpers that wait for work can be ended', async () => {
  await startHelpers(newPlan(3))();
});

test('a plan that does not fit into the memory is refused', () => {
  const options = { factors: 20_000, alpha: 1, iterations: 1, cgSteps: 3, seed: 1, threads: 1 };
  expect(() => createPlan(matrix, options)).toThrow('need more than 4 GB');
});
