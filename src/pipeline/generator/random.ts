/** A 32-bit hash of a text (FNV-1a with a final avalanche), the same on every machine. */
export function hashText(text: string, salt = 0): number {
  let hash = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return mix(hash);
}

/** Spreads the bits of a 32-bit integer (the finaliser of MurmurHash3); result unsigned. */
export function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Seeded random numbers: sfc32 by Chris Doty-Humphrey (PractRand), 128 bits of state. A class because it is drawn from
 * several times an event, hundreds of thousands of events a second.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** The same seed gives the same numbers. */
  constructor(seed: string) {
    this.#a = hashText(seed, 1) | 0;
    this.#b = hashText(seed, 2) | 0;
    this.#c = hashText(seed, 3) | 0;
    for (let i = 0; i < 15; i += 1) this.next();
  }

  /** Uniform in [0, 1), 32 bits of it. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** Whether something happens that has this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Exponential with mean 1. */
  exponential(): number {
    return -logarithm(1 - this.next());
  }

  /** Near enough to a normal with mean 0 and deviation 1: twelve uniforms less 6 (Irwin and Hall). */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i += 1) sum += this.next();
    return sum;
  }

  /** One of the values; the list must not be empty. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

const bits = new DataView(new ArrayBuffer(8));

/**
 * Natural logarithm of a positive normal number, to about 1e-15. `Math.log` may differ in its last bit from one engine to the
 * next; this is made of additions, multiplications and divisions, which may not.
 */
export function logarithm(value: number): number {
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0x000fffff) | 0x3ff00000);
  let mantissa = bits.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  // ln m = 2 artanh((m − 1) / (m + 1)), where the series converges fast because |m − 1| is small.
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  let series = 0;
  for (let n = 19; n >= 1; n -= 2) series = series * square + 1 / n;
  return 2 * ratio * series + exponent * Math.LN2;
}

/** Draws an index with a probability in proportion to its weight. */
export interface Sampler {
  /** @param uniform a uniform number in [0, 1) */
  draw(uniform: number): number;
}

/**
 * A sampler with constant time a draw (Walker's alias method, built as by Vose, 1991).
 * @param weights at least one, none negative, not all 0
 */
export function createSampler(weights: ArrayLike<number>): Sampler {
  const size = weights.length;
  let total = 0;
  for (let i = 0; i < size; i += 1) total += weights[i]!;
  const keep = Float64Array.from(weights, (weight) => (weight * size) / total);
  const alias = Uint32Array.from(weights, (_, i) => i);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < size; i += 1) (keep[i]! < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large.at(-1)!;
    alias[less] = more;
    keep[more] = keep[more]! - (1 - keep[less]!);
    if (keep[more]! < 1) small.push(large.pop()!);
  }
  for (const i of small) keep[i] = 1; // what rounding has left over
  for (const i of large) keep[i] = 1;
  return {
    draw(uniform) {
      const scaled = uniform * size;
      const index = Math.floor(scaled);
      return scaled - index < keep[index]! ? index : alias[index]!;
    },
  };
}
