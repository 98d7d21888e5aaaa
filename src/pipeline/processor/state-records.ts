import { type ByteReader } from '../events/bytes.ts';

/**
 * The newest states of the shoppers who acted lately, as they are stored, in two generations: what was not written while the
 * younger one filled up goes, at no cost for what was. It holds whatever a processor has computed, so what goes before it is
 * stored has to be found elsewhere.
 */
export interface StateRecords {
  /** Lets a reader read the state of a shopper. @returns whether it is here */
  open(key: string, reader: ByteReader): boolean;
  put(key: string, state: Uint8Array): void;
}

/** @param size shoppers in a generation */
export function createStateRecords(size: number): StateRecords {
  let young = new Generation(size);
  let old = new Generation(size);
  return {
    open: (key, reader) => young.open(key, reader) || old.open(key, reader),
    put(key, state) {
      if (young.put(key, state)) return;
      [young, old] = [old, young];
      young.clear();
      young.put(key, state);
    },
  };
}

/**
 * States in one piece of memory, with a few bytes to spare: a state that has grown beyond them moves to the end. Each time it
 * has to spare a part of its length, so what it leaves behind stays a multiple of what there is.
 */
class Generation {
  private readonly numbers = new Map<string, number>();
  /** By number. */
  private readonly starts: Uint32Array;
  private readonly lengths: Uint32Array;
  private readonly rooms: Uint32Array;
  private bytes = Buffer.allocUnsafeSlow(1024);
  private end = 0;

  constructor(size: number) {
    this.starts = new Uint32Array(size);
    this.lengths = new Uint32Array(size);
    this.rooms = new Uint32Array(size);
  }

  clear(): void {
    this.numbers.clear();
    this.end = 0;
  }

  open(key: string, reader: ByteReader): boolean {
    const number = this.numbers.get(key);
    if (number === undefined) return false;
    const start = this.starts[number]!;
    reader.open(this.bytes, start, start + this.lengths[number]!);
    return true;
  }

  /** @returns false where there is no room for one more shopper */
  put(key: string, state: Uint8Array): boolean {
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.numbers.size;
      if (number === this.starts.length) return false;
      this.numbers.set(key, number);
      this.place(number, state.length);
    } else if (state.length > this.rooms[number]!) this.place(number, state.length);
    this.lengths[number] = state.length;
    this.bytes.set(state, this.starts[number]!);
    return true;
  }

  private place(number: number, length: number): void {
    const room = length + (length >> 2) + 16;
    const end = this.end + room;
    if (end > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.end));
      this.bytes = larger;
    }
    this.starts[number] = this.end;
    this.rooms[number] = room;
    this.end = end;
  }
}
