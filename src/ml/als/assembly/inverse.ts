// The inverse of a symmetric positive definite matrix in AssemblyScript; ../../invert.ts calls it. Matrices are row-major f64 at
// byte offsets of the imported memory. `size`, `from` and `to` are rows, multiples of 4. Nothing is allocated.
//
// Gauss-Jordan elimination in place, a block of columns at a time: with K the block, D = A_KK⁻¹ and P = A_·K,
//   A_KK ← −D,  A_·K ← P·D,  the rest ← A − P·D·Pᵀ,
// after which A is −A⁻¹ when each block has had its turn: the sweep operator (Goodnight, "A tutorial on the SWEEP operator", The
// American Statistician 33, 1979). Of A the lower triangle is read and written, the rest of it when all is done.
//
// What makes it fast: nearly all work is products of 4 × 4 tiles, which have their sums in 8 registers, of panels that are laid out
// in the order in which they are read: [group of 4 rows][column of the block][row].

/** Rows of P that stay in the second-level cache while rows of P·D pass by. */
const SHARED: usize = 128;
/** Columns whose mirror images stay in the first-level cache. */
const MIRRORED: usize = 32;

/**
 * Sweeps rows and columns `from` … `to` - 1; `update` does the rest of the matrix.
 * @param D (to − from)² numbers to work with
 * @param P size · (to − from) numbers, which become P
 * @param PD the same of P·D
 */
export function sweep(A: usize, size: usize, from: usize, to: usize, D: usize, P: usize, PD: usize): void {
  const stride = size << 3;
  const width = (to - from) << 3;
  const block = A + from * stride + (from << 3);
  for (let i: usize = 0; i < width; i += 8) {
    for (let k: usize = 0; k <= i; k += 8) {
      const value = load<f64>(block + (i >> 3) * stride + k);
      store<f64>(D + (i >> 3) * width + k, value);
      store<f64>(D + (k >> 3) * width + i, value);
    }
  }
  sweepAll(D, width);
  for (let i: usize = 0; i < width; i += 8) {
    memory.copy(block + (i >> 3) * stride, D + (i >> 3) * width, i + 8);
  }
  for (let row: usize = 0; row < size; row += 4) {
    if (row >= from && row < to) continue;
    const p = P + row * width;
    const pd = PD + row * width;
    pack(A, stride, from, width, row, p);
    memory.fill(pd, 0, width << 2);
    for (let k: usize = 0; k < width; k += 32) subtractTile(D + k, width, p, width, pd + (k << 2), 32);
    unpack(pd, A, stride, from, width, row);
  }
}

/** A row at a time: D becomes −D⁻¹. Where it is not positive definite all is NaN. */
function sweepAll(D: usize, width: usize): void {
  for (let k: usize = 0; k < width; k += 8) {
    const pivots = D + (k >> 3) * width;
    const pivot = load<f64>(pivots + k);
    const inverse = pivot > 0 ? 1 / pivot : NaN;
    for (let row = D; row < D + width * (width >> 3); row += width) {
      if (row === pivots) continue;
      const factor = load<f64>(row + k) * inverse;
      const factors = f64x2.splat(factor);
      for (let i: usize = 0; i < width; i += 16) {
        v128.store(row + i, f64x2.sub(v128.load(row + i), f64x2.mul(factors, v128.load(pivots + i))));
      }
      store<f64>(row + k, factor);
    }
    for (let i: usize = 0; i < width; i += 16) {
      v128.store(pivots + i, f64x2.mul(v128.load(pivots + i), f64x2.splat(inverse)));
    }
    store<f64>(pivots + k, -inverse);
  }
}

/** Four rows of P: right of the diagonal they are columns of A. */
function pack(A: usize, stride: usize, from: usize, width: usize, row: usize, p: usize): void {
  if (row < from) {
    const above = A + from * stride + (row << 3);
    for (let k: usize = 0; k < width; k += 8) copyFour(p + (k << 2), above + (k >> 3) * stride);
    return;
  }
  for (let i: usize = 0; i < 4; i += 1) {
    const left = A + (row + i) * stride + (from << 3);
    for (let k: usize = 0; k < width; k += 8) store<f64>(p + (k << 2) + (i << 3), load<f64>(left + k));
  }
}

