import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCondition } from '../../src/commands/condition.ts';
import { compareDecimals, isDecimal } from '../../src/commands/decimal.ts';
import { formatLogEntry, parseLogLines } from '../../src/commands/log-entry.ts';
import { periodOf } from '../../src/commands/period.ts';
import { shownUrl } from '../../src/commands/store-check.ts';
import { EcomError } from '../../src/errors.ts';
import { parseRule, parseRules } from '../../src/pipeline/alerts/rule.ts';
import { mongoError } from '../../src/pipeline/document-store/mongodb-client.ts';
import { parseKafkaUrl } from '../../src/pipeline/event-log/kafka-address.ts';
import { decodeRecord } from '../../src/pipeline/events/decode.ts';
import { readForeign } from '../../src/pipeline/events/foreign.ts';
import { chooseFormat } from '../../src/pipeline/events/formats/choose.ts';
import { parseCsvMap } from '../../src/pipeline/events/formats/csv-map.ts';
import { continueCsvRecord, parseCsvRecord } from '../../src/pipeline/events/formats/csv-record.ts';
import { ga4 } from '../../src/pipeline/events/formats/ga4.ts';
import { holdsLongInteger, parseJson } from '../../src/pipeline/events/formats/json.ts';
import { onlineRetail } from '../../src/pipeline/events/formats/online-retail.ts';
import { otto } from '../../src/pipeline/events/formats/otto.ts';
import { rees46 } from '../../src/pipeline/events/formats/rees46.ts';
import { segment } from '../../src/pipeline/events/formats/segment.ts';
import { taobao } from '../../src/pipeline/events/formats/taobao.ts';
import { parseAmount } from '../../src/pipeline/events/money.ts';
import { isPlain, mendSurrogates, stripControls } from '../../src/pipeline/events/text.ts';
import { epochMs, parseMonthFirstTime, parseTime } from '../../src/pipeline/events/time.ts';
import { timeZone } from '../../src/pipeline/events/time-zone.ts';
import { csvLine } from '../../src/pipeline/export/csv.ts';
import { createByteBuffer } from '../../src/pipeline/ingest/byte-buffer.ts';
import { parseSpeed } from '../../src/pipeline/ingest/pace.ts';
import { createRecordMaker } from '../../src/pipeline/ingest/records.ts';
import { createRowReader, splitLines } from '../../src/pipeline/ingest/rows.ts';
import { parseRedisUrl } from '../../src/pipeline/live-store/redis-url.ts';
import { parseSettings } from '../../src/pipeline/recommender/settings-schema.ts';
import { createFilter, parseFilter } from '../../src/pipeline/stats/filter.ts';
import { displayText, truncate } from '../../src/tui/format/text.ts';
import { growth, LINEAR } from '../support/cost.ts';
import { configFor } from '../support/stores.ts';

const MAP = {
  columns: ['a', 'b'],
  decimal: ',',
  type: { column: 'b', values: { x: 'purchase' } },
  time: { column: 'a', unit: 's' },
  productId: 'b',
  price: 'a',
  quantity: 'a',
};
const CSV = chooseFormat({ format: 'csv', map: parseCsvMap(JSON.stringify(MAP), 'map') }, [], 'file');
const NATIVE = chooseFormat({ format: 'native' }, [], 'file');
const PLACE = { partition: 0, offset: 0, appendedAt: Date.now() };
const UTC = timeZone('UTC');

const partsOf = (text: string): string[] => text.match(/.{1,16}/gs) ?? [];

function readAll(format: typeof CSV, text: string, step: number): void {
  const reader = createRowReader(format, 0);
  const makeRecords = createRecordMaker({ format, name: 'file' });
  const bytes = Buffer.from(text);
  const blocks = [];
  for (let at = 0; at < bytes.length; at += step) blocks.push(...reader.push(bytes.subarray(at, at + step)));
  for (const { rows } of [...blocks, ...reader.end()]) for (const row of rows) makeRecords(row, 0);
}

