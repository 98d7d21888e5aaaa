import { type ByteDictionary } from '../events/byte-dictionary.ts';
import { type EventColumns } from '../events/columns.ts';
import { type Count, subtract } from '../events/money.ts';
import { BucketDeltas, type DeltaNames } from '../metrics/bucket-deltas.ts';
import { BASE_CELL_MS, cellStart, OWN_DIMENSIONS, RECOMMENDER } from '../metrics/cells.ts';
import { slotsOf } from '../metrics/stored-cells.ts';
import { type SessionValue } from './shopper-state.ts';

/** Slots of what counters are broken down by always. */
export const [PRODUCT, CATEGORY, BRAND, QUERY, RECOMMENDER_SLOT] = [...OWN_DIMENSIONS, RECOMMENDER].map(
  (name) => slotsOf({ timeZone: 'UTC', properties: [] }).numberOf(name),
) as [number, number, number, number, number];

/** Longest key of a property's value or of a query; a longer one is cut. */
export const KEY_CHARACTERS = 64;

/** What a micro-batch adds to counters. */
export class Tally {
  readonly deltas = new BucketDeltas();
  private keys: readonly ByteDictionary[] = [];

  /** Begins with a micro-batch. @param names numbers for keys, to which those are added that are new */
  begin({ keys }: DeltaNames): void {
    this.deltas.clear();
    this.keys = keys;
  }

  /** The 10-second bucket of a time, ms since the epoch. */
  bucketAt(time: number): number {
    return this.deltas.bucketAt(cellStart(time, BASE_CELL_MS));
  }

  addTotal(bucket: number, column: number, amount: Count): void {
    this.deltas.addTotal(bucket, column, amount);
  }

  /** @param key what `keyOf` or `keyAt` gave for the slot */
  add(bucket: number, slot: number, key: number, column: number, amount: Count): void {
    this.deltas.add(bucket, slot, key, column, amount);
  }

  keyOf(slot: number, text: string): number {
    return this.keys[slot]!.numberOf(text);
  }

  /** The key whose text lies at a place in columns. */
  keyAt(slot: number, columns: EventColumns, place: number, size: number): number {
    return this.keys[slot]!.number(columns.bytesAt(place), columns.offsetOf(place), size);
  }

  /** The key whose text is `size` bytes from `start` on. */
  keyIn(slot: number, bytes: Uint8Array, start: number, size: number): number {
    return this.keys[slot]!.number(bytes, start, size);
  }

  /** Lets `into` take over the bytes of a key's text. */
  copyText(slot: number, key: number, into: SessionValue, time: number): void {
    const keys = this.keys[slot]!;
    into.set(keys.bytes, keys.startOf(key), keys.sizeOf(key), time);
  }

  textOf(slot: number, key: number): string {
    return this.keys[slot]!.textOf(key);
  }
}

/** Takes away what is added to it. */
export class Counterpart extends Tally {
  private readonly of: Tally;

  /** @param of what it is taken from, which has the keys */
  constructor(of: Tally) {
    super();
    this.of = of;
  }

  override bucketAt(time: number): number {
    return this.of.bucketAt(time);
  }
  override addTotal(bucket: number, column: number, amount: Count): void {
    this.of.addTotal(bucket, column, subtract(0, amount));
  }
  override add(bucket: number, slot: number, key: number, column: number, amount: Count): void {
    this.of.add(bucket, slot, key, column, subtract(0, amount));
  }
  override keyOf(slot: number, text: string): number {
    return this.of.keyOf(slot, text);
  }
  override keyAt(slot: number, columns: EventColumns, place: number, size: number): number {
    return this.of.keyAt(slot, columns, place, size);
  }
  override keyIn(slot: number, bytes: Uint8Array, start: number, size: number): number {
    return this.of.keyIn(slot, bytes, start, size);
  }
  override copyText(slot: number, key: number, into: SessionValue, time: number): void {
    this.of.copyText(slot, key, into, time);
  }
  override textOf(slot: number, key: number): string {
    return this.of.textOf(slot, key);
  }
}
