import { Worker } from 'node:worker_threads';
import { type Plan, readyWord } from './plan.ts';

/** The whole program of a helper: works on each phase when it is open, and then tells the caller, who may be waiting. */
const PROGRAM = `
const { module, memory, offset, phases, scratch, ready } = require('node:worker_threads').workerData;
const { work } = new WebAssembly.Instance(module, { env: { memory } }).exports;
const words = new Int32Array(memory.buffer);
for (let phase = 0; phase < phases; phase += 1) {
  for (let open; (open = Atomics.load(words, offset / 4)) <= phase; ) Atomics.wait(words, offset / 4, open);
  work(offset, phase, scratch);
  Atomics.notify(words, ready + 2 * phase);
}
`;

/**
 * Starts a thread for each scratch memory but the first, to help with the phases of a plan. Nobody waits for them: what they
 * do not take, the caller does. They need nothing of the caller's event loop.
 * @returns ends them, wherever they are; resolves when they are gone
 */
export function startHelpers(plan: Plan): () => Promise<void> {
  const { module, memory, offset, phases } = plan;
  const helpers: Worker[] = [];
  for (const scratch of plan.scratch.slice(1)) {
    const workerData = { module, memory, offset, phases, scratch, ready: readyWord(plan, 0) };
    try {
      // Without the caller's flags and NODE_OPTIONS, which may load what a helper has no use for.
      const helper = new Worker(PROGRAM, { eval: true, workerData, execArgv: [], env: {} });
      helper.on('error', () => {});
      helper.unref();
      helpers.push(helper);
    } catch {
      break;
    }
  }
  return async () => {
    await Promise.all(helpers.map((helper) => helper.terminate()));
  };
}

/** Lets the helpers go on to a phase, which must be the next. */
export function open({ memory, offset }: Plan, phase: number): void {
  const words = new Int32Array(memory.buffer);
  Atomics.store(words, offset / 4, phase + 1);
  Atomics.notify(words, offset / 4);
}

/** Works on the next phase with whoever helps; returns when it is done. */
export function lead(plan: Plan, phase: number): void {
  open(plan, phase);
  plan.kernel.work(plan.offset, phase, plan.scratch[0]!);
  const words = new Int32Array(plan.memory.buffer);
  const ready = readyWord(plan, phase);
  const blocks = blocksOf(plan, phase);
  for (let done = Atomics.load(words, ready); done < blocks; done = Atomics.load(words, ready)) {
    Atomics.wait(words, ready, done);
  }
}

/** How many blocks a phase has. */
export function blocksOf({ users, items }: Plan, phase: number): number {
  const bounds = [items.gramBounds, users.solveBounds, users.gramBounds, items.solveBounds][phase % 4]!;
  return bounds.length - 1;
}