/** Every field that a stranger fills, filled with the text. */
function events(text: string): object[] {
  const event = { type: 'purchase', time: Date.now(), userId: 'u', orderId: 'o' };
  const item = { productId: 'p' };
  return [
    ...['id', 'time', 'userId', 'currency', 'query', 'source', 'type'].map((name) => ({
      ...event,
      [name]: text,
    })),
    ...['productId', 'price', 'quantity', 'brand'].map((name) => ({
      ...event,
      items: [{ ...item, [name]: text }],
    })),
    { ...event, properties: { a: text, [text]: 1 } },
    { ...event, [text]: text },
  ];
}

const foreign = (format: Parameters<typeof readForeign>[1]['format'], value: unknown): void => {
  const line = typeof value === 'string' ? value : JSON.stringify(value);
  for (const one of readForeign(line, { format, source: 's', id: 'i' })) decodeRecord(one, PLACE);
};
const csvFormats = [
  rees46,
  taobao,
  onlineRetail,
  chooseFormat({ format: 'retailrocket' }, ['timestamp,visitorid,event,itemid,transactionid'], 'f'),
];

const SCANNERS: Readonly<Record<string, (text: string) => void>> = {
  parseJson: (text) => parseJson(`${text}1234567890123456`),
  holdsLongInteger: (text) => holdsLongInteger(`1234567890123456${text}`),
  parseCsvRecord: (text) => [',', ';', ' '].map((delimiter) => parseCsvRecord(text, delimiter)),
  continueCsvRecord: (text) => continueCsvRecord(text, ','),
  splitLines: (text) => splitLines(Buffer.from(text)),
  'rows of a CSV': (text) => readAll(CSV, text, Number.POSITIVE_INFINITY),
  'rows of a CSV, in pieces': (text) => readAll(CSV, text, 1000),
  'rows of JSON lines, in pieces': (text) => readAll(NATIVE, text, 100),
  'bytes one by one': (text) => {
    const buffer = createByteBuffer();
    for (const byte of Buffer.from(text)) buffer.add(Buffer.of(byte));
    buffer.take();
  },
  'fields of every CSV': (text) => {
    for (const format of csvFormats) {
      const read =
        'open' in format
          ? format.open((column) => format.columns.indexOf(column))
          : (format as { read(fields: string[]): unknown }).read;
      for (const type of ['view', 'pv', 'transaction', text]) {
        const fields = Array.from({ length: 9 }, () => text);
        for (const at of [1, 2, 3]) read(fields.with(at, type));
        read(fields);
      }
    }
  },
  'fields of a mapped CSV': (text) => (CSV as { read(fields: string[]): unknown }).read([text, 'x']),
  'choosing a format': (text) => chooseFormat({ format: 'auto' }, [text, text], 'file'),
  'a map of columns': (text) => parseCsvMap(text, 'map'),
  'a map of many columns': (text) => {
    const columns = Array.from({ length: text.length >> 4 }, (_, i) => `c${i}`);
    const map = { columns, type: 'c0', time: 'c0', properties: Object.fromEntries(columns.entries()) };
    chooseFormat(
      { format: 'csv', map: parseCsvMap(JSON.stringify(map), 'map') },
      [columns.join(',')],
      'file',
    );
  },
  'a record of the log': (text) => decodeRecord(text, PLACE),
  'fields of an event': (text) => events(text).map((event) => decodeRecord(JSON.stringify(event), PLACE)),
  'rejected lines': (text) =>
    decodeRecord(JSON.stringify({ rejected: { id: text, reason: text, detail: text, raw: text } }), PLACE),
  'lines of Segment': (text) => {
    const properties = { order_id: text, currency: text, [text]: text, product_id: text, price: text };
    foreign(segment, text);
    foreign(segment, { type: 'track', event: 'Order Completed', timestamp: text, userId: text, properties });
    foreign(segment, { type: 'track', event: text });
    foreign(segment, { batch: partsOf(text) });
  },
  'lines of GA4': (text) => {
    const event = { event_name: 'purchase', event_timestamp: text, user_id: text };
    foreign(ga4, {
      ...event,
      params: { currency: text, [text]: text },
      items: [{ item_id: text, quantity: text }],
    });
    foreign(ga4, { client_id: text, events: partsOf(text).map((name) => ({ name })) });
  },
  'lines of OTTO': (text) => {
    foreign(otto, { session: text, events: partsOf(text).map((aid) => ({ aid, ts: aid, type: 'orders' })) });
    foreign(otto, { session: 1, events: partsOf(text) });
  },
  amounts: (text) => parseAmount(text),
  decimals: (text) => isDecimal(text.slice(0, 2000)) && compareDecimals(text.slice(0, 2000), '1'),
  times: (text) => [parseTime(text), parseMonthFirstTime(text), epochMs(text)],
  'clean texts': (text) => [stripControls(text), mendSurrogates(text), isPlain(text)],
  'drawn texts': (text) => [displayText(text), truncate(text, 40)],
  'exported cells': (text) => csvLine([text]),
  'lines of logs': (text) => parseLogLines(text.split('\n'), 'x').map((entry) => formatLogEntry(entry, true)),
  '--fail-if': (text) => parseCondition(text),
  '--where': (text) => createFilter(parseFilter([`a=${text}`])),
  '--from': (text) => periodOf({ from: text }, '30m', UTC),
  '--window': (text) => periodOf({ window: text }, '30m', UTC),
  '--speed': (text) => parseSpeed(text),
  'rules of alerts': (text) =>
    [`orders>1${text}`, `orders ${text}`, text].map((rule) => parseRule('x', rule)),
  'files of alerts': (text) => parseRules(text, 'file'),
  'settings of recommendations': (text) => parseSettings(text, 'file'),
  'URLs of Kafka': (text) => [text, `user${text}@host`].map((rest) => parseKafkaUrl(`kafka://${rest}`)),
  'URLs of Redis': (text) =>
    [text, `user${text}@host`].map((url) =>
      parseRedisUrl({ url: `redis://${url}`, username: undefined, password: undefined, caFile: undefined }),
    ),
  'URLs of MongoDB': (text) => mongoError(new Error('x'), `mongodb://${text}`),
  'URLs that are shown': (text) => shownUrl({ ...configFor('/tmp'), logUrl: `x://${text}` }, 'log'),
  'the environment': (text) => {
    for (const name of ['PROPERTIES', 'CURRENCY', 'LOG_URL', 'PARTITIONS', 'STACK'])
      configFor('/tmp', { [`ECOM_${name}`]: text });
  },
};

