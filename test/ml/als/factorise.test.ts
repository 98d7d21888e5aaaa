import { describe, expect, test } from 'vitest';
import { type FactoriseOptions, factorise } from '../../../src/ml/als/factorise.ts';
import { foldIn, gramOf } from '../../../src/ml/als/fold-in.ts';
import { solveRows } from '../../../src/ml/als/kernel.ts';
import { loss } from '../../../src/ml/als/loss.ts';
import { transpose } from '../../../src/ml/matrix.ts';
import { difference, halfStep, randomMatrix, randomRows } from './problems.ts';

const OPTIONS = {
  factors: 10,
  regularization: 0.1,
  alpha: 2,
  iterations: 6,
  cgSteps: 3,
  seed: 1,
  threads: 1,
};
const matrix = randomMatrix(700, 300, 0.03, 5);
const run = (options: Partial<FactoriseOptions> = {}) => factorise(matrix, { ...OPTIONS, ...options });

describe('factorise', () => {
  test('gives the same to the last bit with any number of threads', () => {
    const alone = run();
    for (const threads of [2, 3]) expect(run({ threads })).toEqual(alone);
  });

  test('gives the same for a seed, and something else for another', () => {
    expect(run()).toEqual(run());
    expect(run({ seed: 2 }).users).not.toEqual(run().users);
  });

  test('loses less with every iteration', () => {
    const losses = Array.from({ length: 8 }, (_, iterations) => loss(matrix, run({ iterations }), 0.1, 2));
    for (let i = 1; i < losses.length; i += 1) expect(losses[i]).toBeLessThan(losses[i - 1]!);
    expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.8);
  });

  test('ends where neither side can be improved: with steps enough, the items solve their equations', () => {
    const { users, items, factors: f } = run({ cgSteps: 2 * OPTIONS.factors });
    const G = gramOf(users, f, OPTIONS.regularization);
    const { rows, starts, items: columns, weights } = transpose(matrix);
    for (let item = 0; item < rows; item += 1) {
      const own = [starts[item], starts[item + 1]];
      const confidences = weights.slice(...own).map((weight) => 1 + OPTIONS.alpha * weight);
      const direct = foldIn(users, G, columns.slice(...own), confidences, f);
      expect(difference(items.slice(item * f, (item + 1) * f), direct)).toBeLessThan(1e-3);
    }
  });

  test('tells interactions from others', () => {
    // Two groups of users with a group of items each.
    const blocks = randomMatrix(40, 20, 1, 1);
    const kept = [...blocks.items.keys()].filter((at) => Math.floor(at / 20) % 2 === blocks.items[at]! % 2);
    const items = Uint32Array.from(kept, (at) => blocks.items[at]!);
    const halved = { ...blocks, starts: blocks.starts.map((start) => start / 2), items };
    const weights = new Float32Array(items.length).fill(1);
    const { users: X, items: Y } = factorise(
      { ...halved, weights },
      { ...OPTIONS, factors: 2, iterations: 20 },
    );
    for (let user = 0; user < 40; user += 1) {
      for (let item = 0; item < 20; item += 1) {
        const product = X[user * 2]! * Y[item * 2]! + X[user * 2 + 1]! * Y[item * 2 + 1]!;
        expect(Math.abs(product - (user % 2 === item % 2 ? 1 : 0))).toBeLessThan(0.1);
      }
    }
  });

  test.each([
    [0, 0],
    [0, 3],
    [3, 0],
    [1, 1],
    [1, 5],
    [5, 1],
  ])('takes %i users and %i items', (rows, columns) => {
    for (const density of [0, 1]) {
      const { users, items, factors } = factorise(randomMatrix(rows, columns, density, 1), OPTIONS);
      expect([users.length, items.length, factors]).toEqual([rows * 10, columns * 10, 10]);
      for (const value of [...users, ...items]) {
        if (density === 0) expect(value).toBe(0);
        expect(value).not.toBeNaN();
      }
    }
  });

  test('tells how many iterations are done, and ends with what the listener throws', () => {
    const seen: number[] = [];
    run({ onIteration: (done) => seen.push(done) });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    const onIteration = () => {
      throw new Error('enough');
    };
    expect(() => run({ threads: 2, onIteration })).toThrow('enough');
  });
});

test('loss is the sum over all pairs', () => {
  const small = randomMatrix(7, 5, 0.4, 3);
  const factors = { users: randomRows(7, 3, 1), items: randomRows(5, 3, 2), factors: 3 };
  let expected = 0;
  for (const value of [...factors.users, ...factors.items]) expected += 0.5 * value ** 2;
  for (let user = 0; user < 7; user += 1) {
    for (let item = 0; item < 5; item += 1) {
      const own = small.items.slice(small.starts[user], small.starts[user + 1]);
      const at = own.indexOf(item);
      let product = 0;
      for (let k = 0; k < 3; k += 1) product += factors.users[user * 3 + k]! * factors.items[item * 3 + k]!;
      const confidence = at < 0 ? 1 : 1 + 2 * small.weights[small.starts[user]! + at]!;
      expected += confidence * ((at < 0 ? 0 : 1) - product) ** 2;
    }
  }
  expect(loss(small, factors, 0.5, 2)).toBeCloseTo(expected, 6);
});

describe('foldIn', () => {
  const f = 12;
  const some = randomMatrix(6, 30, 0.3, 9);
  const Y = randomRows(30, f, 4);

  test('gives what solveRows gives', () => {
    const G = gramOf(Y, f, 0.5);
    const step = halfStep({ matrix: some, X: new Float32Array(6 * f), Y, f }, Float32Array.from(G), 3 * f);
    solveRows(step, 0, 6);
    for (let row = 0; row < 6; row += 1) {
      const own = [some.starts[row], some.starts[row + 1]];
      const x = foldIn(Y, G, some.items.slice(...own), step.confidences.slice(...own), f);
      expect(difference(x, step.X.slice(row * f, (row + 1) * f))).toBeLessThan(1e-4);
    }
  });

  test('gives zeros for nothing, and the shortest solution where there are several', () => {
    expect([...foldIn(Y, gramOf(Y, f, 0.5), [], [], f)]).toEqual(new Array(f).fill(0));
    const two = Float32Array.of(1, 0, 1, 0);
    expect(difference(foldIn(two, gramOf(two, 2), [0, 1], [2, 2], 2), [1, 0])).toBeLessThan(1e-6);
  });
});
