import { Binary } from 'mongodb';
import { type EventType, type ShopEvent, shopperOf } from '../events/shop-event.ts';
import { type DeadLetter, type DocumentBatch, type StoredEvent } from './document-store.ts';

/** Digits that every partition and every offset has: so the order of the ids is that of the log. */
const PARTITION_DIGITS = 4;
const OFFSET_DIGITS = 15;

/** `partition:offset`, and `:index` for the second and later events of a record. */
export function placeId(partition: number, offset: number, index?: number): string {
  const place = `${pad(partition, PARTITION_DIGITS)}:${pad(offset, OFFSET_DIGITS)}`;
  return index === undefined ? place : `${place}:${pad(index, 3)}`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

/**
 * An event as a document: the event as the log's line says it, as JSON, and beside it what people look for. As one text it
 * is written and read at a third of the cost of nested documents.
 */
export interface EventDocument {
  readonly _id: string;
  /** When the log took it: what its expiry counts from. */
  readonly at: Date;
  readonly type: EventType;
  /** User id, else anonymous id. */
  readonly shopper?: string;
  readonly event: string;
}

export function toEventDocument(
  { offset, index, event }: StoredEvent,
  { partition, time: at }: Pick<DocumentBatch, 'partition' | 'time'>,
): EventDocument {
  const shopper = shopperOf(event);
  return {
    _id: placeId(partition, offset, index),
    at: new Date(at),
    type: event.type,
    ...(shopper === undefined ? {} : { shopper }),
    event: JSON.stringify(event),
  };
}

export function fromEventDocument({ _id, event }: EventDocument): StoredEvent {
  const [, offset, index] = _id.split(':');
  return {
    offset: Number(offset),
    ...(index === undefined ? {} : { index: Number(index) }),
    event: JSON.parse(event) as ShopEvent,
  };
}

export interface LetterDocument extends Omit<DeadLetter, 'bytes'> {
  readonly _id: string;
  readonly bytes: Binary;
  /** Of detail and bytes; absent where an older version wrote it. */
  readonly size?: number;
  /** When it was sent again. */
  readonly resent?: Date;
}

export function toLetterDocument(letter: DeadLetter): LetterDocument {
  const { partition, offset, index, bytes, ...rest } = letter;
  return {
    _id: placeId(partition, offset, index),
    partition,
    offset,
    ...(index === undefined ? {} : { index }),
    ...rest,
    bytes: new Binary(Buffer.from(bytes)),
    size: letterSize(letter.detail, bytes.length),
  };
}

/** What a letter takes of the bound, bytes. */
export function letterSize(detail: string, bytes: number): number {
  return Buffer.byteLength(detail) + bytes;
}

export function fromLetterDocument({
  _id,
  bytes,
  resent: _,
  size: __,
  ...letter
}: LetterDocument): DeadLetter {
  return { ...letter, bytes: new Uint8Array(bytes.buffer) };
}
