import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseFormat } from '../../../src/pipeline/events/formats/choose.ts';
import { parseCsvMap } from '../../../src/pipeline/events/formats/csv-map.ts';
import { parseCsvRecord } from '../../../src/pipeline/events/formats/csv-record.ts';
import { type Block, createRowReader, MAX_ROW_BYTES } from '../../../src/pipeline/ingest/rows.ts';

const NATIVE = chooseFormat({ format: 'native' }, [], 'file');
const MAP = { columns: ['a', 'b'], type: { value: 'page_view' }, time: 'a' };
const CSV = chooseFormat({ format: 'csv', map: parseCsvMap(JSON.stringify(MAP), 'map') }, [], 'file');

function readBlocks(format: typeof CSV, chunks: readonly Buffer[], linesBefore = 0): Block[] {
  const reader = createRowReader(format, linesBefore);
  return [...chunks.flatMap((chunk) => [...reader.push(chunk)]), ...reader.end()];
}

/** Rows with the place where they end in the whole source. */
function readRows(format: typeof CSV, chunks: readonly Buffer[]) {
  let start = 0;
  return readBlocks(format, chunks).flatMap(({ bytes, rows }) => {
    const placed = [...rows].map(({ end, raw, bad, ...row }) => ({
      ...row,
      raw: typeof raw === 'string' ? raw : Buffer.from(raw).toString('hex'),
      bad: bad?.reason,
      end: start + end,
    }));
    start += bytes.length;
    return placed;
  });
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index]!, cut));
}

describe('rows', () => {
  const piece = fc.constantFrom(
    'a',
    'ü',
    '😀',
    ',',
    '"',
    '""',
    ',"',
    '",',
    '\n',
    '\n',
    '\r\n',
    ' ',
    '\ufeff',
  );
  const source = fc
    .array(
      fc.oneof(
        piece.map((text) => Buffer.from(text)),
        fc.constant(Buffer.from([0xff])),
      ),
      { maxLength: 60 },
    )
    .map((pieces) => Buffer.concat(pieces));

  test.each([
    ['JSON', NATIVE],
    ['CSV', CSV],
  ])('%s: are the same however the bytes are chunked, and every byte is in a block', (_, format) => {
    fc.assert(
      fc.property(source, fc.array(fc.nat()), (bytes, places) => {
        const chunks = cutAt(bytes, places);
        expect(readRows(format, chunks)).toEqual(readRows(format, [bytes]));
        expect(Buffer.concat(readBlocks(format, chunks).map((block) => block.bytes)).equals(bytes)).toBe(
          true,
        );
      }),
      { numRuns: 500 },
    );
  });

  test('CSV: a record that goes over lines is what joining line after line gives', () => {
    const line = fc.array(fc.constantFrom('a', ',', '"', '""', '","', '\n'), { maxLength: 40 });
    fc.assert(
      fc.property(line, (pieces) => {
        const lines = pieces.join('').split('\n');
        const expected: [number, readonly string[] | undefined][] = [];
        for (let first = 0; first < lines.length; ) {
          let span = 1;
          let fields = parseCsvRecord(lines[first]!, ',');
          while (fields === 'open quote' && first + span < lines.length) {
            span += 1;
            fields = parseCsvRecord(lines.slice(first, first + span).join('\n'), ',');
          }
          const good = typeof fields !== 'string' && fields.length === 2 ? fields : undefined;
          const blank = lines[first]!.trim() === '' && good === undefined;
          if (!blank) expected.push([first + 1, good]);
          first += good === undefined ? 1 : span;
        }
        const rows = readRows(CSV, [Buffer.from(lines.join('\n'))]);
        expect(rows.map(({ line: number, fields }) => [number, fields])).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('a row is read alike from its own beginning on', () => {
    fc.assert(
      fc.property(source, (bytes) => {
        const rows = readRows(CSV, [bytes]);
        rows.forEach(({ end, lastLine }, index) => {
          const rest = readBlocks(CSV, [bytes.subarray(end)], lastLine).flatMap((block) => [...block.rows]);
          expect(rest.map(({ raw, line }) => [raw, line])).toEqual(
            readBlocks(CSV, [bytes])
              .flatMap((block) => [...block.rows])
              .slice(index + 1)
              .map(({ raw, line }) => [raw, line]),
          );
        });
      }),
    );
  });

  test('lines are numbered as an editor does, and blank ones are none', () => {
    const rows = readRows(NATIVE, [Buffer.from('\ufeff{"a":1}\r\n\n  \n{"b":2}\n{"c":3}')]);
    expect(rows.map(({ line, raw }) => [line, raw])).toEqual([
      [1, '{"a":1}'],
      [4, '{"b":2}'],
      [5, '{"c":3}'],
    ]);
  });

  test('a quoted field may go over lines; a quote that is never closed costs its own line only', () => {
    const rows = readRows(CSV, [Buffer.from('1,"two\nlines"\n2,"open\n3,x\n4,y\n5,"z"\n')]);
    expect(rows.map(({ line, lastLine, fields, bad }) => [line, lastLine, fields, bad])).toEqual([
      [1, 2, ['1', 'two\nlines'], undefined],
      [3, 3, undefined, 'bad quoting'],
      [4, 4, ['3', 'x'], undefined],
      [5, 5, ['4', 'y'], undefined],
      [6, 6, ['5', 'z'], undefined],
    ]);
    const many = `1,"open\n${'2,x\n'.repeat(50_000)}`;
    const kept = readRows(CSV, cutAt(Buffer.from(many), [1000, 70_000, 100_000]));
    expect(kept.filter(({ bad }) => bad !== undefined).map(({ line, bad }) => [line, bad])).toEqual([
      [1, 'bad quoting'],
    ]);
    expect(kept.length).toBe(50_001);
  });

  test.each([
    ['JSON', NATIVE],
    ['CSV', CSV],
  ])('%s: a line that is too long is not kept whole', (_, format) => {
    const long = Buffer.alloc(3 * MAX_ROW_BYTES, 'x');
    const bytes = Buffer.concat([Buffer.from('1,"a\n2,b\n'), long, Buffer.from('\n3,c\n'), long]);
    const whole = readRows(format, [bytes]);
    const pieces = Array.from({ length: 100 }, (_, i) => i * 65_536);
    expect(readRows(format, cutAt(bytes, pieces))).toEqual(whole);
    expect(whole.map(({ line, bad }) => [line, bad])).toEqual([
      [1, format === CSV ? 'bad quoting' : undefined],
      [2, undefined],
      [3, 'too large'],
      [4, undefined],
      [5, 'too large'],
    ]);
    expect(whole[2]!.raw.length).toBe(2 * 4096);
    const blocks = readBlocks(format, cutAt(bytes, pieces));
    expect(Math.max(...blocks.map((block) => block.bytes.length))).toBeLessThan(MAX_ROW_BYTES + 2 * 65_536);
  });
});
