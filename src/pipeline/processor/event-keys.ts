import { type ByteText } from '../events/byte-text.ts';
import { TEXT } from '../events/columns.ts';
import { type Count } from '../events/money.ts';
import { type CellLayout, RECOMMENDER } from '../metrics/cells.ts';
import { slotsOf } from '../metrics/stored-cells.ts';
import { type DecodedBatch } from './decoded-batch.ts';
import { armOf } from './exposure.ts';
import { type SessionValue } from './shopper-state.ts';
import { KEY_CHARACTERS, type Tally } from './tally.ts';

/** The key of an event that has no value. */
export const NO_KEY = -1;

/**
 * What the events of a batch are broken down by: what made the list of recommendations that an event belongs to, then the
 * values of the shop's properties. They are found once, and counted often.
 */
export class EventKeys {
  /** How many an event has. */
  readonly width: number;
  private readonly tally: Tally;
  private readonly slots: readonly number[];
  private keys = new Int32Array(64);
  /** The key of each that was asked for last, and its text: most events have what the one before has. */
  private readonly lastKeys: number[] = [];
  private readonly lastTexts: (string | undefined)[] = [];

  constructor(tally: Tally, layout: CellLayout) {
    this.tally = tally;
    const slots = slotsOf(layout);
    this.slots = [RECOMMENDER, ...layout.properties].map((dimension) => slots.numberOf(dimension));
    this.width = this.slots.length;
  }

  /** Makes room for the events of a batch, whose keys take the place of those of the one before. */
  begin({ to }: DecodedBatch): void {
    // Numbers of keys may be others now.
    this.lastKeys.length = 0;
    if (to * this.width > this.keys.length) this.keys = new Int32Array(to * this.width);
  }

  /** Finds the keys of an event. */
  find({ columns }: DecodedBatch, row: number): void {
    const { keys, slots, tally, width } = this;
    const at = row * width;
    const arm = columns.has(row, TEXT.list) ? armOf(columns.text(row, TEXT.list)!) : undefined;
    keys[at] = arm === undefined ? NO_KEY : tally.keyOf(slots[0]!, arm);
    for (let i = 1; i < width; i += 1) {
      const size = columns.propertySize(row, i - 1);
      if (size < 0) keys[at + i] = NO_KEY;
      else if (size <= KEY_CHARACTERS)
        keys[at + i] = tally.keyAt(slots[i]!, columns, columns.propertyPlace(row, i - 1), size);
      else keys[at + i] = tally.keyOf(slots[i]!, columns.property(row, i - 1)!.slice(0, KEY_CHARACTERS));
    }
  }

  /** @param i 0 for what made the list, then by property */
  key(row: number, i: number): number {
    return this.keys[row * this.width + i]!;
  }

  /** The key that a text has or gets. */
  keyOf(i: number, { bytes, size }: ByteText): number {
    return this.tally.keyIn(this.slots[i]!, bytes, 0, size);
  }

  /** Gives a session the value of an event that has one. */
  take(row: number, i: number, value: SessionValue, time: number): void {
    const key = this.key(row, i);
    this.tally.copyText(this.slots[i]!, key, value, time);
    value.key = key;
  }

  slot(i: number): number {
    return this.slots[i]!;
  }

  /** The text of a key. */
  textOf(i: number, key: number): string {
    return this.tally.textOf(this.slots[i]!, key);
  }

  /** The texts of all keys of an event; undefined for those that it does not have. */
  textsOf(row: number): (string | undefined)[] {
    const texts: (string | undefined)[] = [];
    for (let i = 0; i < this.width; i += 1) {
      const key = this.key(row, i);
      if (key === NO_KEY) texts.push(undefined);
      else {
        if (key !== this.lastKeys[i]) this.lastTexts[i] = this.textOf(i, key);
        this.lastKeys[i] = key;
        texts.push(this.lastTexts[i]);
      }
    }
    return texts;
  }

  /** Counts for all keys of an event. */
  count(row: number, bucket: number, column: number, amount: Count): void {
    const { keys, slots, width } = this;
    for (let i = 0; i < width; i += 1) {
      const key = keys[row * width + i]!;
      if (key !== NO_KEY) this.tally.add(bucket, slots[i]!, key, column, amount);
    }
  }
}
