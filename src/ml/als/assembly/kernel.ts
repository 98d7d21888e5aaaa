// The arithmetic of alternating least squares in AssemblyScript; ../kernel.ts is the same in plain TypeScript, and says what
// each function does. Matrices are row-major f32 at byte offsets of the imported memory, with `f` columns, a multiple of 8.
// Nothing is allocated. Sums have a fixed order, so that a row's result depends on nothing but its input.
//
// What makes it fast: every loop has 8 to 10 sums in registers, which is what hides the latency of additions and what fits
// into the 16 registers of x86-64 and the 32 of ARM.

import { add, addFour, advance, dot, dotFour, negate, turn } from './vectors';

/** Rows that are solved side by side, so that G is loaded once for all of them. */
const BATCH: usize = 4;
/** Bytes of Y whose products are summed before they are added to the result: they stay in the first-level cache. */
const CHUNK: usize = 16384;
/** A residual this small, squared, is none: another step would divide by it. */
const SOLVED: f32 = 1e-20;

export function gram(Y: usize, rowFrom: usize, rowTo: usize, f: usize, out: usize): void {
  const stride = f << 2;
  const end = Y + rowTo * stride;
  memory.fill(out, 0, f * stride);
  const chunk = max(1, CHUNK / stride) * stride;
  for (let y = Y + rowFrom * stride; y < end; y += chunk) {
    addProducts(y, min(end, y + chunk), stride, out);
  }
  for (let i: usize = 1; i < f; i += 1) {
    for (let k: usize = 0; k < i; k += 1) {
      store<f32>(out + i * stride + (k << 2), load<f32>(out + k * stride + (i << 2)));
    }
  }
}

/** out += Σ y yᵀ, right of the diagonal, in tiles of 4 × 8. */
function addProducts(from: usize, to: usize, stride: usize, out: usize): void {
  for (let i: usize = 0; i < stride; i += 16) {
    for (let k = i & ~31; k < stride; k += 32) {
      let a0 = f32x4.splat(0);
      let a1 = f32x4.splat(0);
      let a2 = f32x4.splat(0);
      let a3 = f32x4.splat(0);
      let b0 = f32x4.splat(0);
      let b1 = f32x4.splat(0);
      let b2 = f32x4.splat(0);
      let b3 = f32x4.splat(0);
      for (let y = from; y < to; y += stride) {
        const a = v128.load(y + k);
        const b = v128.load(y + k, 16);
        const y0 = v128.load_splat<f32>(y + i);
        const y1 = v128.load_splat<f32>(y + i, 4);
        const y2 = v128.load_splat<f32>(y + i, 8);
        const y3 = v128.load_splat<f32>(y + i, 12);
        a0 = f32x4.add(a0, f32x4.mul(y0, a));
        b0 = f32x4.add(b0, f32x4.mul(y0, b));
        a1 = f32x4.add(a1, f32x4.mul(y1, a));
        b1 = f32x4.add(b1, f32x4.mul(y1, b));
        a2 = f32x4.add(a2, f32x4.mul(y2, a));
        b2 = f32x4.add(b2, f32x4.mul(y2, b));
        a3 = f32x4.add(a3, f32x4.mul(y3, a));
        b3 = f32x4.add(b3, f32x4.mul(y3, b));
      }
      const tile = out + (i >> 2) * stride + k;
      addTo(tile, a0, b0);
      addTo(tile + stride, a1, b1);
      addTo(tile + 2 * stride, a2, b2);
      addTo(tile + 3 * stride, a3, b3);
    }
  }
}

function addTo(at: usize, a: v128, b: v128): void {
  v128.store(at, f32x4.add(v128.load(at), a));
  v128.store(at, f32x4.add(v128.load(at, 16), b), 16);
}

/** `scratch`: 4 · (f² + 12 f) + 32 bytes of this thread's own. */
export function solveRows(
  rowFrom: usize,
  rowTo: usize,
  starts: usize,
  columns: usize,
  confidences: usize,
  X: usize,
  Y: usize,
  G: usize,
  f: usize,
  cgSteps: i32,
  scratch: usize,
): void {
  const stride = f << 2;
  const batch = scratch + (f + 3 * BATCH) * stride;
  pack(G, stride, scratch);
  let count: usize = 0;
  for (let row = rowFrom; row < rowTo; row += 1) {
    if (load<u32>(starts + (row << 2)) === load<u32>(starts + (row << 2), 4)) {
      memory.fill(X + row * stride, 0, stride);
      continue;
    }
    store<u32>(batch + (count << 3), row);
    count += 1;
    if (count < BATCH) continue;
    solveBatch(count, starts, columns, confidences, X, Y, stride, cgSteps, scratch);
    count = 0;
  }
  if (count > 0) solveBatch(count, starts, columns, confidences, X, Y, stride, cgSteps, scratch);
}

/** Lays the columns of G out in panels of 8, one after the other: `multiply` reads them in that order. */
function pack(G: usize, stride: usize, panels: usize): void {
  let to = panels;
  for (let k: usize = 0; k < stride; k += 32) {
    let from = G + k;
    for (let j: usize = 0; j < stride; j += 4) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += stride;
      to += 32;
    }
  }
}