/** What is no fault of a scanner: that it refuses. */
function attempt(scan: (text: string) => unknown): (text: string) => void {
  return (text) => {
    try {
      scan(text);
    } catch (error) {
      if (!(error instanceof EcomError || error instanceof SyntaxError || error instanceof TypeError))
        throw error;
    }
  };
}

const piece = fc.constantFrom(
  ...[
    '"',
    '\\',
    '\\"',
    '""',
    ',',
    ',"',
    '",',
    '","',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '\u0000',
    '\u202e',
    '\ud800',
    '\ufe0f',
  ],
  ...[
    '0',
    '1',
    '-',
    '+',
    '.',
    'e',
    '=',
    '!',
    '&&',
    '(',
    ')',
    '<',
    '%',
    '@',
    '/',
    '//',
    ':',
    '?',
    '#',
    '{',
    '[',
    '{"a":',
    "'",
    'a',
    'é',
    '😀',
  ],
);
const text = fc.string({ unit: piece, maxLength: 4 });

describe('the cost grows with the length of a text, and not with its square', () => {
  test.each(Object.entries(SCANNERS))('%s', (_, scan) => {
    const check = (before: string, unit: string, after: string): void => {
      const textOf = (length: number): string =>
        before + unit.repeat(Math.ceil(length / Math.max(1, unit.length))) + after;
      expect(growth(textOf, attempt(scan))).toBeLessThan(LINEAR);
    };
    for (const [unit, after] of [
      ['\\"', ''],
      [' ', 'x'],
      ['a","c\n', ''],
      ['//', ''],
      ['@/', '#'],
      ['a ', ''],
    ])
      for (const before of ['', '"']) check(before, unit!, after!);
    fc.assert(fc.property(text, fc.string({ unit: piece, minLength: 1, maxLength: 4 }), text, check), {
      numRuns: 10,
    });
  });
});
