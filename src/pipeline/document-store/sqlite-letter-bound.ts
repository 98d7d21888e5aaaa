import { prepareValue } from '../sqlite/database.ts';
import { type Connection } from '../sqlite/driver.ts';
import { type LetterBound } from './document-store.ts';

const DAY_MS = 86_400_000;
const SWEEP_MS = 3_600_000;
/** Letters that are looked at together. */
const PART = 1000;

const size = (row: string): string => `length(${row}.bytes) + length(CAST(${row}.detail AS BLOB))`;

/** They keep the sum, whoever writes: no append has to look through the table. */
const TRIGGERS = `
  CREATE TRIGGER dead_letter_put AFTER INSERT ON dead_letters BEGIN
    UPDATE dead_letters_kept SET bytes = bytes + ${size('NEW')};
  END;
  CREATE TRIGGER dead_letter_dropped AFTER DELETE ON dead_letters BEGIN
    UPDATE dead_letters_kept SET bytes = bytes - (${size('OLD')});
  END;`;

export const LETTER_BOUND_MIGRATION = `
  ALTER TABLE dead_letters ADD COLUMN cleared INTEGER;
  CREATE INDEX dead_letters_whole ON dead_letters (time) WHERE cleared IS NULL;
  CREATE TABLE dead_letters_kept (bytes INTEGER NOT NULL);
  INSERT INTO dead_letters_kept SELECT coalesce(sum(${size('dead_letters')}), 0) FROM dead_letters;
  ${TRIGGERS}`;

/** A record of a log on servers may hold several events: each has an index, 0 the first or only one. */
export const LETTER_INDEX_MIGRATION = `
  ALTER TABLE dead_letters RENAME TO dead_letters_by_offset;
  DROP TRIGGER dead_letter_put;
  DROP TRIGGER dead_letter_dropped;
  CREATE TABLE dead_letters (
    part INTEGER NOT NULL, pos INTEGER NOT NULL, idx INTEGER NOT NULL, time INTEGER NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL, source TEXT NOT NULL, bytes BLOB NOT NULL, resent INTEGER, cleared INTEGER, PRIMARY KEY (part, pos, idx)
  );
  INSERT INTO dead_letters
    SELECT part, pos, 0, time, reason, detail, source, bytes, resent, cleared FROM dead_letters_by_offset;
  DROP TABLE dead_letters_by_offset;
  CREATE INDEX dead_letters_by_reason ON dead_letters (reason, time);
  CREATE INDEX dead_letters_by_time ON dead_letters (time);
  CREATE INDEX dead_letters_whole ON dead_letters (time) WHERE cleared IS NULL;
  ${TRIGGERS}`;

interface Row {
  readonly part: number;
  readonly pos: number;
  readonly idx: number;
  readonly time: number;
  readonly reason: string;
  readonly source: string;
  readonly resent: number | null;
  readonly size: number;
}

/** @returns what clears the letters beyond the bound: to be called after an append, in its transaction */
export function boundLetters(connection: Connection, { bytes, days }: LetterBound): () => void {
  const kept = prepareValue<number>(connection, 'SELECT bytes AS value FROM dead_letters_kept');
  const oldest = connection.prepare(
    `SELECT part, pos, idx, time, reason, source, resent, ${size('dead_letters')} AS size FROM dead_letters
     WHERE cleared IS NULL AND time < ? ORDER BY time LIMIT ${PART}`,
  );
  const drop = connection.prepare('DELETE FROM dead_letters WHERE part = ? AND pos = ? AND idx = ?');
  const putBack = connection.prepare(
    `INSERT INTO dead_letters (part, pos, idx, time, reason, detail, source, bytes, resent, cleared)
     VALUES (?, ?, ?, ?, ?, '', ?, x'', ?, 1)`,
  );
  let sweptAt = Number.NEGATIVE_INFINITY;

  /** Clears the oldest from before a time until so many bytes are free. */
  function clear(before: number, wanted: number): void {
    for (let freed = 0; freed < wanted; ) {
      const rows = oldest.all(before) as Row[];
      for (const { part, pos, idx, time, reason, source, resent, size: length } of rows) {
        if (freed >= wanted) return;
        // Written anew, as a row that shrinks leaves a hole that no other row fills.
        drop.run(part, pos, idx);
        putBack.run(part, pos, idx, time, reason, source, resent);
        freed += length;
      }
      if (rows.length < PART) return;
    }
  }
  return () => {
    const now = Date.now();
    if (days > 0 && now - sweptAt >= SWEEP_MS) {
      clear(now - days * DAY_MS, Number.POSITIVE_INFINITY);
      sweptAt = now;
    }
    const held = kept() ?? 0;
    if (held > bytes + bytes / 8) clear(Number.MAX_SAFE_INTEGER, held - bytes);
  };
}
