// How threads share the work of a plan, which ../plan.ts lays out. The work is a series of phases, and a phase a number of
// blocks, which threads take from a counter. Each phase has its own counters, so that a thread that comes late, or never,
// disturbs nobody: it finds the blocks of past phases taken. They wait for each other in JavaScript, because the baseline
// compiler of V8 11 (Node.js 20) does not keep local variables across memory.atomic.wait32.
import { gram, solveRows } from './kernel';

/** Words of the plan: how many phases are open, factors, steps, nothing; the tasks; of each phase, blocks taken and done. */
const FACTORS: usize = 4;
const STEPS: usize = 8;
const TASKS: usize = 16;
const COUNTERS: usize = TASKS + 4 * 32;

/** Takes blocks of an open phase until none is left. */
export function work(plan: usize, phase: i32, scratch: usize): void {
  const task = plan + TASKS + ((phase & 3) << 5);
  const blocks = load<i32>(task);
  const next = plan + COUNTERS + (phase << 3);
  const ready = next + 4;
  for (let block = atomic.add<i32>(next, 1); block < blocks; block = atomic.add<i32>(next, 1)) {
    doBlock(plan, (phase & 1) === 0, task, block, scratch);
    atomic.add<i32>(ready, 1);
  }
}

/** Tasks, in words: blocks, their bounds, starts, columns, confidences, X, Y, G. Those of even phases are Gram matrices. */
function doBlock(plan: usize, isGram: bool, task: usize, block: i32, scratch: usize): void {
  const f = load<u32>(plan + FACTORS);
  const bounds = load<u32>(task, 4) + (block << 2);
  const from = load<u32>(bounds);
  const to = load<u32>(bounds, 4);
  const Y = load<u32>(task, 24);
  const G = load<u32>(task, 28);
  if (isGram) {
    gram(Y, from, to, f, G + block * f * f * 4);
    return;
  }
  const X = load<u32>(task, 20);
  const confidences = load<u32>(task, 16);
  const steps = load<i32>(plan + STEPS);
  solveRows(from, to, load<u32>(task, 8), load<u32>(task, 12), confidences, X, Y, G, f, steps, scratch);
}
