import { ByteDictionary } from '../events/byte-dictionary.ts';

/** Stands for no number and no place. */
const NONE = -1;
/** Names that are in use no more are forgotten once they are more than those in use, and more than so many. */
const FORGOTTEN = 1024;

/** What a name takes at most, bytes: its characters, and its places in the tables. */
export function bytesOf(characters: number): number {
  return 64 + 2 * characters;
}

/**
 * Numbers for names, each for as long as it is in use: one that is free again goes to the next new name.
 *
 * Invariant: the name of number `n` is at `places[n]` of the dictionary, and `numbers` has `n` there; a name that is not in use
 * has no number, and a free number no place.
 */
export class Names {
  private known = new ByteDictionary();
  private numbers = new Int32Array(64).fill(NONE);
  private places = new Int32Array(64).fill(NONE);
  private uses = new Uint32Array(64);
  private readonly free: number[] = [];
  private count = 0;
  private held = 0;
  private weight = 0;

  /** Above all numbers that were ever given. */
  get end(): number {
    return this.count;
  }

  /** How many names are in use. */
  get size(): number {
    return this.held;
  }

  /** What the names in use take at most. */
  get bytes(): number {
    return this.weight;
  }

  /** @returns the number of a name, -1 where it is not in use */
  find(bytes: Uint8Array, from: number, size: number): number {
    const place = this.known.find(bytes, from, size);
    return place === NONE ? NONE : this.numbers[place]!;
  }

  /** Uses a name once more. @returns its number */
  take(bytes: Uint8Array, from: number, size: number): number {
    const place = this.known.number(bytes, from, size);
    if (place === this.numbers.length) this.numbers = grown(this.numbers);
    let number = this.numbers[place]!;
    if (number === NONE) number = this.begin(place);
    this.uses[number]! += 1;
    return number;
  }

  /** Uses a name once less. @returns whether it is in use no more */
  drop(number: number): boolean {
    this.uses[number]! -= 1;
    if (this.uses[number] !== 0) return false;
    const place = this.places[number]!;
    this.weight -= bytesOf(this.known.lengthOf(place));
    this.numbers[place] = NONE;
    this.places[number] = NONE;
    this.free.push(number);
    this.held -= 1;
    if (this.known.size - this.held > Math.max(this.held, FORGOTTEN)) this.forget();
    return true;
  }

  /** Whether a number in use is that of these bytes. */
  is(number: number, bytes: Uint8Array, from: number, size: number): boolean {
    return this.known.isName(this.places[number]!, bytes, from, size);
  }

  /** Characters of a name in use. */
  lengthOf(number: number): number {
    return this.known.lengthOf(this.places[number]!);
  }

  /** @returns `undefined` for a number that is not in use */
  textOf(number: number): string | undefined {
    const place = this.places[number]!;
    return place === NONE ? undefined : this.known.textOf(place);
  }

  private begin(place: number): number {
    const number = this.free.pop() ?? this.count++;
    if (number === this.places.length) {
      this.places = grown(this.places);
      const uses = new Uint32Array(this.places.length);
      uses.set(this.uses);
      this.uses = uses;
    }
    this.numbers[place] = number;
    this.places[number] = place;
    this.held += 1;
    this.weight += bytesOf(this.known.lengthOf(place));
    return number;
  }

  private forget(): void {
    const { known } = this;
    this.known = new ByteDictionary(this.held);
    this.numbers.fill(NONE);
    for (let number = 0; number < this.count; number += 1) {
      const place = this.places[number]!;
      if (place === NONE) continue;
      const kept = this.known.numberFrom(known, place);
      this.places[number] = kept;
      this.numbers[kept] = number;
    }
  }
}

function grown(before: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * before.length).fill(NONE, before.length);
  larger.set(before);
  return larger;
}
