import { isUtf8 } from 'node:buffer';
import { type KafkaMessage } from 'kafkajs';
import { type ForeignFormat, readForeign } from '../events/foreign.ts';
import { type LogRecords } from './log-records.ts';

/** Header of a message whose value is several events, a line each: how many. Without it, a value is one event, on one line or more. */
export const LINES_HEADER = 'ecom-lines';

/** Adds the records that a message holds. */
export type ReadMessage = (
  records: LogRecords,
  partition: number,
  message: Pick<KafkaMessage, 'offset' | 'value' | 'timestamp' | 'headers'>,
) => void;

/** @param format of a topic that others write: there too a message may be one of ours */
export function messageReader(topic: string, format: ForeignFormat | undefined): ReadMessage {
  return (records, partition, message) => {
    const { value, headers } = message;
    const [offset, appendedAt] = [Number(message.offset), Number(message.timestamp)];
    if (value === null) records.add(offset, 0, null, appendedAt);
    else if (headers?.[LINES_HEADER] !== undefined) records.addEvents(offset, value, appendedAt);
    else if (format === undefined) records.add(offset, 0, value, appendedAt);
    else {
      const id = `${topic}:${partition}:${offset}`;
      readForeign(textOf(value), { format, source: topic, id }).forEach((line, index) => {
        records.add(offset, index, line, appendedAt);
      });
    }
  };
}

const REPLACEMENT = '\ufffd';

/** The text; the bytes where they are no UTF-8, for the dead letters to keep. */
function textOf(value: Buffer): string | Uint8Array {
  const text = value.toString('utf8');
  if (!text.includes(REPLACEMENT)) return text;
  return isUtf8(value) ? text : new Uint8Array(value);
}
