import { decodeRecord, isRejected } from '../../../../src/pipeline/events/decode.ts';
import { chooseFormat, type FormatChoice } from '../../../../src/pipeline/events/formats/choose.ts';
import { createRecordMaker } from '../../../../src/pipeline/ingest/records.ts';
import { createRowReader } from '../../../../src/pipeline/ingest/rows.ts';

const NOW = Date.UTC(2030, 0, 1);

/**
 * What a source says, as the log would be read: events without `source`, and rejected lines as their reasons. Ids are
 * the producer's, or `K:line` for one that was made.
 */
export function readAll(text: string | Buffer, choice: FormatChoice = { format: 'auto' }): unknown[] {
  const bytes = Buffer.from(text);
  const format = chooseFormat(choice, bytes.toString().split('\n').slice(0, 20), 'file');
  const reader = createRowReader(format, 0);
  const makeRecords = createRecordMaker({ format, name: 'file' });
  const rows = [...reader.push(bytes), ...reader.end()].flatMap((block) => [...block.rows]);
  return rows.flatMap((row) =>
    makeRecords(row, NOW).map(({ record, reason }, index, { length }) => {
      const decoded = decodeRecord(record.value, { partition: 0, offset: 0, appendedAt: NOW });
      if (isRejected(decoded) !== (reason !== undefined))
        throw new Error('the log disagrees with the importer');
      if (isRejected(decoded)) return decoded.reason;
      const { source: _, ...event } = decoded;
      const place = length === 1 ? `K:${row.line}` : `K:${row.line}:${index + 1}`;
      return event.id.startsWith('~') ? { ...event, id: place } : event;
    }),
  );
}

/** The name of the format that is recognised. */
export function recognise(...lines: string[]): string {
  return chooseFormat({ format: 'auto' }, lines, 'file').name;
}
