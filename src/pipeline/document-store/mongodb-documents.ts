import { Binary } from 'mongodb';
import { type EventItem, type ShopEvent } from '../events/shop-event.ts';
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

/** An event as a document: what the log's line says, with `at` for its expiry. */
export interface EventDocument extends Omit<ShopEvent, 'id' | 'time' | 'items' | 'properties'> {
  readonly _id: string;
  readonly at: Date;
  readonly eventId: string;
  readonly time: Date;
  readonly items: EventItem[];
  /** As a list: a stranger's name with a dot or a dollar in it is no field name everywhere. */
  readonly properties?: readonly {
    readonly name: string;
    readonly value: string | number | boolean | null;
  }[];
}

export function toEventDocument(
  { offset, index, event }: StoredEvent,
  { partition, time: at }: Pick<DocumentBatch, 'partition' | 'time'>,
): EventDocument {
  const { id, time, items, properties, ...rest } = event;
  return {
    _id: placeId(partition, offset, index),
    at: new Date(at),
    eventId: id,
    time: new Date(time),
    ...rest,
    items: [...items],
    ...(properties === undefined
      ? {}
      : { properties: Object.entries(properties).map(([name, value]) => ({ name, value })) }),
  };
}

export function fromEventDocument(document: EventDocument): StoredEvent {
  const { _id, at: _, eventId: id, time, properties, ...rest } = document;
  const [, offset, index] = _id.split(':');
  const event: ShopEvent = {
    ...rest,
    id,
    time: time.getTime(),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(properties.map(({ name, value }) => [name, value])) }),
  };
  return { offset: Number(offset), ...(index === undefined ? {} : { index: Number(index) }), event };
}

export interface LetterDocument extends Omit<DeadLetter, 'bytes'> {
  readonly _id: string;
  readonly bytes: Binary;
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
  };
}

export function fromLetterDocument({ _id, bytes, ...letter }: LetterDocument): DeadLetter {
  return { ...letter, bytes: new Uint8Array(bytes.buffer) };
}
