import { ByteDictionary } from '../events/byte-dictionary.ts';

/** Stands for no place. */
const NONE = -1;

/**
 * The sessions that can go on: those that had an event last, a bounded number of them.
 *
 * Invariant: from `first` on, `after` leads through the places of all open sessions to `last`, in the order of their latest
 * events, and `before` leads back. What is not open has no number.
 */
export class OpenSessions {
  private readonly most: number;
  private known = new ByteDictionary();
  private readonly numbers: Float64Array;
  private readonly times: Float64Array;
  private readonly before: Int32Array;
  private readonly after: Int32Array;
  private first = NONE;
  private last = NONE;
  private count = 0;

  /** @param most how many are open at most */
  constructor(most: number) {
    this.most = most;
    // As many that are closed wait until they are forgotten together.
    this.numbers = new Float64Array(2 * most);
    this.times = new Float64Array(2 * most);
    this.before = new Int32Array(2 * most);
    this.after = new Int32Array(2 * most);
  }

  /** The place of a session; it stands until the next one is asked for. */
  place(bytes: Uint8Array, from: number, size: number): number {
    if (this.known.size === 2 * this.most) this.forget();
    const { size: all } = this.known;
    const place = this.known.number(bytes, from, size);
    if (place === all) this.numbers[place] = NONE;
    return place;
  }

  /** @returns -1 where it is not open */
  number(place: number): number {
    return this.numbers[place]!;
  }

  /** Time of its latest event, ms since the epoch. */
  time(place: number): number {
    return this.times[place]!;
  }

  /** Opens a session, or notes what is new of it; the one whose latest event was first is closed where there are too many. */
  put(place: number, number: number, time: number): void {
    if (this.numbers[place] !== NONE) this.unlink(place);
    this.numbers[place] = number;
    this.times[place] = time;
    this.append(place);
    if (this.count <= this.most) return;
    const { first } = this;
    this.unlink(first);
    this.numbers[first] = NONE;
  }

  private append(place: number): void {
    const { last } = this;
    this.before[place] = last;
    this.after[place] = NONE;
    if (last === NONE) this.first = place;
    else this.after[last] = place;
    this.last = place;
    this.count += 1;
  }

  private unlink(place: number): void {
    const [before, after] = [this.before[place]!, this.after[place]!];
    if (before === NONE) this.first = after;
    else this.after[before] = after;
    if (after === NONE) this.last = before;
    else this.before[after] = before;
    this.count -= 1;
  }

  /** Forgets what is closed: the open ones are numbered anew, in their order. */
  private forget(): void {
    const { known, first, after } = this;
    const [numbers, times, next] = [this.numbers.slice(), this.times.slice(), after.slice()];
    this.known = new ByteDictionary(this.count);
    this.first = NONE;
    this.last = NONE;
    this.count = 0;
    for (let old = first; old !== NONE; old = next[old]!) {
      const place = this.known.numberFrom(known, old);
      this.numbers[place] = numbers[old]!;
      this.times[place] = times[old]!;
      this.append(place);
    }
  }
}
