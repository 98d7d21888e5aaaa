import { ByteDictionary } from '../events/byte-dictionary.ts';

const DAY_MS = 86_400_000;

/** Counts what each does on the newest day, UTC. What comes late is not counted. */
export class DailyCounts {
  private readonly most: number;
  private today = 0;
  private readonly known = new ByteDictionary();
  private counts = new Float64Array(64);

  /** @param most what somebody can do in a day */
  constructor(most: number) {
    this.most = most;
  }

  /** Whether somebody has done more than is believable, with these. @param time ms since the epoch */
  isTooBusy(time: number, actions: number, bytes: Uint8Array, from: number, size: number): boolean {
    const day = Math.floor(time / DAY_MS);
    if (day > this.today) {
      this.today = day;
      this.known.clear();
      this.counts.fill(0);
    }
    if (day < this.today) return false;
    const number = this.known.number(bytes, from, size);
    if (number === this.counts.length) {
      const counts = new Float64Array(2 * number);
      counts.set(this.counts);
      this.counts = counts;
    }
    this.counts[number]! += actions;
    return this.counts[number]! > this.most;
  }
}