/** Puts four rows where `pack` took them from. */
function unpack(p: usize, A: usize, stride: usize, from: usize, width: usize, row: usize): void {
  if (row < from) {
    const above = A + from * stride + (row << 3);
    for (let k: usize = 0; k < width; k += 8) copyFour(above + (k >> 3) * stride, p + (k << 2));
    return;
  }
  for (let i: usize = 0; i < 4; i += 1) {
    const left = A + (row + i) * stride + (from << 3);
    for (let k: usize = 0; k < width; k += 8) store<f64>(left + k, load<f64>(p + (k << 2) + (i << 3)));
  }
}

function copyFour(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
}

/** After `sweep`: A − P·D·Pᵀ for rows `rowFrom` … `rowTo` - 1. */
export function update(
  A: usize,
  size: usize,
  from: usize,
  to: usize,
  P: usize,
  PD: usize,
  rowFrom: usize,
  rowTo: usize,
): void {
  const stride = size << 3;
  const width = (to - from) << 3;
  for (let left: usize = 0; left < rowTo; left += SHARED) {
    for (let row = max(left, rowFrom); row < rowTo; row += 4) {
      if (row >= from && row < to) continue;
      const right = min(row + 4, left + SHARED);
      for (let column = left; column < right; column += 4) {
        if (column >= from && column < to) continue;
        const tile = A + row * stride + (column << 3);
        subtractTile(PD + row * width, 32, P + column * width, width, tile, stride);
      }
    }
  }
}

/** out −= Σ a bᵀ, 4 × 4, over `width` / 8 columns of four numbers each: `aStep` bytes apart, and one after the other. */
function subtractTile(a: usize, aStep: usize, b: usize, width: usize, out: usize, stride: usize): void {
  let l0 = f64x2.splat(0);
  let l1 = f64x2.splat(0);
  let l2 = f64x2.splat(0);
  let l3 = f64x2.splat(0);
  let r0 = f64x2.splat(0);
  let r1 = f64x2.splat(0);
  let r2 = f64x2.splat(0);
  let r3 = f64x2.splat(0);
  for (const end = b + (width << 2); b < end; b += 32) {
    const l = v128.load(b);
    const r = v128.load(b, 16);
    const a0 = v128.load_splat<f64>(a);
    l0 = f64x2.add(l0, f64x2.mul(a0, l));
    r0 = f64x2.add(r0, f64x2.mul(a0, r));
    const a1 = v128.load_splat<f64>(a, 8);
    l1 = f64x2.add(l1, f64x2.mul(a1, l));
    r1 = f64x2.add(r1, f64x2.mul(a1, r));
    const a2 = v128.load_splat<f64>(a, 16);
    l2 = f64x2.add(l2, f64x2.mul(a2, l));
    r2 = f64x2.add(r2, f64x2.mul(a2, r));
    const a3 = v128.load_splat<f64>(a, 24);
    l3 = f64x2.add(l3, f64x2.mul(a3, l));
    r3 = f64x2.add(r3, f64x2.mul(a3, r));
    a += aStep;
  }
  subtract(out, l0, r0);
  subtract(out + stride, l1, r1);
  subtract(out + 2 * stride, l2, r2);
  subtract(out + 3 * stride, l3, r3);
}

function subtract(at: usize, l: v128, r: v128): void {
  v128.store(at, f64x2.sub(v128.load(at), l));
  v128.store(at, f64x2.sub(v128.load(at, 16), r), 16);
}

/** When every row is swept: changes the signs, and fills the upper triangle. */
export function finish(A: usize, size: usize): void {
  const stride = size << 3;
  for (let left: usize = 0; left < size; left += MIRRORED) {
    for (let row = left; row < size; row += 1) {
      const right = min(row + 1, left + MIRRORED);
      for (let column = left; column < right; column += 1) {
        const value = -load<f64>(A + row * stride + (column << 3));
        store<f64>(A + row * stride + (column << 3), value);
        store<f64>(A + column * stride + (row << 3), value);
      }
    }
  }
}
