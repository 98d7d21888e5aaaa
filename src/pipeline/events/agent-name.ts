/** The property by which robots are known. */
export const AGENT_PROPERTY = 'user_agent';

const SAME = /user[ _.-]?agent$/i;
/** That of a program that sends what shoppers do. */
const SENDER = /^(server|sdk|sender|library|backend)/i;
const LONGEST = 'user_agent'.length;
const SHORT = /^ua$/i;

/** Whether a field of another name says the user agent: `userAgent`, `http-user-agent`, `ua`. */
export function saysAgent(name: string, value: unknown): boolean {
  const last = name.charCodeAt(name.length - 1) | 0x20;
  if ((last !== 0x74 && last !== 0x61) || typeof value !== 'string' || value === '') return false;
  // The short name may mean anything; a user agent has a version behind a slash.
  return (
    (SAME.test(name) && !SENDER.test(name) && name !== AGENT_PROPERTY) ||
    (SHORT.test(name) && value.includes('/'))
  );
}

/** Whether bytes are a name that may do so. */
export function maySayAgent(bytes: Uint8Array, from: number, size: number): boolean {
  const last = bytes[from + size - 1]! | 0x20;
  if (last === 0x61) return size === 2 && (bytes[from]! | 0x20) === 0x75;
  if (last !== 0x74 || size < 9) return false;
  const end = bytes.byteOffset + from + size;
  const begin = end - Math.min(size, LONGEST);
  return SAME.test(Buffer.from(bytes.buffer, begin, end - begin).toString('latin1'));
}
