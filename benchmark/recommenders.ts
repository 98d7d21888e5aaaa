import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { factorise } from '../src/ml/als/factorise.ts';
import { quickComponents } from '../src/ml/hybrid/components.ts';
import { createHybrid } from '../src/ml/hybrid/hybrid.ts';
import { UNTUNED } from '../src/ml/hybrid/model.ts';
import { type InteractionMatrix, toRows } from '../src/ml/matrix.ts';
import { seededRandom } from '../src/ml/random.ts';
import { packageFile } from '../src/package-root.ts';
import { type Benchmark, type Figure } from './harness.ts';

const USERS = 50_000;
const ITEMS = 10_000;
const INTERACTIONS = 1_000_000;
const FACTORS = 64;
const ITERATIONS = 15;
const ASKED = 5_000;
/** A Python with `implicit` installed, which is then measured in the same run. */
const { ECOM_BENCH_PYTHON: python } = process.env;

/** Time to train and to ask, of as many interactions as the scale says, with Zipf-like popularity. */
export const recommenders: Benchmark = async ({ scale, note }) => {
  const matrix = makeMatrix(Math.round(INTERACTIONS * scale));
  const figures: Figure[] = [];
  for (const threads of [1, 2]) {
    const seconds = timed(() => {
      const options = { factors: FACTORS, iterations: ITERATIONS, regularization: 0.01, alpha: 1 };
      factorise(matrix, { ...options, cgSteps: 3, seed: 1, threads });
    });
    const peer = python === undefined ? undefined : askImplicit(python, matrix, threads);
    note(
      `ALS with ${threads} threads: ${seconds.toFixed(2)} s${peer === undefined ? '' : `, implicit ${peer.toFixed(2)} s`}`,
    );
    figures.push({
      name: `ALS, ${threads} thread${threads === 1 ? '' : 's'}`,
      value: Number(seconds.toFixed(2)),
      unit: 's',
      ...(peer === undefined ? {} : { baseline: Number(peer.toFixed(2)), ratio: seconds / peer }),
      detail: `${matrix.items.length} interactions, ${USERS} × ${ITEMS}, ${FACTORS} factors, ${ITERATIONS} iterations; baseline: ${peer === undefined ? 'none: set ECOM_BENCH_PYTHON' : 'implicit'}`,
    });
  }
  figures.push(...askHybrid(matrix));
  return figures;
};

/** Time of one answer of the hybrid in process. */
function askHybrid(matrix: InteractionMatrix): Figure[] {
  const itemIds = Array.from({ length: ITEMS }, (_, i) => `p${String(i).padStart(5, '0')}`);
  const sessionUsers = Uint32Array.from({ length: matrix.rows }, (_, row) => row);
  const data = {
    itemIds,
    users: matrix,
    sessions: matrix,
    sessionUsers,
    texts: itemIds.map(() => undefined),
    now: 1,
    halfLifeMs: Number.POSITIVE_INFINITY,
  };
  const hybrid = createHybrid({ weights: UNTUNED, components: quickComponents(data) });
  const trained = timed(() => hybrid.fit(data));
  const random = seededRandom(7);
  const times = Array.from({ length: ASKED }, () => {
    const history = Array.from({ length: 20 }, () => ({ id: itemIds[Math.floor(random() * ITEMS)]! }));
    return timed(() => hybrid.recommend(history, { limit: 10 })) * 1000;
  }).sort((a, b) => a - b);
  const at = (share: number) => Number(times[Math.floor(times.length * share)]!.toFixed(3));
  const detail = `${ASKED} histories of 20 products, ${ITEMS} products`;
  return [
    { name: 'quick training of the hybrid', value: Number(trained.toFixed(2)), unit: 's' },
    { name: 'recommend in process, p50', value: at(0.5), unit: 'ms', detail },
    { name: 'recommend in process, p99', value: at(0.99), unit: 'ms', detail },
  ];
}

function makeMatrix(length: number): InteractionMatrix {
  const random = seededRandom(42);
  // Zipf-like: the cumulated weight of rank r grows with ln(r).
  const rows = Uint32Array.from({ length }, () => Math.floor(random() * USERS));
  const items = Uint32Array.from({ length }, () => Math.min(ITEMS - 1, Math.floor(ITEMS ** random()) - 1));
  const ones = new Float32Array(length).fill(1);
  const entries = { length, rows, rowCount: USERS, items, itemCount: ITEMS, weights: ones, times: ones };
  return toRows(entries, (a, b) => a + b).matrix;
}

function timed(work: () => void): number {
  const begin = performance.now();
  work();
  return (performance.now() - begin) / 1000;
}

/** @returns seconds that implicit takes for the same */
function askImplicit(
  program: string,
  { starts, items, weights }: InteractionMatrix,
  threads: number,
): number {
  const folder = mkdtempSync(join(tmpdir(), 'ecom-bench-'));
  try {
    for (const [name, numbers] of [
      ['starts.u32', starts],
      ['items.u32', items],
      ['weights.f32', weights],
    ] as const)
      writeFileSync(join(folder, name), numbers);
    const script = packageFile('benchmark', 'implicit.py');
    const options = ['--threads', threads, '--factors', FACTORS, '--iterations', ITERATIONS].map(String);
    const answer = execFileSync(program, [script, 'speed', folder, ...options], { encoding: 'utf8' });
    return (JSON.parse(answer) as { seconds: number }).seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
