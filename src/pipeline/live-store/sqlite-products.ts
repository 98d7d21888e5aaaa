import { ByteReader, ByteWriter, hashBytes } from '../events/bytes.ts';
import { hash128 } from '../events/murmur.ts';
import { type ProductInfo } from '../live-store/live-store.ts';
import { prepareValue } from '../sqlite/database.ts';
import { type Blob, blobBytes, type Connection } from '../sqlite/driver.ts';

/** Writes what is said of products. */
export interface ProductWriter {
  /** @param numberOf the store's number of a product; undefined for one that has none of its own */
  put(products: ReadonlyMap<string, ProductInfo>, numberOf: (key: string) => number | undefined): void;
  /** What is remembered of the file may not hold any more. */
  forget(): void;
}

/** Notes are put together once they have so many bytes more than those that are together, and a row counts as so many. */
const NOTES_BYTES = 256 * 1024;
const ROW_BYTES = 64;

/**
 * Most of what events say of a product is what is known of it already, and only said later. Of such an event the time alone is
 * noted, in a row for all products of a change: to write each product's own row would write most of the table, as they lie
 * all over it. So the time in a product's row is one at which it was said, and a later one may be in the notes.
 *
 * Invariant: what is remembered holds as long as the last row of notes has the number that is remembered, because whoever
 * writes a product adds one.
 */
export function createProductWriter(connection: Connection): ProductWriter {
  // The newest event wins; of two at the same time the greater text, so that the order of arrival does not matter.
  const putProduct = connection.prepare(
    `INSERT INTO products (key, time, name, category, brand, price) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET time = excluded.time, name = coalesce(excluded.name, name),
       category = coalesce(excluded.category, category), brand = coalesce(excluded.brand, brand),
       price = coalesce(excluded.price, price)
     WHERE (excluded.time, coalesce(excluded.name, ''), coalesce(excluded.price, 0))
       > (max(time, ?), coalesce(name, ''), coalesce(price, 0))`,
  );
  const lastRow = prepareValue<number>(connection, 'SELECT max(number) AS value FROM product_times');
  const allRows = connection.prepare('SELECT times FROM product_times ORDER BY number');
  const addRow = connection.prepare('INSERT INTO product_times (number, times) VALUES (?, ?)');
  const dropRows = connection.prepare('DELETE FROM product_times');
  const memory = new Memory();
  const writer = new ByteWriter();

  function recall(): void {
    const last = lastRow() ?? 0;
    if (memory.last === last) return;
    memory.clear();
    for (const { times } of allRows.all() as { times: Blob }[]) memory.read(blobBytes(times));
    memory.last = last;
  }
  function addNotes(noted: readonly number[]): void {
    memory.last += 1;
    let row = memory.noteOf(noted, writer);
    memory.bytes += row.length + ROW_BYTES;
    if (memory.bytes - memory.together > Math.max(NOTES_BYTES, memory.together)) {
      dropRows.run();
      row = memory.noteOf(memory.noted(), writer);
      memory.bytes = row.length;
      memory.together = row.length;
    }
    addRow.run(memory.last, row);
  }

  return {
    put(products, numberOf) {
      if (products.size === 0) return;
      recall();
      const noted: number[] = [];
      for (const [key, info] of products) {
        const number = numberOf(key);
        const print = printOf(info, writer);
        if (number !== undefined && memory.isSame(number, print)) {
          if (info.time > memory.timeOf(number)) noted.push(number);
          memory.later(number, info.time);
          continue;
        }
        const { time, name, category, brand, price } = info;
        const before = number === undefined ? 0 : memory.timeOf(number);
        const row = [key, time, name ?? null, category ?? null, brand ?? null, price ?? null, before];
        const { changes } = putProduct.run(row);
        if (number !== undefined && changes > 0) memory.say(number, time, print);
      }
      addNotes(noted);
    },
    forget: () => memory.clear(),
  };
}

/** What is known of products, by number. */
class Memory {
  /** Number of the last row of notes. */
  last = -1;
  /** Bytes of all rows, and of those that were put together the last time. */
  bytes = 0;
  together = 0;
  /** When a product was last said to be what it is, where that is known; 0 else. */
  private times = new Float64Array(1024);
  /** What was said then; NaN where that is not known. */
  private prints = new Float64Array(1024).fill(Number.NaN);
  private readonly reader = new ByteReader();

  clear(): void {
    this.last = -1;
    this.bytes = 0;
    this.together = 0;
    this.times.fill(0);
    this.prints.fill(Number.NaN);
  }

  isSame(number: number, print: number): boolean {
    return this.prints[number] === print;
  }

  timeOf(number: number): number {
    return this.times[number] ?? 0;
  }

  later(number: number, time: number): void {
    if (time > this.timeOf(number)) this.times[number] = time;
  }

  say(number: number, time: number, print: number): void {
    this.makeRoom(number);
    this.times[number] = time;
    this.prints[number] = print;
  }

  /** Numbers of all whose time is known. */
  noted(): number[] {
    const numbers: number[] = [];
    this.times.forEach((time, number) => {
      if (time > 0) numbers.push(number);
    });
    return numbers;
  }

  /** A row of notes: numbers and times, each as its distance from the one before. */
  noteOf(numbers: readonly number[], writer: ByteWriter): Uint8Array {
    writer.clear();
    let [number, time] = [0, 0];
    for (const next of numbers) {
      writer.int(next - number);
      writer.int(this.times[next]! - time);
      [number, time] = [next, this.times[next]!];
    }
    return writer.slice();
  }

  /** Takes a row of notes in. @throws RangeError where the bytes are none */
  read(row: Uint8Array): void {
    const { reader } = this;
    reader.open(row);
    let [number, time] = [0, 0];
    while (reader.at < reader.end) {
      number += reader.int();
      time += reader.int();
      if (!(number > 0 && number < 2 ** 31)) throw new RangeError('a number that no product has');
      this.makeRoom(number);
      this.later(number, time);
    }
    this.bytes += row.length + ROW_BYTES;
  }

  private makeRoom(number: number): void {
    const { times, prints } = this;
    if (number < times.length) return;
    const room = Math.max(number + 1, 2 * times.length);
    this.times = new Float64Array(room);
    this.times.set(times);
    this.prints = new Float64Array(room).fill(Number.NaN);
    this.prints.set(prints);
  }
}

const words = new Int32Array(4);

/** 53 bits that tell apart what is said of products; who sends it cannot choose them. */
function printOf({ name, category, brand, price }: ProductInfo, writer: ByteWriter): number {
  writer.clear();
  for (const text of [name, category, brand]) {
    writer.uint(text === undefined ? 0 : 1);
    writer.text(text ?? '');
  }
  writer.int(price ?? -1);
  hash128(writer.bytes, 0, writer.length, words);
  return (hashBytes(writer.bytes, 0, writer.length) >>> 0) * 2 ** 21 + (words[0]! >>> 11);
}

/** Reads a row of notes to its end. @throws RangeError where the bytes are none */
export function readNotes(row: Uint8Array): void {
  new Memory().read(row);
}
