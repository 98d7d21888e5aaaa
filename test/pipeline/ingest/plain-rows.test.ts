import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseFormat,
  type FormatChoice,
  type OpenFormat,
} from '../../../src/pipeline/events/formats/choose.ts';
import { parseCsvMap } from '../../../src/pipeline/events/formats/csv-map.ts';
import { RowIds } from '../../../src/pipeline/events/row-ids.ts';
import { createPlainRows } from '../../../src/pipeline/ingest/plain-rows.ts';
import { createRecordMaker } from '../../../src/pipeline/ingest/records.ts';
import { createRowReader } from '../../../src/pipeline/ingest/rows.ts';

const NOW = Date.UTC(2030, 0, 1);
const NAME = 'Läden 1.csv';

interface Shape {
  readonly choice: FormatChoice;
  /** Without one where the file has none. */
  readonly header?: string;
  readonly delimiter?: string;
  /** What each field usually is. */
  readonly usual: readonly (readonly string[])[];
}

function mapped(map: object, header: string | undefined, usual: Shape['usual']): Shape {
  const { delimiter = ',' } = map as { delimiter?: string };
  const choice = { format: 'csv', map: parseCsvMap(JSON.stringify(map), 'map') } as const;
  return { choice, delimiter, usual, ...(header !== undefined && { header }) };
}

const IDS = ['541312140', 'u-1', '', 'ü'];
const ISO = ['2019-10-01 00:00:00 UTC', '2019-10-01T23:59:59Z', '2024-02-29 12:00:00.250'];
const PRICES = ['35.79', '0.01', '12', '12345678.1234'];
const TEXTS = ['apple', 'electronics.smartphone', '', '茶 と 器', 'Rot, grün'];

const SHAPES: Readonly<Record<string, Shape>> = {
  rees46: {
    choice: { format: 'rees46' },
    header: 'event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session',
    usual: [
      ISO,
      ['view', 'cart', 'purchase', 'remove_from_cart'],
      ['1003461', 'p-1'],
      ['2053013555631882655', ''],
      TEXTS,
      TEXTS,
      PRICES,
      IDS,
      ['72d76fde-8bb3-4e00-8c23-a032dfed738c', ''],
    ],
  },
  retailrocket: {
    choice: { format: 'retailrocket' },
    header: 'timestamp;visitorid;event;itemid;transactionid',
    delimiter: ';',
    usual: [
      ['1433221332117', '1433221332', '1433221332117000'],
      IDS,
      ['view', 'addtocart', 'transaction'],
      ['355908'],
      ['', '7000'],
    ],
  },
  taobao: {
    choice: { format: 'taobao' },
    usual: [['1', 'x'], ['2268318'], ['2520377', ''], ['pv', 'fav', 'cart', 'buy'], ['1511544070']],
  },
  'online-retail': {
    choice: { format: 'online-retail' },
    header: 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
    usual: [
      ['536365', 'C536379'],
      ['85123A', '71053'],
      ['WHITE HANGING HEART', ' TEA, GREEN ', '', 'Thé vert'],
      ['6', '12.0', '1000000'],
      ['12/1/2010 8:26', '1/31/2011 23:59:59', '2/29/2012 0:00', '2009-12-01 07:45:00'],
      PRICES,
      ['17850', '17850.0', ''],
      ['United Kingdom', ''],
    ],
  },
  'a map with units of time, commas and constants': mapped(
    {
      delimiter: '\t',
      decimal: ',',
      columns: ['what', 'at', 'who', 'article', 'price', 'pieces', 'order', 'shop'],
      type: { column: 'what', values: { SALE: 'purchase', BACK: 'refund', 'Ansicht für alle': 'view_item' } },
      time: { column: 'at', unit: 'us' },
      userId: 'who',
      anonymousId: { value: 'till' },
      orderId: 'order',
      orderLines: false,
      productId: 'article',
      category: { value: 'Tee & mehr' },
      price: 'price',
      quantity: 'pieces',
      currency: { value: 'EUR' },
      properties: { b: 'shop', '10': 'who', '9': 'price' },
    },
    undefined,
    [
      ['SALE', 'BACK', 'Ansicht für alle', 'search'],
      ['1569888000123000', '1569888000123999', '1569888000000001'],
      IDS,
      ['T-1', 'T-2'],
      ['1234,50', '0,5', '7', ''],
      ['2', '3', ''],
      ['10001'],
      TEXTS,
    ],
  ),
  'a map with a header and ids': mapped(
    {
      delimiter: ';',
      type: 'what',
      time: { column: 'at', unit: 's' },
      id: 'id',
      sessionId: 'session',
      query: 'text',
      productId: { value: 'P' },
      name: 'text',
      quantity: { value: '2' },
    },
    'extra;what;at;id;session;text',
    [TEXTS, ['search', 'purchase', 'view_item'], ['1569888000'], ['', 'e-1', '77'], IDS, TEXTS],
  ),
  'a map of times in ms': mapped(
    {
      columns: ['at', 'who'],
      type: { value: 'page_view' },
      time: { column: 'at', unit: 'ms' },
      userId: 'who',
    },
    undefined,
    [['1569888000123', '1569888000'], IDS],
  ),
};

