const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const POINTED = /^(?:\d+\.\d*|\.\d+)$/;

/**
 * An amount without the zeros behind its decimals that say nothing: a spreadsheet leaves them out when it saves a table, and a row is
 * known again by what its amounts are. One that begins with its point gets a zero before it. What is not digits with one point stays as
 * it is.
 */
export function plainAmount<T>(amount: T): T | string {
  if (typeof amount !== 'string' || !POINTED.test(amount)) return amount;
  let end = amount.length;
  while (amount[end - 1] === '0') end -= 1;
  const plain = amount.slice(0, amount[end - 1] === '.' ? end - 1 : end);
  return amount.startsWith('.') ? `0${plain}` : plain;
}

/** How many bytes of an amount {@link plainAmount} leaves out at its end; none of one that begins with its point. */
export function spareZeros(bytes: Uint8Array, start: number, size: number): number {
  const end = start + size;
  let point = -1;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === POINT && point === -1 && at > start) point = at;
    else if (byte < ZERO || byte > NINE) return 0;
  }
  if (point === -1) return 0;
  let last = end;
  while (bytes[last - 1] === ZERO) last -= 1;
  return end - (last === point + 1 ? point : last);
}
