import fc from 'fast-check';
import { Matrix, solve } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { gramOf } from '../../../src/ml/als/fold-in.ts';
import { gram, type HalfStep, score, solveRows } from '../../../src/ml/als/kernel.ts';
import { createProducts } from '../../../src/ml/als/products.ts';
import { createArena, createWorkplace, padded, scratchBytes } from '../../../src/ml/als/wasm.ts';
import { difference, halfStep, problems } from './problems.ts';

/** The kernels in WebAssembly with the signatures of their twins. */
function onWasm() {
  const arena = createArena();
  const values: [number, Uint32Array | Float32Array][] = [];
  const put = (array: Uint32Array | Float32Array): number => {
    const offset = arena.take(array.length);
    values.push([offset, array]);
    return offset;
  };
  /** Puts all arrays in a new memory, and reads one after the call. */
  const run = (
    call: (kernel: ReturnType<typeof createWorkplace>['kernel']) => void,
    out: number,
    size: number,
  ): Float32Array => {
    const { memory, kernel } = createWorkplace(arena.bytes);
    for (const [offset, array] of values) {
      if (array instanceof Uint32Array) new Uint32Array(memory.buffer, offset).set(array);
      else new Float32Array(memory.buffer, offset).set(array);
    }
    call(kernel);
    return new Float32Array(memory.buffer, out, size).slice();
  };
  return { take: arena.take, put, run };
}

function wasmGram(Y: Float32Array, from: number, to: number, f: number): Float32Array {
  const { take, put, run } = onWasm();
  const wide = padded(f);
  const [at, out] = [put(pad(Y, f, wide)), take(wide * wide)];
  const result = run((kernel) => kernel.gram(at, from, to, wide, out), out, wide * wide);
  return unpad(result, f, wide).slice(0, f * f);
}

function wasmSolve(step: HalfStep, rows: number): Float32Array {
  const { take, put, run } = onWasm();
  const wide = padded(step.f);
  const [X, Y, G] = [step.X, step.Y, step.G].map((array) => put(pad(array, step.f, wide))) as [
    number,
    number,
    number,
  ];
  const [starts, columns, confidences] = [put(step.starts), put(step.columns), put(step.confidences)];
  take(wide * wide);
  const scratch = take(scratchBytes(wide) / 4);
  const result = run(
    (kernel) => kernel.solveRows(0, rows, starts, columns, confidences, X, Y, G, wide, step.cgSteps, scratch),
    X,
    rows * wide,
  );
  return unpad(result, step.f, wide);
}

function pad(array: Float32Array, f: number, wide: number): Float32Array {
  const result = new Float32Array((array.length / f) * wide);
  for (let i = 0; i < array.length; i += 1) result[Math.floor(i / f) * wide + (i % f)] = array[i]!;
  return result;
}

function unpad(array: Float32Array, f: number, wide: number): Float32Array {
  return array.filter((_, i) => i % wide < f);
}

describe('kernels', () => {
  test('gram: the same in WebAssembly as in TypeScript, and symmetric', () => {
    fc.assert(
      fc.property(problems, fc.nat(), fc.nat(), ({ Y, f }, a, b) => {
        const rows = Y.length / f;
        const [from, to] = [a % (rows + 1), b % (rows + 1)].sort((x, y) => x - y) as [number, number];
        const expected = new Float32Array(f * f);
        gram(Y, from, to, f, expected);
        const result = wasmGram(Y, from, to, f);
        expect(difference(result, expected)).toBeLessThan(1e-5);
        for (let i = 0; i < f; i += 1) {
          for (let k = 0; k < i; k += 1) expect(result[i * f + k]).toBe(result[k * f + i]);
        }
      }),
    );
  });

  test('gram: more rows than are summed at once', () => {
    const f = 12;
    const Y = Float32Array.from({ length: 1001 * f }, (_, i) => Math.sin(i));
    const expected = new Float32Array(f * f);
    gram(Y, 0, 1001, f, expected);
    expect(difference(wasmGram(Y, 0, 1001, f), expected)).toBeLessThan(1e-5);
  });

  test('solveRows: the same in WebAssembly as in TypeScript', () => {
    fc.assert(
      fc.property(problems, fc.integer({ min: 0, max: 4 }), (problem, cgSteps) => {
        const G = Float32Array.from(gramOf(problem.Y, problem.f, 0.5));
        const expected = halfStep(problem, G, cgSteps);
        solveRows(expected, 0, problem.rows);
        const result = wasmSolve(halfStep(problem, G, cgSteps), problem.rows);
        expect(difference(result, expected.X)).toBeLessThan(1e-3);
      }),
    );
  });

  test('solveRows: steps enough give what a direct solution gives, and rows without entries become 0', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const G = Float32Array.from(gramOf(problem.Y, problem.f, 0.5));
        const step = halfStep(problem, G, 2 * problem.f);
        const direct = directSolution(step, problem.rows);
        expect(difference(wasmSolve(step, problem.rows), direct)).toBeLessThan(1e-3);
        solveRows(step, 0, problem.rows);
        expect(difference(step.X, direct)).toBeLessThan(1e-3);
      }),
    );
  });

  test('solveRows: a row does not depend on those it is solved with', () => {
    fc.assert(
      fc.property(problems, ({ matrix, X, ...problem }) => {
        const G = Float32Array.from(gramOf(problem.Y, problem.f, 0.5));
        const all = wasmSolve(halfStep({ matrix, X, ...problem }, G, 3), matrix.rows);
        const last = { ...matrix, starts: matrix.starts.slice(-2) };
        const alone = wasmSolve(halfStep({ matrix: last, X: X.slice(-problem.f), ...problem }, G, 3), 1);
        expect(alone).toEqual(all.slice(-problem.f));
      }),
    );
  });

  test('score: the same in WebAssembly as in TypeScript', () => {
    fc.assert(
      fc.property(problems, ({ X, Y, f }) => {
        const rows = Y.length / f;
        const expected = new Float32Array(rows);
        score(Y, rows, f, X.slice(0, f), expected);
        const result = new Float64Array(rows).fill(1);
        createProducts(Y, f)(X.slice(0, f), result);
        const found = result.map((sum) => sum - 1);
        expect(difference(found, expected)).toBeLessThan(1e-5);
      }),
    );
  });
});

function directSolution({ starts, columns, confidences, Y, G, f }: HalfStep, rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => {
    const A = Matrix.from1DArray(f, f, Array.from(G));
    const b = Matrix.zeros(f, 1);
    for (let at = starts[row]!; at < starts[row + 1]!; at += 1) {
      const y = Matrix.columnVector(Array.from(Y.slice(columns[at]! * f, (columns[at]! + 1) * f)));
      A.add(y.mmul(y.transpose()).mul(confidences[at]! - 1));
      b.add(y.mul(confidences[at]!));
    }
    return solve(A, b).to1DArray();
  }).flat();
}