const ODD = [
  ...[
    '',
    ' ',
    ' x ',
    'x\t',
    '"',
    '""',
    '12" plate',
    'a\\b',
    '{"a":1}',
    '\ufeffx',
    '\u00a0x\u3000',
    'x\u0085',
  ],
  ...[
    '\u2028',
    '\u202e',
    '\u061c',
    '\u200f',
    '\u2069',
    '😀',
    'A1',
    'C',
    'x\ry',
    'null',
    '__proto__',
    'x\u007f',
  ],
  ...[
    '0',
    '-0',
    '-3',
    '+3',
    '007',
    '1.',
    '.5',
    '1.0',
    '0.00',
    '1e2',
    '4.12345',
    '123456789',
    '1000001',
    'NaN',
  ],
  ...['1,5', '1.234,5', '1,2,3', '9007199254740993', '99999999999999999', '253402300800000', '1569888000.5'],
  ...[
    '2019-02-29 00:00:00',
    '2019-10-01',
    '2040-01-01T00:00:00Z',
    '2019-10-01T00:00:60Z',
    '1989-12-31 23:59:59',
  ],
  ...[
    '2/30/2011 1:00',
    '13/1/2010 8:26',
    '12/1/2010 24:00',
    '12/1/2010 8:26:60',
    '1/1/2010',
    '01/02/2010 03:04',
  ],
  ...['x'.repeat(1025), 'ü'.repeat(600), 'x'.repeat(70_000)],
];

