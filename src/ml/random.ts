/**
 * Seeded random numbers, uniform in [0, 1), 32 bits of each: mulberry32 by Tommy Ettinger. Good enough for where a search
 * starts; the same on every machine.
 * @param seed a 32-bit integer
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}
