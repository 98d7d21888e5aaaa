/**
 * The partition of a key: murmur2 over its UTF-8 bytes, as Kafka's default partitioner computes it, so that a shop that
 * moves to Kafka keeps its order. Source: org.apache.kafka.common.utils.Utils.murmur2.
 */
export function partitionFor(key: string, partitions: number): number {
  if (partitions === 1) return 0;
  return (murmur2(key) & 0x7fffffff) % partitions;
}

const M = 0x5bd1e995;
const scratch = Buffer.allocUnsafe(4096);

/** The same, of a key that is bytes. */
export function partitionOfBytes(bytes: Uint8Array, start: number, size: number, partitions: number): number {
  if (partitions === 1) return 0;
  return (murmur2OfBytes(bytes, start, size) & 0x7fffffff) % partitions;
}

/** 32-bit murmur2 with Kafka's seed. */
export function murmur2(key: string): number {
  const bytes = key.length * 3 <= scratch.length ? scratch : Buffer.from(key, 'utf8');
  const length = bytes === scratch ? scratch.write(key, 0, 'utf8') : bytes.length;
  return murmur2OfBytes(bytes, 0, length);
}

function murmur2OfBytes(bytes: Uint8Array, start: number, length: number): number {
  let hash = 0x9747b28c ^ length;
  const end = start + length;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    k = Math.imul(k, M);
    hash = Math.imul(hash, M) ^ k;
  }
  const rest = end - i;
  if (rest > 0) {
    if (rest === 3) hash ^= bytes[i + 2]! << 16;
    if (rest >= 2) hash ^= bytes[i + 1]! << 8;
    hash ^= bytes[i]!;
    hash = Math.imul(hash, M);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  hash ^= hash >>> 15;
  return hash;
}