/** Each event's line, key and time, and each rejected line, in order. */
function read(format: OpenFormat, chunks: readonly Buffer[], isQuick: boolean) {
  const found: unknown[] = [];
  let taken = 0;
  const source = { name: NAME, ids: new RowIds() };
  const plain = createPlainRows(
    format as OpenFormat & { layout: 'csv' },
    source,
    {
      addLine(bytes, columns, row) {
        taken += 1;
        const value = bytes.toString('utf8', columns.lineStart(row), columns.lineEnd(row));
        found.push({ key: columns.text(row, columns.keyField(row)), value, time: columns.time(row) });
      },
    },
    () => NOW,
  );
  const makeRecords = createRecordMaker({ format, ...source });
  const reader = createRowReader(format, 0, isQuick ? plain : undefined);
  let [bytes, lines] = [0, 0];
  function* blocks() {
    for (const chunk of chunks) yield* reader.push(chunk);
    yield* reader.end();
  }
  for (const block of blocks()) {
    for (const row of block.rows)
      for (const { record, time, reason } of makeRecords(row, NOW)) {
        found.push(reason === undefined ? { ...record, time } : { ...record, reason });
      }
    bytes += block.end;
    lines = block.lines;
  }
  return { found, taken, bytes, lines };
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function open({ choice, header }: Shape): OpenFormat {
  return chooseFormat(choice, [header ?? ''], 'file');
}

describe.each(Object.entries(SHAPES))('rows of %s that are written from bytes to bytes', (_, shape) => {
  const format = open(shape);
  const { header, delimiter = ',', usual } = shape;
  const begin = header === undefined ? '' : `${header}\n`;
  const mustQuote = (text: string): boolean => text.includes(delimiter) || /["\r\n]/.test(text);

  const usualField = (texts: readonly string[]) =>
    fc
      .tuple(fc.constantFrom(...texts), fc.boolean())
      .map(([text, isQuoted]) => (isQuoted || mustQuote(text) ? quoted(text) : text));
  const usualRow = fc.tuple(...usual.map(usualField)).map((fields) => fields.join(delimiter));
  const oddField = (texts: readonly string[]) =>
    fc.oneof(
      { weight: 6, arbitrary: usualField(texts) },
      { weight: 1, arbitrary: fc.constantFrom(...ODD, ...ODD.map(quoted)) },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) },
    );
  const oddRow = fc
    .tuple(fc.tuple(...usual.map(oddField)), fc.constantFrom(0, 0, 0, 0, 1, -1))
    .map(([fields, more]) =>
      (more < 0 ? fields.slice(1) : more > 0 ? [...fields, 'x'] : fields).join(delimiter),
    );
  const rows = fc
    .array(fc.tuple(fc.oneof(usualRow, oddRow), fc.constantFrom('\n', '\n', '\r\n', '\n\n', '\r\r\n')), {
      maxLength: 8,
    })
    .map((pairs) => Buffer.from(begin + pairs.flat().join('')));
  const change = fc.record({
    at: fc.nat(),
    byte: fc.nat(255),
    kind: fc.constantFrom('set', 'insert', 'cut'),
  });

  function changed(bytes: Buffer, changes: readonly { at: number; byte: number; kind: string }[]): Buffer {
    let result = bytes;
    for (const { at, byte, kind } of changes) {
      // The header stays: what is no table of the format has no rows.
      const from = begin.length + (at % Math.max(1, result.length - begin.length));
      const rest = result.subarray(kind === 'insert' ? from : from + 1);
      const added = kind === 'cut' ? [] : [byte];
      result = Buffer.concat([result.subarray(0, from), Buffer.from(added), rest]);
    }
    return result;
  }

  test('come to the log as all others do, whatever is in them and however the bytes are chunked', () => {
    fc.assert(
      fc.property(
        rows,
        fc.array(change, { maxLength: 3 }),
        fc.array(fc.nat(), { maxLength: 3 }),
        (bytes, changes, cuts) => {
          const source = changed(bytes, changes);
          const places = cuts.map((place) => place % (source.length + 1)).sort((a, b) => a - b);
          const chunks = [0, ...places].map((place, i) => source.subarray(place, places[i] ?? source.length));
          const { taken: _, ...quick } = read(format, chunks, true);
          const { taken: none, ...slow } = read(format, [source], false);
          expect(quick).toEqual(slow);
          expect(none).toBe(0);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('are all rows of the usual kind', () => {
    const plain = usualRow.filter(
      (row) => read(format, [Buffer.from(`${begin}${row}\n`)], false).found.length === 1,
    );
    fc.assert(
      fc.property(fc.array(plain, { minLength: 2, maxLength: 6 }), (texts) => {
        const bytes = Buffer.from(`${begin}${texts.join('\r\n')}\n`);
        const { found, taken } = read(format, [bytes], true);
        const events = found.filter((record) => !Object.hasOwn(record as object, 'reason')).length;
        // The first line of a file may begin with a mark.
        expect(taken).toBeGreaterThanOrEqual(events - (header === undefined ? 1 : 0));
      }),
      { numRuns: 200 },
    );
  });
});