/** Conjugate gradient for up to `BATCH` rows, whose numbers are in the scratch memory; none of them is empty. */
function solveBatch(
  count: usize,
  starts: usize,
  columns: usize,
  confidences: usize,
  X: usize,
  Y: usize,
  stride: usize,
  cgSteps: i32,
  panels: usize,
): void {
  // Of each row: the direction, A times it, the residual; then the row's number and the residual's square. Slots without a
  // row hold what was there before: what comes of it is not looked at.
  const P = panels + (stride >> 2) * stride;
  const AP = P + BATCH * stride;
  const R = AP + BATCH * stride;
  const batch = R + BATCH * stride;
  for (let slot: usize = 0; slot < count; slot += 1) {
    memory.copy(P + slot * stride, X + <usize>load<u32>(batch + (slot << 3)) * stride, stride);
  }
  multiply(panels, stride, stride, P, AP);
  for (let slot: usize = 0; slot < count; slot += 1) {
    const entry = starts + ((<usize>load<u32>(batch + (slot << 3))) << 2);
    const p = P + slot * stride;
    const ap = AP + slot * stride;
    addEntries(load<u32>(entry), load<u32>(entry, 4), columns, confidences, Y, stride, p, ap, 1);
    store<f32>(batch + (slot << 3), negate(ap, R + slot * stride, p, stride), 4);
  }
  for (let step = 0; step < cgSteps; step += 1) {
    multiply(panels, stride, stride, P, AP);
    for (let slot: usize = 0; slot < count; slot += 1) {
      const square = load<f32>(batch + (slot << 3), 4);
      if (square < SOLVED) continue;
      const row = <usize>load<u32>(batch + (slot << 3));
      const entry = starts + (row << 2);
      const p = P + slot * stride;
      const ap = AP + slot * stride;
      addEntries(load<u32>(entry), load<u32>(entry, 4), columns, confidences, Y, stride, p, ap, 0);
      const next = advance(square / dot(p, ap, stride), X + row * stride, p, ap, R + slot * stride, stride);
      turn(next / square, p, R + slot * stride, stride);
      store<f32>(batch + (slot << 3), next, 4);
    }
  }
}

/** AP = P · G for `BATCH` rows, where G is in panels; `width` and `stride` are the bytes in a row of AP and of P. */
export function multiply(panels: usize, width: usize, stride: usize, P: usize, AP: usize): void {
  let panel = panels;
  for (let k: usize = 0; k < width; k += 32) {
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let a2 = f32x4.splat(0);
    let a3 = f32x4.splat(0);
    let b0 = f32x4.splat(0);
    let b1 = f32x4.splat(0);
    let b2 = f32x4.splat(0);
    let b3 = f32x4.splat(0);
    let p0 = P;
    let p1 = P + stride;
    let p2 = p1 + stride;
    let p3 = p2 + stride;
    for (const end = P + stride; p0 < end; p0 += 4) {
      const a = v128.load(panel);
      const b = v128.load(panel, 16);
      panel += 32;
      const x0 = v128.load_splat<f32>(p0);
      a0 = f32x4.add(a0, f32x4.mul(x0, a));
      b0 = f32x4.add(b0, f32x4.mul(x0, b));
      const x1 = v128.load_splat<f32>(p1);
      a1 = f32x4.add(a1, f32x4.mul(x1, a));
      b1 = f32x4.add(b1, f32x4.mul(x1, b));
      const x2 = v128.load_splat<f32>(p2);
      a2 = f32x4.add(a2, f32x4.mul(x2, a));
      b2 = f32x4.add(b2, f32x4.mul(x2, b));
      const x3 = v128.load_splat<f32>(p3);
      a3 = f32x4.add(a3, f32x4.mul(x3, a));
      b3 = f32x4.add(b3, f32x4.mul(x3, b));
      p1 += 4;
      p2 += 4;
      p3 += 4;
    }
    let out = AP + k;
    v128.store(out, a0);
    v128.store(out, b0, 16);
    out += width;
    v128.store(out, a1);
    v128.store(out, b1, 16);
    out += width;
    v128.store(out, a2);
    v128.store(out, b2, 16);
    out += width;
    v128.store(out, a3);
    v128.store(out, b3, 16);
  }
}

/** out += Σ over the entries of ((c − 1) (y · p) − target · c) y, four entries at a time. */
function addEntries(
  from: usize,
  to: usize,
  columns: usize,
  confidences: usize,
  Y: usize,
  stride: usize,
  p: usize,
  out: usize,
  target: f32,
): void {
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const column = columns + (at << 2);
    const y0 = Y + <usize>load<u32>(column) * stride;
    const y1 = Y + <usize>load<u32>(column, 4) * stride;
    const y2 = Y + <usize>load<u32>(column, 8) * stride;
    const y3 = Y + <usize>load<u32>(column, 12) * stride;
    const c = v128.load(confidences + (at << 2));
    const products = dotFour(y0, y1, y2, y3, p, stride);
    const parts = f32x4.sub(
      f32x4.mul(f32x4.sub(c, f32x4.splat(1)), products),
      f32x4.mul(f32x4.splat(target), c),
    );
    addFour(y0, y1, y2, y3, parts, out, stride);
  }
  for (; at < to; at += 1) {
    const y = Y + <usize>load<u32>(columns + (at << 2)) * stride;
    const c = load<f32>(confidences + (at << 2));
    add((c - 1) * dot(y, p, stride) - target * c, y, out, stride);
  }
}

export function score(Y: usize, rows: usize, f: usize, x: usize, out: usize): void {
  const stride = f << 2;
  let row: usize = 0;
  for (; row + 4 <= rows; row += 4) {
    const y = Y + row * stride;
    v128.store(out + (row << 2), dotFour(y, y + stride, y + 2 * stride, y + 3 * stride, x, stride));
  }
  for (; row < rows; row += 1) store<f32>(out + (row << 2), dot(Y + row * stride, x, stride));
}
