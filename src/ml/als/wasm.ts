import { SHARED_WASM } from './kernel-wasm.ts';

/** Rows of factors are padded with zeros to a multiple of this. */
export const LANES = 8;

/** What memories are counted in, bytes. */
const PAGE = 65_536;

/** The functions of ./kernel.ts on byte offsets of the memory; `f` is a multiple of `LANES`. */
export interface WasmKernel {
  gram(Y: number, rowFrom: number, rowTo: number, f: number, out: number): void;
  /** @param scratch `scratchBytes(f)` bytes, which begin as zeros and are this thread's own */
  solveRows(
    rowFrom: number,
    rowTo: number,
    starts: number,
    columns: number,
    confidences: number,
    X: number,
    Y: number,
    G: number,
    f: number,
    cgSteps: number,
    scratch: number,
  ): void;
  /** Takes blocks of one phase of a plan until none is left. */
  work(plan: number, phase: number, scratch: number): void;
}

/** What a thread needs to work on a memory that others share. */
export interface Workplace {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly kernel: WasmKernel;
}

/** Numbers as they follow in memory, 4 bytes each. */
export interface Arena {
  /** Bytes taken so far. */
  readonly bytes: number;
  /** @returns the offset of so many numbers, at the start of a cache line */
  take(numbers: number): number;
}

let compiled: WebAssembly.Module | undefined;

/** Compiles once. */
export function createWorkplace(bytes: number): Workplace {
  compiled ??= new WebAssembly.Module(Buffer.from(SHARED_WASM, 'base64'));
  const pages = pagesOf(bytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return { module: compiled, memory, kernel: exports as WasmKernel };
}

/** How many pages of WebAssembly hold so many bytes. */
export function pagesOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PAGE));
}

export function createArena(): Arena {
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    take(numbers) {
      const offset = bytes;
      bytes += Math.ceil((numbers * 4) / 64) * 64;
      return offset;
    },
  };
}

export function padded(factors: number): number {
  return Math.ceil(factors / LANES) * LANES;
}

/** What `solveRows` needs besides: G in panels, three vectors for each of four rows, and eight numbers. */
export function scratchBytes(f: number): number {
  return 4 * (f * f + 12 * f) + 32;
}
