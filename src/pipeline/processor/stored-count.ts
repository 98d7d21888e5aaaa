import { type ByteReader, type ByteWriter } from '../events/bytes.ts';
import { type Count } from '../events/money.ts';

/** What a double cannot hold has its digits, others no digit. */
export function writeCount(writer: ByteWriter, count: Count): void {
  writer.text(typeof count === 'bigint' ? String(count) : '');
  if (typeof count === 'number') writer.int(count);
}

export function readCount(reader: ByteReader): Count {
  const digits = reader.text();
  return digits === '' ? reader.int() : BigInt(digits);
}
