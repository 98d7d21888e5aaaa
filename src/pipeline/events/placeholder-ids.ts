/**
 * What programs write where they have no id: a variable that was not set, an object written as a text, an analytics tool's word for
 * nothing, a name that all guests share. Beside these, an id of zeros and dashes is none, nor is a variable such as `{{user_id}}`.
 */
export const DEFAULT_PLACEHOLDERS: readonly string[] = [
  'undefined',
  'null',
  '(null)',
  '<null>',
  'none',
  '(none)',
  'nil',
  'nan',
  'false',
  '-1',
  '[object object]',
  '(not set)',
  '(not provided)',
  '(data not available)',
  'not set',
  'not_set',
  'n/a',
  '#n/a',
  'unknown',
  'anonymous',
  'anonymous user',
  'anon',
  'guest',
  'guest user',
  'not-set',
  // Guests in other languages.
  'gast',
  'invité',
  'invitado',
  'ospite',
  'convidado',
  'gäst',
  'gość',
  'гость',
  'ゲスト',
  '游客',
];

/** A variable that its template has not filled in. */
const UNFILLED = /^(?:\{\{.*\}\}|\$\{.*\}|%%.*%%)$/s;

const ZERO = 0x30;
const DASH = 0x2d;
const SPACE = 0x20;
const UNFILLED_STARTS: ReadonlySet<number> = new Set([0x7b, 0x24, 0x25]);
/** No placeholder is longer, bytes. */
const LONGEST = 64;
const BYTES = 256;

/** Ids that are none. Upper and lower case of ASCII are alike, and blanks around an id say nothing. */
class PlaceholderIds {
  private readonly words: ReadonlySet<string>;
  /** By bytes and first byte: 1 where a word may be there. Nearly all ids are told apart by that alone. */
  private readonly starts = new Uint8Array((LONGEST + 1) * BYTES);
  /** The words as bytes, by their number. */
  private readonly bytes: readonly Buffer[];

  constructor(words: readonly string[]) {
    this.words = new Set(words.map(plain).filter(isShort));
    this.bytes = [...this.words].map((word) => Buffer.from(word));
    for (const word of this.bytes) this.expect(word);
  }

  private expect(word: Buffer): void {
    const first = word[0];
    if (first === undefined) return;
    this.starts[word.length * BYTES + first] = 1;
    if (first >= 0x61 && first <= 0x7a) this.starts[word.length * BYTES + first - 0x20] = 1;
  }

  /** Whether an id of `size` bytes from `start` on may be none: false for nearly all that are ids. */
  mayBe(bytes: Uint8Array, start: number, size: number): boolean {
    if (size > LONGEST || this.words.size === 0) return false;
    const first = bytes[start]!;
    if (this.starts[size * BYTES + first] === 1 && this.isWord(bytes, start, size)) return true;
    if (first === SPACE || bytes[start + size - 1] === SPACE) return true;
    if (UNFILLED_STARTS.has(first)) return true;
    if (first !== ZERO && first !== DASH) return false;
    for (let i = start + 1; i < start + size; i += 1)
      if (bytes[i] !== ZERO && bytes[i] !== DASH) return false;
    return true;
  }

  private isWord(bytes: Uint8Array, start: number, size: number): boolean {
    return this.bytes.some((word) => {
      if (word.length !== size) return false;
      for (let i = 0; i < size; i += 1) if (lower(bytes[start + i]!) !== word[i]) return false;
      return true;
    });
  }

  /** Whether a text is no id. */
  has(id: string): boolean {
    if (id.length > LONGEST || this.words.size === 0) return false;
    const word = plain(id);
    return (this.words.has(word) || ZEROS.test(word) || UNFILLED.test(word)) && isShort(id);
  }

  /** Whether a text is a word for nothing: what counts sessions or orders may begin at 0. */
  hasWord(id: string): boolean {
    return this.has(id) && !ZEROS.test(plain(id));
  }
}

/** Empty, too, where nothing but blanks is there. */
const ZEROS = /^[0-]*$/;

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function isShort(word: string): boolean {
  return Buffer.byteLength(word) <= LONGEST;
}

function plain(word: string): string {
  if (!/[A-Z ]/.test(word)) return word;
  return word.replace(/^ +| +$/g, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

let current = new PlaceholderIds(DEFAULT_PLACEHOLDERS);
let list: readonly string[] = DEFAULT_PLACEHOLDERS;

/** What this process takes for no id. */
export function placeholderIds(): PlaceholderIds {
  return current;
}

/** Sets what this process takes for no id, from what the shop has settled; none where the list is empty. */
export function setPlaceholderIds(words: readonly string[]): void {
  if (words.join('\n') === list.join('\n')) return;
  list = words;
  current = new PlaceholderIds(words);
}
