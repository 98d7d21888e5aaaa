import { LOCAL_WASM } from './kernel-wasm.ts';
import { pagesOf } from './wasm.ts';

/** Functions on byte offsets of a memory, which assembly/top-n.ts, assembly/inverse.ts and ./kernel.ts explain. */
export interface LocalKernel {
  /** @param f a multiple of `LANES` */
  score(Y: number, rows: number, f: number, x: number, out: number): void;
  topN(
    panels: number,
    rows: number,
    f: number,
    X: number,
    vectors: number,
    n: number,
    out: number,
    scratch: number,
  ): void;
  sweep(A: number, size: number, from: number, to: number, D: number, P: number, PD: number): void;
  update(
    A: number,
    size: number,
    from: number,
    to: number,
    P: number,
    PD: number,
    rowFrom: number,
    rowTo: number,
  ): void;
  finish(A: number, size: number): void;
}

let compiled: WebAssembly.Module | undefined;

/**
 * A kernel with a memory of its own, which goes when nothing refers to it. The garbage collector does not count memories that
 * threads may share, and would let them pile up.
 */
export function createLocalKernel(bytes: number): { buffer: ArrayBufferLike; kernel: LocalKernel } {
  compiled ??= new WebAssembly.Module(Buffer.from(LOCAL_WASM, 'base64'));
  const pages = pagesOf(bytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: false });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return { buffer: memory.buffer, kernel: exports as LocalKernel };
}
