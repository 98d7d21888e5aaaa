import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { readTimes, writeTimes } from './links.ts';

/** What the owner of one shopper's state has to say to that of another one's. */
export type Message =
  /** To a device: a user was named on it at these moments. */
  | { readonly type: 'links'; readonly to: string; readonly user: string; readonly times: readonly number[] }
  /** To a user: the device has several, and wants to know all moments. */
  | { readonly type: 'ask'; readonly to: string; readonly device: string }
  /** To a device: what it has given to a user is to stay the user's. */
  | { readonly type: 'settle'; readonly to: string; readonly user: string }
  /** To a user: what was done on a device and is the user's. It takes the place of what the device said before. */
  | {
      readonly type: 'part';
      readonly to: string;
      readonly device: string;
      /** Facts that stay the user's, whatever comes, and are not told again. */
      readonly settled: Uint8Array;
      readonly facts: Uint8Array;
      readonly recent: readonly string[];
      readonly bought: readonly string[];
    }
  /** To whoever an order is of: what lines of it that name nobody have added, and their products. */
  | {
      readonly type: 'lines';
      readonly to: string;
      readonly facts: Uint8Array;
      readonly bought: readonly string[];
    };

const TYPES = ['links', 'ask', 'part', 'settle', 'lines'] as const;
const VERSION = 1;

/** The stored form: the layout's version, the type, whom it is for, and the rest. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new ByteWriter(256);
  writer.uint(VERSION);
  writer.uint(TYPES.indexOf(message.type));
  writer.text(message.to);
  switch (message.type) {
    case 'links':
      writer.text(message.user);
      writeTimes(writer, message.times);
      break;
    case 'settle':
      writer.text(message.user);
      break;
    case 'ask':
      writer.text(message.device);
      break;
    case 'lines':
      writeBytes(writer, message.facts);
      writer.texts(message.bought);
      break;
    case 'part':
      writer.text(message.device);
      writeBytes(writer, message.settled);
      writeBytes(writer, message.facts);
      writer.texts(message.recent);
      writer.texts(message.bought);
  }
  return writer.slice();
}

/** @throws RangeError where the bytes are no message */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new ByteReader(bytes);
  reader.version(VERSION);
  const type = TYPES[reader.uint()];
  const to = reader.text();
  switch (type) {
    case 'links':
      return { type, to, user: reader.text(), times: readTimes(reader) };
    case 'settle':
      return { type, to, user: reader.text() };
    case 'ask':
      return { type, to, device: reader.text() };
    case 'lines':
      return { type, to, facts: readBytes(reader), bought: reader.texts() };
    case 'part':
      return {
        type,
        to,
        device: reader.text(),
        settled: readBytes(reader),
        facts: readBytes(reader),
        recent: reader.texts(),
        bought: reader.texts(),
      };
    default:
      throw new RangeError('a message of a type that is not known');
  }
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  writer.uint(bytes.length);
  writer.copy(bytes, 0, bytes.length);
}

function readBytes(reader: ByteReader): Uint8Array {
  const size = reader.uint();
  const start = reader.skip(size);
  return Uint8Array.prototype.slice.call(reader.bytes, start, start + size);
}
