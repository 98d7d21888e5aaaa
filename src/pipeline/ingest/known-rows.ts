import { type OpenFormat } from '../events/formats/choose.ts';
import { RowIds } from '../events/row-ids.ts';
import { createPlain } from './plain-lines.ts';
import { createRecordMaker } from './records.ts';
import { type Block, createRowReader } from './rows.ts';
import { type Input } from './source.ts';

/** The rows of a source that are in the log already: how often what the others say came before depends on them. */
export interface KnownRows {
  /** What has counted them. */
  readonly ids: RowIds;
  /** Takes the next bytes of them. */
  take(bytes: Buffer): void;
  /** Takes all of them from a file, where they were not taken, up to a place in it; and the last row. */
  finish(input: Input, bytes: number, signal: AbortSignal): Promise<void>;
}

export function createKnownRows(format: OpenFormat, name: string): KnownRows {
  const ids = new RowIds();
  const makeRecords = createRecordMaker({ format, name, ids });
  const reader = createRowReader(format, 0, createPlain(format, { ids, name }, { addLine() {} }, Date.now));
  function nameAll(blocks: Iterable<Block>): void {
    for (const { rows } of blocks) for (const row of rows) makeRecords(row, Date.now());
  }
  return {
    ids,
    take: (bytes) => nameAll(reader.push(bytes)),
    async finish(input, bytes, signal) {
      if (input.rewindable) {
        const source = await input.open(signal);
        try {
          for (let left = bytes; left > 0; ) {
            const chunk = await source.next();
            if (chunk === undefined) break;
            nameAll(reader.push(chunk.subarray(0, left)));
            left -= chunk.length;
            signal.throwIfAborted();
          }
        } finally {
          source.close();
        }
      }
      nameAll(reader.end());
    },
  };
}
