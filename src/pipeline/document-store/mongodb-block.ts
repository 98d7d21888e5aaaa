import { randomUUID } from 'node:crypto';
import { Binary } from 'mongodb';
import { greatest } from '../../extremes.ts';
import { placeId } from './mongodb-documents.ts';
import { type RecordBlock } from './record-block.ts';

/**
 * A block of events as a document. Its id is its first offset and its version, so two that begin at one offset lie beside each
 * other, and no write ever changes what is there.
 */
export interface BlockDocument {
  readonly _id: string;
  /** When the log took the newest of its batch: what its expiry counts from. */
  readonly at: Date;
  readonly to: number;
  readonly count: number;
  readonly records: Binary;
}

/** An event of its own, as older versions wrote it. */
interface EventDocument {
  readonly _id: string;
  readonly at: Date;
  readonly event: string;
  readonly to?: undefined;
}

export type RecordDocument = BlockDocument | EventDocument;

/** Greater than the digits and the colon of a place. */
const VERSION_MARK = '~';
const RANK_DIGITS = 9;

/** A version greater than others; of two who write at the same time each has another one. */
export function versionAfter(others: readonly string[]): string {
  const ranks = others.map((version) => Number(version.slice(0, RANK_DIGITS)) + 1);
  return `${String(greatest(ranks, 0)).padStart(RANK_DIGITS, '0')}-${randomUUID()}`;
}

/** The version is empty where an older one of this program wrote it, whose blocks had none in their ids. */
export function partsOf(id: string): { offset: number; index: number; version: string } {
  const [place = '', version = ''] = id.split(VERSION_MARK);
  const [, offset = 0, index = 0] = place.split(':').map(Number);
  return { offset, index, version };
}

export function toDocument(partition: number, at: Date, version: string, block: RecordBlock): BlockDocument {
  const { from, to, count, bytes } = block;
  const _id = `${placeId(partition, from)}${VERSION_MARK}${version}`;
  return { _id, at, to, count, records: new Binary(bytes) };
}

export function toBlock({ _id, to, count, records }: BlockDocument): RecordBlock {
  return { from: partsOf(_id).offset, to, count, bytes: Buffer.from(records.buffer) };
}
