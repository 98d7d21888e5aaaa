// Vectors of f32 at byte offsets; `stride` is their length in bytes, a multiple of 32.

/** The products of four rows with `p`. */
export function dotFour(y0: usize, y1: usize, y2: usize, y3: usize, p: usize, stride: usize): v128 {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  let b3 = f32x4.splat(0);
  for (let k: usize = 0; k < stride; k += 32) {
    const a = v128.load(p + k);
    const b = v128.load(p + k, 16);
    a0 = f32x4.add(a0, f32x4.mul(v128.load(y0 + k), a));
    b0 = f32x4.add(b0, f32x4.mul(v128.load(y0 + k, 16), b));
    a1 = f32x4.add(a1, f32x4.mul(v128.load(y1 + k), a));
    b1 = f32x4.add(b1, f32x4.mul(v128.load(y1 + k, 16), b));
    a2 = f32x4.add(a2, f32x4.mul(v128.load(y2 + k), a));
    b2 = f32x4.add(b2, f32x4.mul(v128.load(y2 + k, 16), b));
    a3 = f32x4.add(a3, f32x4.mul(v128.load(y3 + k), a));
    b3 = f32x4.add(b3, f32x4.mul(v128.load(y3 + k, 16), b));
  }
  a0 = f32x4.add(a0, b0);
  a1 = f32x4.add(a1, b1);
  a2 = f32x4.add(a2, b2);
  a3 = f32x4.add(a3, b3);
  // The sum of the columns of the transposed 4 × 4 matrix.
  const low = f32x4.add(v128.shuffle<f32>(a0, a1, 0, 4, 1, 5), v128.shuffle<f32>(a0, a1, 2, 6, 3, 7));
  const high = f32x4.add(v128.shuffle<f32>(a2, a3, 0, 4, 1, 5), v128.shuffle<f32>(a2, a3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(low, high, 0, 1, 4, 5), v128.shuffle<f32>(low, high, 2, 3, 6, 7));
}

/** out += Σ part · y of four rows. */
export function addFour(
  y0: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  parts: v128,
  out: usize,
  stride: usize,
): void {
  const c0 = f32x4.splat(f32x4.extract_lane(parts, 0));
  const c1 = f32x4.splat(f32x4.extract_lane(parts, 1));
  const c2 = f32x4.splat(f32x4.extract_lane(parts, 2));
  const c3 = f32x4.splat(f32x4.extract_lane(parts, 3));
  for (let k: usize = 0; k < stride; k += 32) {
    const a01 = f32x4.add(f32x4.mul(c0, v128.load(y0 + k)), f32x4.mul(c1, v128.load(y1 + k)));
    const a23 = f32x4.add(f32x4.mul(c2, v128.load(y2 + k)), f32x4.mul(c3, v128.load(y3 + k)));
    const b01 = f32x4.add(f32x4.mul(c0, v128.load(y0 + k, 16)), f32x4.mul(c1, v128.load(y1 + k, 16)));
    const b23 = f32x4.add(f32x4.mul(c2, v128.load(y2 + k, 16)), f32x4.mul(c3, v128.load(y3 + k, 16)));
    v128.store(out + k, f32x4.add(v128.load(out + k), f32x4.add(a01, a23)));
    v128.store(out + k, f32x4.add(v128.load(out + k, 16), f32x4.add(b01, b23)), 16);
  }
}

export function dot(x: usize, y: usize, stride: usize): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  for (let k: usize = 0; k < stride; k += 32) {
    a = f32x4.add(a, f32x4.mul(v128.load(x + k), v128.load(y + k)));
    b = f32x4.add(b, f32x4.mul(v128.load(x + k, 16), v128.load(y + k, 16)));
  }
  return sum(f32x4.add(a, b));
}

export function sum(a: v128): f32 {
  const pairs = f32x4.add(a, v128.shuffle<f32>(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** out += part · y. */
export function add(part: f32, y: usize, out: usize, stride: usize): void {
  const c = f32x4.splat(part);
  for (let k: usize = 0; k < stride; k += 32) {
    v128.store(out + k, f32x4.add(v128.load(out + k), f32x4.mul(c, v128.load(y + k))));
    v128.store(out + k, f32x4.add(v128.load(out + k, 16), f32x4.mul(c, v128.load(y + k, 16))), 16);
  }
}

/** p = r = −ap. @returns r · r */
export function negate(ap: usize, r: usize, p: usize, stride: usize): f32 {
  let square = f32x4.splat(0);
  for (let k: usize = 0; k < stride; k += 16) {
    const value = f32x4.neg(v128.load(ap + k));
    v128.store(r + k, value);
    v128.store(p + k, value);
    square = f32x4.add(square, f32x4.mul(value, value));
  }
  return sum(square);
}

/** x += length · p, r −= length · ap. @returns r · r */
export function advance(length: f32, x: usize, p: usize, ap: usize, r: usize, stride: usize): f32 {
  const c = f32x4.splat(length);
  let square = f32x4.splat(0);
  for (let k: usize = 0; k < stride; k += 16) {
    v128.store(x + k, f32x4.add(v128.load(x + k), f32x4.mul(c, v128.load(p + k))));
    const value = f32x4.sub(v128.load(r + k), f32x4.mul(c, v128.load(ap + k)));
    v128.store(r + k, value);
    square = f32x4.add(square, f32x4.mul(value, value));
  }
  return sum(square);
}

/** p = r + share · p. */
export function turn(share: f32, p: usize, r: usize, stride: usize): void {
  const c = f32x4.splat(share);
  for (let k: usize = 0; k < stride; k += 16) {
    v128.store(p + k, f32x4.add(v128.load(r + k), f32x4.mul(c, v128.load(p + k))));
  }
}
