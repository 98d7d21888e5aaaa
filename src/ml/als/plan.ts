import { EcomError } from '../../errors.ts';
import { type SparseRows, transpose } from '../matrix.ts';
import { seededRandom } from '../random.ts';
import { type Arena, createArena, createWorkplace, padded, scratchBytes, type Workplace } from './wasm.ts';

/** Phases of an iteration: the Gram matrix of the items, the users, the Gram matrix of the users, the items. */
export const PHASES = 4;

export interface PlanOptions {
  readonly factors: number;
  readonly alpha: number;
  readonly iterations: number;
  readonly cgSteps: number;
  readonly seed: number;
  readonly threads: number;
}

/** All that is worked on, in one memory that threads share. */
export interface Plan extends Workplace {
  /** Numbers in a row of factors, with the padding. */
  readonly f: number;
  /** Of what assembly/crew.ts reads, whose first word says how many phases are open. */
  readonly offset: number;
  readonly phases: number;
  /** Of each thread, the caller first. */
  readonly scratch: readonly number[];
  readonly users: Side;
  readonly items: Side;
}

/** Users, or items. */
export interface Side {
  readonly matrix: SparseRows;
  readonly at: {
    readonly starts: number;
    readonly columns: number;
    readonly confidences: number;
    readonly factors: number;
    /** f × f: the sum of the parts and λ. */
    readonly gram: number;
    /** f × f for each block of `gramBounds`. */
    readonly gramParts: number;
    readonly gramBounds: number;
    readonly solveBounds: number;
  };
  /** Where blocks of rows begin, and the last one ends. */
  readonly gramBounds: readonly number[];
  readonly solveBounds: readonly number[];
}

/** Words at the start of what assembly/crew.ts reads, and those of a task; then there are two counters for each phase. */
const HEAD = 4;
const TASK = 8;

/** Most parts of a Gram matrix; which rows are one part must depend on nothing but the matrix, as sums of floats do. */
const GRAM_PARTS = 64;
/** Fewest rows of a part. */
const GRAM_ROWS = 256;
/** Blocks of rows to be solved, of about the same work: enough for threads to end at the same time. */
const SOLVE_BLOCKS = 512;
/** WebAssembly's 32-bit offsets. */
const MOST_BYTES = 2 ** 32;

/** @throws EcomError MEMORY where it does not fit */
export function createPlan(matrix: SparseRows, options: PlanOptions): Plan {
  const f = padded(options.factors);
  const arena = createArena();
  const offset = arena.take(HEAD + PHASES * (TASK + 2 * options.iterations));
  const scratch = Array.from({ length: options.threads }, () => arena.take(scratchBytes(f) / 4));
  const users = layOut(arena, matrix, f);
  const items = layOut(arena, transpose(matrix), f);
  if (arena.bytes > MOST_BYTES) {
    throw new EcomError(
      'MEMORY',
      `${matrix.items.length} interactions with ${options.factors} factors need more than 4 GB`,
      { hint: 'Use fewer factors, or a shorter period' },
    );
  }
  const phases = PHASES * options.iterations;
  const plan = { ...createWorkplace(arena.bytes), f, offset, phases, scratch, users, items };
  fill(plan, users, items, options.alpha, 0);
  fill(plan, items, users, options.alpha, 2);
  words(plan, offset, HEAD).set([0, f, options.cgSteps, 0]);
  scatter(plan, options);
  return plan;
}

/** Words of the memory. @returns where it says how many blocks of a phase are done */
export function readyWord({ offset }: Plan, phase: number): number {
  return offset / 4 + HEAD + PHASES * TASK + 2 * phase + 1;
}

function words({ memory }: Workplace, offset: number, length: number): Uint32Array {
  return new Uint32Array(memory.buffer, offset, length);
}

export function floats({ memory }: Workplace, offset: number, length: number): Float32Array {
  return new Float32Array(memory.buffer, offset, length);
}

function layOut(arena: Arena, matrix: SparseRows, f: number): Side {
  const gramBounds = evenBounds(matrix.rows);
  const solveBounds = boundsOfWork(matrix, f);
  const at = {
    starts: arena.take(matrix.rows + 1),
    columns: arena.take(matrix.items.length),
    confidences: arena.take(matrix.items.length),
    factors: arena.take(matrix.rows * f),
    gram: arena.take(f * f),
    gramParts: arena.take((gramBounds.length - 1) * f * f),
    gramBounds: arena.take(gramBounds.length),
    solveBounds: arena.take(solveBounds.length),
  };
  return { matrix, at, gramBounds, solveBounds };
}

function evenBounds(rows: number): number[] {
  const size = Math.max(GRAM_ROWS, Math.ceil(rows / GRAM_PARTS));
  return [...Array.from({ length: Math.ceil(rows / size) }, (_, part) => part * size), rows];
}

/** An entry is some f · 16 operations, and a row is f² · 8 besides, which the processor does twice as fast. */
function boundsOfWork({ rows, starts }: SparseRows, f: number): number[] {
  const workUntil = (row: number) => starts[row]! + (row * f) / 4;
  const size = workUntil(rows) / SOLVE_BLOCKS;
  const bounds = [0];
  for (let row = 1; row < rows; row += 1) {
    if (workUntil(row) - workUntil(bounds.at(-1)!) >= size) bounds.push(row);
  }
  return rows === 0 ? bounds : [...bounds, rows];
}

/** Fills in what one side brings along, and the two phases that end with its factors. */
function fill(plan: Plan, side: Side, other: Side, alpha: number, phase: number): void {
  const { matrix, at } = side;
  words(plan, at.starts, matrix.starts.length).set(matrix.starts);
  words(plan, at.columns, matrix.items.length).set(matrix.items);
  const confidences = floats(plan, at.confidences, matrix.weights.length);
  for (let i = 0; i < confidences.length; i += 1) confidences[i] = 1 + alpha * matrix.weights[i]!;
  words(plan, other.at.gramBounds, other.gramBounds.length).set(other.gramBounds);
  words(plan, at.solveBounds, side.solveBounds.length).set(side.solveBounds);
  const { factors: Y, gram: G } = other.at;
  words(plan, plan.offset + 4 * (HEAD + phase * TASK), 2 * TASK).set([
    ...[other.gramBounds.length - 1, other.at.gramBounds, 0, 0, 0, 0, Y, other.at.gramParts],
    ...[side.solveBounds.length - 1, at.solveBounds, at.starts, at.columns, at.confidences, at.factors, Y, G],
  ]);
}

/** Small numbers around 0 to start from. With smaller ones, the first iterations achieve less. */
function scatter(plan: Plan, { factors, seed }: PlanOptions): void {
  const random = seededRandom(seed);
  for (const { matrix, at } of [plan.users, plan.items]) {
    const values = floats(plan, at.factors, matrix.rows * plan.f);
    for (let row = 0; row < matrix.rows; row += 1) {
      for (let i = 0; i < factors; i += 1) values[row * plan.f + i] = (random() - 0.5) * 0.1;
    }
  }
}
