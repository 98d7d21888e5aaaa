/** Whether a text of UTF-8, `size` bytes from `start` on, begins or ends with a blank, as `String.trim` has it, or a control character. */
export function hasBlankEnd(bytes: Uint8Array, start: number, size: number): boolean {
  if (size === 0) return false;
  const end = start + size;
  const first = bytes[start]!;
  const last = bytes[end - 1]!;
  if (first <= SPACE || last <= SPACE) return true;
  if (first >= BEYOND_ASCII && blankSize(bytes, start, end) > 0) return true;
  if (last < BEYOND_ASCII) return false;
  return (
    (size > 2 && blankSize(bytes, end - 3, end) === 3) || (size > 1 && blankSize(bytes, end - 2, end) === 2)
  );
}

const SPACE = 0x20;
const BEYOND_ASCII = 0x80;

/** How many bytes a blank beyond ASCII has that begins at a place; 0 where none does. */
function blankSize(bytes: Uint8Array, at: number, end: number): number {
  const second = bytes[at + 1]!;
  if (bytes[at] === 0xc2) return at + 2 <= end && second === 0xa0 ? 2 : 0;
  if (at + 3 > end) return 0;
  const rest = (second << 8) | bytes[at + 2]!;
  switch (bytes[at]) {
    case 0xe1:
      return rest === 0x9a80 ? 3 : 0;
    case 0xe2:
      return (rest >= 0x8080 && rest <= 0x808a) ||
        rest === 0x80a8 ||
        rest === 0x80a9 ||
        rest === 0x80af ||
        rest === 0x819f
        ? 3
        : 0;
    case 0xe3:
      return rest === 0x8080 ? 3 : 0;
    case 0xef:
      return rest === 0xbbbf ? 3 : 0;
    default:
      return 0;
  }
}
