import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { type EventLog, type LogBatch } from '../../../src/pipeline/event-log/event-log.ts';
import {
  type HandedPiece,
  HandedRecords,
  memoryOf,
  PieceMemory,
  piecesOf,
} from '../../../src/pipeline/event-log/handed-records.ts';
import { NewLines, type NewRecord } from '../../../src/pipeline/event-log/new-lines.ts';
import { createSqliteEventLog } from '../../../src/pipeline/event-log/sqlite.ts';
import { EventColumns } from '../../../src/pipeline/events/columns.ts';
import { LineScanner } from '../../../src/pipeline/events/scan.ts';
import { createBatchDecoder } from '../../../src/pipeline/processor/decoded-batch.ts';
import { dirtyLines } from '../../support/dirty-lines.ts';
import { SQLITE_DRIVERS } from '../../support/drivers.ts';
import { rowOf } from '../../support/row-of.ts';
import { tempDir } from '../../support/temp-dir.ts';

const PROPERTIES = ['country', 'device'];
const PARTITIONS = 2;
const RECORDS = [...dirtyLines('handed', Date.UTC(2026, 0, 5), 400)];

const columns = new EventColumns(PROPERTIES);
const scanner = new LineScanner(columns);

/** Gathers a record as an ingest does: as it was scanned, where the scanner takes it. */
function gather(lines: NewLines, record: NewRecord, clock: number): void {
  const bytes = Buffer.from(`before ${record.value}\n`);
  scanner.begin(bytes, isUtf8(bytes), clock);
  if (scanner.scan('before '.length) === -1) lines.addRecord(record);
  else lines.add(bytes, columns, 0);
}

function openLog(path: string, handed?: HandedRecords): EventLog {
  const log = createSqliteEventLog({
    path,
    synchronous: 'normal',
    driver: SQLITE_DRIVERS[0],
    partitions: PARTITIONS,
    handed,
  });
  onTestFinished(() => log.close());
  return log;
}

/** All that a processor makes of a partition's records, by offset. */
type Read = Map<number, unknown>;

function noteAll(
  read: readonly Read[],
  batch: LogBatch,
  decode: ReturnType<typeof createBatchDecoder>,
): void {
  const { columns: rows, records, rejected } = decode.decode(batch, Date.now(), { lost: 0, earlier: 0 });
  for (let i = 0; i < records.length; i += 1) {
    const { line, ...row } = rows.isEvent(i) ? rowOf(rows, i) : { line: [] };
    // Of what was mended, no line is told.
    if (line[1] !== undefined && line[1] > 0) expect(line).toEqual([records.start(i), records.end(i)]);
    read[batch.partition]!.set(records.offset(i), { ...records.at(i), row, rejected: rejected.get(i) });
  }
}

async function readAll(log: EventLog, limits: readonly number[], seeks: readonly number[] = []) {
  const read = Array.from({ length: PARTITIONS }, (): Read => new Map());
  const decode = createBatchDecoder({ properties: PROPERTIES });
  const back = [...seeks];
  const consumer = log.consume({ start: async (owned) => new Map(owned.map((partition) => [partition, 0])) });
  let scanned = 0;
  for (let turn = 0; ; turn += 1) {
    const batches = await consumer.poll(limits[turn % limits.length]!, 0);
    for (const batch of batches) {
      noteAll(read, batch, decode);
      for (const { count } of batch.scanned ?? []) scanned += count;
      // As a processor does that has lost what it computed.
      if (turn % 3 === 1 && back.length > 0)
        consumer.seek(batch.partition, Math.min(back.pop()!, batch.next));
    }
    if (batches.length === 0) return { read, scanned };
  }
}

test('whoever reads on gets what was handed over as the log has it, and from the log what was not', async () => {
  let most = 0;
  const appends = fc.array(
    fc.record({ records: fc.integer({ min: 0, max: 60 }), handed: fc.boolean(), early: fc.boolean() }),
    { minLength: 1, maxLength: 8 },
  );
  const limits = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 });
  const seeks = fc.array(fc.nat(60), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(appends, limits, seeks, fc.nat(400), async (steps, sizes, back, first) => {
      const path = join(tempDir(), 'log.db');
      let next = first;
      const memory = new PieceMemory();
      const handed = new HandedRecords(PROPERTIES, (done) => {
        // Whoever reads it later finds what is written next.
        new Uint8Array(done).fill(0x55);
        memory.takeBack(done);
      });
      const log = openLog(path, handed);
      const lines = new NewLines(PARTITIONS, PROPERTIES);
      for (const { records, handed: isHanded, early } of steps) {
        // What was scanned by a clock that was ahead has not happened yet when the log takes it.
        for (let i = 0; i < records; i += 1)
          gather(lines, RECORDS[(next + i) % RECORDS.length]!, early ? 9e14 : Date.now());
        next += records;
        const placed = await log.append(lines);
        if (isHanded) {
          for (const piece of piecesOf(lines, placed!, (bytes) => memory.give(bytes))) handed.add(piece);
        }
        lines.clear();
      }
      const expected = await readAll(openLog(path), [1000]);
      const found = await readAll(log, sizes, back);
      expect(found.read).toEqual(expected.read);
      expect([expected.scanned, memory.given]).toEqual([0, 0]);
      most = Math.max(most, found.scanned);
    }),
    { numRuns: 25 },
  );
  expect(most).toBeGreaterThan(100);
});

test('what is handed over of other offsets than the next ones is left alone, or let go', () => {
  let gone = 0;
  const handed = new HandedRecords([], ({ byteLength }) => {
    gone += byteLength;
  });
  const lines = new NewLines(1, []);
  for (const value of ['a', 'b', 'c']) lines.addRecord({ key: '', value });
  const [piece] = piecesOf(lines, { bases: [10], appendedAt: 5 }) as [HandedPiece];
  handed.add(piece);
  expect([handed.take(0, 7, 100), handed.roomBefore(0, 7, 100), handed.roomBefore(0, 7, 2)]).toEqual([
    undefined,
    3,
    2,
  ]);
  expect(handed.take(0, 11, 1)).toMatchObject({
    partition: 0,
    next: 12,
    scanned: [{ record: 0, count: 1, row: 1 }],
  });
  expect([...handed.take(0, 12, 100)!.records]).toEqual([{ offset: 12, value: 'c', appendedAt: 5 }]);
  expect(gone).toBe(0);
  expect([handed.take(0, 13, 100), handed.roomBefore(0, 13, 100)]).toEqual([undefined, 100]);
  expect(gone).toBe(memoryOf(piece).byteLength);
});

test('nothing is handed over where nothing was kept of what was scanned', () => {
  expect(piecesOf(NewLines.of([{ key: '', value: 'a' }], 1), { bases: [0], appendedAt: 5 })).toEqual([]);
});

test('memory that has come back is given again, and what is too small goes', () => {
  const memory = new PieceMemory();
  const [small, large] = [memory.give(10), memory.give(1000)];
  expect(small.byteLength).toBeGreaterThanOrEqual(10);
  expect(memory.given).toBe(small.byteLength + large.byteLength);
  memory.takeBack(small);
  memory.takeBack(large);
  expect([memory.given, memory.give(500)]).toEqual([0, large]);
  expect(memory.give(600)).not.toBe(small);
  expect(memory.give(5)).not.toBe(small);
});
