import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventColumns, ITEM_TEXT, TEXT } from '../../../src/pipeline/events/columns.ts';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { LineScanner } from '../../../src/pipeline/events/scan.ts';
import { EVENT_TYPES, LIMITS, partitionKey } from '../../../src/pipeline/events/shop-event.ts';
import { createGenerator } from '../../../src/pipeline/generator/generator.ts';
import { rowOf } from '../../support/row-of.ts';

const ARRIVAL = Date.UTC(2026, 0, 20);
const PROPERTIES = ['country', 'device', 'results', 'recommendation_id', 'n', 'user_agent'];

const scanned = new EventColumns(PROPERTIES);
const scanner = new LineScanner(scanned);
const decoded = new EventColumns(PROPERTIES);

/**
 * Holds the scanner to `decodeRecord`.
 * @returns whether it took the line
 */
function check(line: Buffer): boolean {
  const before = Buffer.from('{"id":"x","type":"search","time":1766000000000}\n');
  // A line that is open to what follows would be read beyond its end.
  const bytes = Buffer.concat([before, line, Buffer.from('\n"}]}}\n')]);
  scanner.begin(bytes, isUtf8(bytes), ARRIVAL);
  expect(scanner.scan(0)).toBe(before.length);
  const next = scanner.scan(before.length);
  expect(scanned.length).toBe(next === -1 ? 1 : 2);
  if (next === -1) return false;
  const end = before.length + line.length;
  expect(next).toBe(end + 1);
  // What it took is what stands before the line end.
  const taken = bytes.subarray(scanned.lineStart(1), scanned.lineEnd(1));
  expect(line.toString('latin1').replace(/\r$/, '')).toBe(taken.toString('latin1'));
  const event = decodeRecord(line, { partition: 3, offset: 7, appendedAt: ARRIVAL });
  if (isRejected(event)) throw new Error(`taken, but ${event.reason}: ${event.detail}: ${line}`);
  decoded.begin(bytes);
  decoded.add(event, before.length, before.length + taken.length);
  const { texts, ...expected } = rowOf(decoded, 0);
  const { texts: found, ...actual } = rowOf(scanned, 1);
  expect(actual).toEqual(expected);
  const source = TEXT.source as number;
  expect(found.filter((_, i) => i !== source)).toEqual(texts.filter((_, i) => i !== source));
  expect(actual.key).toBe(partitionKey(event));
  return true;
}

const LINES = generatorLines();

function generatorLines(): string[] {
  const options = {
    seed: 'scan',
    rate: 50,
    start: ARRIVAL - 86_400_000,
    dirty: 0.2,
    rhythm: 'flat',
  } as const;
  const generator = createGenerator({ ...options, currency: 'EUR' });
  return Array.from({ length: 3000 }, () => generator.next().value);
}

const FIRST = '{"id":"e1","type":"view_item","time":1768000000000';
const ITEM = '"productId":"p1"';

/** What others write, and the scanner may take or refuse. */
const TAKEN = [
  `${FIRST}}`,
  `${FIRST}}\r`,
  '{"id": "e1", "type": "purchase", "time": 1768000000000, "userId": 17850, "orderId": "o", "items": [{"productId": 42, "price": 2.55}]}',
  `${FIRST},"userId":"a\u3000客","anonymousId":"Ĉ b","sessionId":"–","orderId":"÷","items":[{"productId":"〇"}]}`,
  `${FIRST},"userId":"買い物客","items":[{"productId":"靴","name":"Schöne Schuhe – “neu” €","category":"café","brand":"Ünal"}]}`,
  `${FIRST},"userId":null,"anonymousId":"","sessionId":null,"orderId":null,"currency":"","query":null,"source":"","partial":null,"items":null,"properties":null}`,
  `{"type":"view_item","time":"2019-10-01 00:00:00 UTC","userId":"541312140","sessionId":"72d76fde","items":[{${ITEM},"category":"2103807459595387724","brand":"","price":"35.79"}],"id":"9:1","source":"2019-Oct.csv"}`,
  '{"id":"e1","type":"purchase","time":"2026-01-04T12:00:00.123Z","orderId":"o1","partial":true,"currency":"GBP","items":[{"productId":"p1"}]}',
  `${FIRST},"items":[],"properties":{}}`,
  `${FIRST},"userId":"undefined1","anonymousId":"00000000-0000-0000-0000-000000000001","sessionId":"guests"}`,
  `${FIRST},"items":[{${ITEM},"price":99999999.9999,"quantity":1000000},{"productId":0,"price":0,"quantity":null,"name":null}]}`,
  `${FIRST},"properties":{"country":true,"device":-12.5,"results":0,"recommendation_id":"hybrid.a1","n":0.000001,"":null}}`,
  `${FIRST},"properties":{"recommendation_id":5.5,"results":"0","x":-0,"y":1.50,"n":false}}`,
  `${FIRST},"properties":{"user_agent":"Googlebot/2.1","country":"DE"}}`,
  `${FIRST},"properties":{"user_agent":"Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/133.0"}}`,
  `${FIRST},"properties":{"user_agent":5,"travel_agent":"Cook"}}`,
  `${FIRST},"items":[${Array(LIMITS.items).fill(`{${ITEM}}`).join(',')}]}`,
  `${FIRST},"userId":"${'x'.repeat(LIMITS.stringBytes)}"}`,
  `${FIRST},"properties":{${Array.from({ length: LIMITS.properties }, (_, i) => `"p${i}":${i}`).join(',')}}}`,
];

/** Blanks beside an id. */
const BLANKS = [' ', '\u00a0', '\u1680', '\u2003', '\u205f', '\u3000', '\ufeff'];

/** What takes thought. */
const REFUSED = [
  `${FIRST},"properties":{"userAgent":"Googlebot/2.1"}}`,
  `${FIRST},"properties":{"country":"DE","http-user-agent":"Googlebot/2.1"}}`,
  `${FIRST},"properties":{"UA":"Googlebot/2.1"}}`,
  `${FIRST},"properties":{"ua":"Ukraine"}}`,
  `${FIRST},"userAgent":"Googlebot/2.1"}`,
  '',
  '{}',
  'null',
  ` ${FIRST}}`,
  `${FIRST}} `,
  `${FIRST}}x`,
  `${FIRST}}\r\r`,
  `\ufeff${FIRST}}`,
  `${FIRST},"id":"e2"}`,
  `${FIRST},"note":"x"}`,
  `${FIRST},"rejected":{}}`,
  `${FIRST},"userId":"\\u0041"}`,
  `${FIRST},"userId":"a\u0009b"}`,
  `${FIRST},"userId":"a\u007fb"}`,
  `${FIRST},"userId":"a\u0085b"}`,
  `${FIRST},"userId":"a\u200eb"}`,
  `${FIRST},"userId":"a\u2028b"}`,
  `${FIRST},"userId":"a\u202eb"}`,
  `${FIRST},"userId":"a\u2066b"}`,
  `${FIRST},"userId":"a\u061cb"}`,
  ...['userId', 'anonymousId', 'sessionId', 'orderId'].flatMap((name) =>
    BLANKS.flatMap((blank) => [`${FIRST},"${name}":"${blank}a"}`, `${FIRST},"${name}":"a${blank}"}`]),
  ),
  ...BLANKS.flatMap((blank) => [
    `${FIRST},"items":[{"productId":"${blank}a"}]}`,
    `${FIRST},"items":[{"productId":"a${blank}"}]}`,
  ]),
  `${FIRST},"userId":01}`,
  `${FIRST},"userId":1.5}`,
  `${FIRST},"userId":9007199254740993}`,
  `${FIRST},"userId":"${'x'.repeat(LIMITS.stringBytes + 1)}"}`,
  `${FIRST},"userId":"${'é'.repeat(LIMITS.stringBytes / 2)}x"}`,
  `${FIRST},"userId":"undefined"}`,
  `${FIRST},"userId":0}`,
  `${FIRST},"orderId":"undefined"}`,
  `${FIRST},"anonymousId":" Guest"}`,
  `${FIRST},"anonymousId":"0000-0000"}`,
  `${FIRST},"sessionId":"(not set)"}`,
  `${FIRST},"currency":"eur"}`,
  `${FIRST},"currency":"EURO"}`,
  `${FIRST},"partial":true}`,
  `${FIRST.replace('view_item', 'purchase')}}`,
  `${FIRST.replace('view_item', 'refund')},"items":[{${ITEM},"price":1}]}`,
  `${FIRST},"status":"paid"}`,
  ...['revenue', 'total', 'tax', 'shipping', 'discount'].map((name) => `${FIRST},"${name}":"5.00"}`),
  `${FIRST},"items":[{${ITEM},"total":"5.00"}]}`,
  `${FIRST},"items":[{"name":"n"}]}`,
  `${FIRST},"items":[{"productId":""}]}`,
  `${FIRST},"items":[{${ITEM},"quantity":0}]}`,
  `${FIRST},"items":[{${ITEM},"quantity":1000001}]}`,
  `${FIRST},"items":[{${ITEM},"quantity":"1"}]}`,
  `${FIRST},"items":[{${ITEM},"price":-1}]}`,
  `${FIRST},"items":[{${ITEM},"price":1.00005}]}`,
  `${FIRST},"items":[{${ITEM},"price":1e2}]}`,
  `${FIRST},"items":[{${ITEM},"price":100000000}]}`,
  `${FIRST},"items":[{${ITEM},${ITEM}}]}`,
  `${FIRST},"items":[{${ITEM}},]}`,
  `${FIRST},"items":[${Array(LIMITS.items + 1)
    .fill(`{${ITEM}}`)
    .join(',')}]}`,
  `${FIRST},"properties":{"a":[]}}`,
  `${FIRST},"properties":{"__proto__":1}}`,
  `${FIRST},"properties":{"country":"DE","country":null}}`,
  `${FIRST},"properties":{"results":0,"results":1}}`,
  `${FIRST},"properties":{"results":-0}}`,
  `${FIRST},"properties":{"user_agent":"Googlebot/2.1","user_agent":"x"}}`,
  `${FIRST},"properties":{"n":1.0}}`,
  `${FIRST},"properties":{"n":1e3}}`,
  `${FIRST},"properties":{"n":-0}}`,
  `${FIRST},"properties":{${Array.from({ length: LIMITS.properties + 1 }, (_, i) => `"p${i}":${i}`).join(',')}}}`,
  '{"id":"","type":"view_item","time":1768000000000}',
  '{"type":"view_item","time":1768000000000}',
  '{"id":"e","type":"view","time":1768000000000}',
  `{"id":"e","type":"view_item","time":${ARRIVAL + 1}}`,
  `{"id":"e","type":"view_item","time":${LIMITS.minTime - 1}}`,
  '{"id":"e","type":"view_item","time":1768000000000.5}',
  '{"id":"e","type":"view_item","time":"2026-02-30T00:00:00Z"}',
  '{"id":"e","type":"view_item","time":"2026-01-04T12:00:00+01:00"}',
  '{"id":"e","type":"view_item","time":null}',
];

const TOKENS = [
  'null', 'true', 'false', '""', '"x"', '[]', '{}', '[{}]', '{"a":1}', '[1]', '0', '-0', '-1', '1', '01', '1.0', '0.5', '1.25',
  '1.00005', '99999999.9999', '100000000', '1e2', '1e999', '123456789012345', '1234567890123456', '9007199254740993', '1000000',
  '1000001', `${ARRIVAL}`, `${ARRIVAL + 1}`, `${LIMITS.minTime}`, `${LIMITS.minTime - 1}`, '"12.50"', '"-1"', '"1e2"', '"0012.5"',
  '" 1"', '"eur"', '"USD"', '"usd "', '"2026-01-04T12:00:00Z"', '"2024-02-29 23:59:59.999 UTC"', '"2023-02-29T00:00:00"',
  '"2026-01-04"', '"2016-12-31T23:59:60Z"', '"é"', '"靴"', '"😀"', '"\u2028"', '"\u200f"', '"\u0085"', '"\u009f"', '"\u00a0"',
  '"\u061c"', '"\u061b"', '"\u2067"', '"\u206a"', '"\ufeff"', '"\\n"', '"\\ud800"', '"\\u00e9"', '"a\\"b"', '"\u007f"', '"\u0001"',
  '"p1 "', '" p1"', '"\u3000p1"', '"p1\u2003"', '"p1\u00a0"', '" "', '"靴 靴"',
  '"gast"', '"Invité"', '"{{user_id}}"', '"$'.concat('{id}"'), '"%%ID%%"', '"$5"',
  '"undefined"', '"NULL"', '"None"', '" guest"', '"0"', '"00-0"', '"(not set)"', '"guests"',
  '"hybrid.abc"', '"generator"', '"Googlebot/2.1"', '"curl/8"', ...EVENT_TYPES.map((type) => `"${type}"`), `"${'y'.repeat(1024)}"`, `"${'y'.repeat(1025)}"`,
  `"${'é'.repeat(512)}"`, `"${'é'.repeat(513)}"`,
]; // biome-ignore format: a pool

const NAMES = [
  'id', 'type', 'time', 'userId', 'anonymousId', 'sessionId', 'orderId', 'partial', 'currency', 'query', 'items', 'source', 'list',
  'properties', 'productId', 'name', 'category', 'brand', 'price', 'quantity', 'rejected', 'country', 'results', 'n',
  'recommendation_id', 'user_agent', 'userAgent', 'User-Agent', 'ua', 'travel_agent', '__proto__', 'constructor', 'ids', 'itemz', '',
]; // biome-ignore format: a pool

const PIECES = [
  '{', '}', '[', ']', ',', ':', '"', '\\', '"}', '"]', '},{', '":', '","', ' ', '  ', '\t', '\r', '\n', '0', '-', '.', 'e', 'null',
  '\ufeff', '\u2028', '\u0085', '靴', '\u007f', '\\u0041', '\u0000',
]; // biome-ignore format: a pool

const BYTES = [
  [0xff],
  [0xc2],
  [0xc2, 0x85],
  [0xe2, 0x80],
  [0xed, 0xa0, 0x80],
  [0xc0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe9],
];

type Mutation = (line: Buffer) => Buffer;

const splice = (line: Buffer, from: number, to: number, by: Uint8Array): Buffer =>
  Buffer.concat([line.subarray(0, from), by, line.subarray(to)]);

/** Swaps one of the places that a pattern matches for something else. */
function replace(pattern: RegExp, place: number, by: (match: string) => string): Mutation {
  return (line) => {
    const text = line.toString('latin1');
    const matches = [...text.matchAll(pattern)];
    if (matches.length === 0) return line;
    const { 0: match, index } = matches[place % matches.length]!;
    return splice(line, index, index + match.length, Buffer.from(by(match)));
  };
}

const VALUE = /(?<=: ?)(?:"[^"]*"|[\d.-]+|true|false|null|\[\]|\{\})/g;
const KEY = /(?<=[{,] ?)"[^"]*"(?=:)/g;
const FIELD = /(?<=[{,] ?)"[^"]*": ?(?:"[^"]*"|[\d.-]+|true|false|null)/g;

const place = fc.nat();
const token = fc.constantFrom(...TOKENS);
const name = fc.constantFrom(...NAMES);
const someBytes = fc.oneof(
  fc.constantFrom(...PIECES).map((text) => Buffer.from(text)),
  fc.constantFrom(...BYTES).map((bytes) => Buffer.from(bytes)),
  fc.nat(255).map((byte) => Buffer.from([byte])),
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(place, token).map(([at, by]) => replace(VALUE, at, () => by)) },
  { weight: 2, arbitrary: fc.tuple(place, name).map(([at, by]) => replace(KEY, at, () => `"${by}"`)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(place, name, token)
      .map(([at, key, by]) => replace(FIELD, at, (match) => `${match},"${key}":${by}`)),
  },
  { weight: 1, arbitrary: place.map((at) => replace(FIELD, at, (match) => `${match},${match}`)) },
  { weight: 1, arbitrary: place.map((at) => replace(/[:,]/g, at, (match) => `${match} `)) },
  {
    weight: 2,
    arbitrary: fc.tuple(place, someBytes).map(
      ([at, by]): Mutation =>
        (line) =>
          splice(line, at % (line.length + 1), at % (line.length + 1), by),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(place, someBytes).map(
      ([at, by]): Mutation =>
        (line) =>
          splice(line, at % (line.length + 1), (at % (line.length + 1)) + 1, by),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(place, fc.integer({ min: 1, max: 30 })).map(
      ([at, size]): Mutation =>
        (line) =>
          splice(line, at % (line.length + 1), (at % (line.length + 1)) + size, Buffer.alloc(0)),
    ),
  },
  {
    weight: 1,
    arbitrary: place.map(
      (at): Mutation =>
        (line) =>
          line.subarray(0, at % (line.length + 1)),
    ),
  },
);

const base = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...LINES) },
  { weight: 3, arbitrary: fc.constantFrom(...TAKEN) },
  { weight: 1, arbitrary: fc.constantFrom(...REFUSED) },
);

/** One line: the log holds no line feed within one. */
const mutated = fc
  .tuple(base, fc.array(mutation, { maxLength: 4 }))
  .map(([line, mutations]) => mutations.reduce<Buffer>((bytes, mutate) => mutate(bytes), Buffer.from(line)))
  .filter((line) => !line.includes(10));

const titled = (line: string, i: number): [string, string] => [`${i}: …${line.slice(-60)}`, line];

describe('the scanner', () => {
  test.each(TAKEN.map(titled))('takes %s', (_, line) => {
    expect(check(Buffer.from(line))).toBe(true);
  });

  test.each(REFUSED.map(titled))('refuses %s', (_, line) => {
    expect(check(Buffer.from(line))).toBe(false);
  });

  test('takes all that the simulated shop sends, unless it is spoilt', () => {
    const valid = LINES.filter((line) => {
      const event = decodeRecord(line, { partition: 0, offset: 0, appendedAt: ARRIVAL });
      return !isRejected(event) && event.truncated !== true;
    });
    expect(valid.length).toBeGreaterThan(LINES.length / 2);
    expect(valid.filter((line) => !check(Buffer.from(line)))).toEqual([]);
  });

  test('takes a line of a later kind of event without what it read of an earlier one', () => {
    for (const line of [...TAKEN, ...LINES.slice(0, 200)].reverse()) check(Buffer.from(line));
  });

  test('says of any line what decodeRecord says, or nothing', () => {
    let taken = 0;
    const numRuns = 30_000;
    fc.assert(
      fc.property(mutated, (line) => {
        if (check(line)) taken += 1;
      }),
      { numRuns },
    );
    // Lines that are all refused would show nothing.
    expect(taken).toBeGreaterThan(numRuns / 10);
  });

  test('without UTF-8 all around, takes lines of ASCII only', () => {
    const bytes = Buffer.from(`${FIRST},"query":"靴"}\n${FIRST}}\n`);
    const second = bytes.indexOf(10) + 1;
    scanner.begin(bytes, false, ARRIVAL);
    expect([scanner.scan(0), scanner.scan(second)]).toEqual([-1, bytes.length]);
    scanner.begin(bytes, true, ARRIVAL);
    expect([scanner.scan(0), scanner.scan(second)]).toEqual([second, bytes.length]);
  });

  test('a line may end with the bytes, but not before it is whole', () => {
    const line = Buffer.from(`${FIRST},"items":[{${ITEM},"price":1.5}],"properties":{"country":"DE"}}`);
    for (let length = 0; length <= line.length; length += 1) {
      const bytes = Buffer.from(line.subarray(0, length));
      scanner.begin(bytes, true, ARRIVAL);
      expect(scanner.scan(0)).toBe(length === line.length ? length : -1);
    }
  });

  test('is measured in bytes: an event is as large as may be, and one byte larger', () => {
    const wide = (size: number): Buffer => {
      const pad = Array.from({ length: 64 }, (_, i) => `"p${i}":"${'v'.repeat(1000)}"`).join(',');
      const start = `${FIRST},"properties":{${pad},"last":"`;
      return Buffer.from(`${start}${'w'.repeat(size - start.length - 3)}"}}`);
    };
    for (const size of [-2, -1, 0, 1, 2]) check(wide(LIMITS.eventBytes + size));
    expect(check(wide(LIMITS.eventBytes - 1))).toBe(true);
    expect(check(wide(LIMITS.eventBytes + 1))).toBe(false);
  });
});

describe('columns', () => {
  test('hold what had to be mended beside what lies in the bytes, for any number of rows', () => {
    const columns = new EventColumns(['country']);
    const mender = new LineScanner(columns);
    const lines = Array.from({ length: 500 }, (_, i) =>
      i % 3 === 0
        ? `{"id":${i},"type":"search","time":1768000000000,"query":"\\u0041${i}","properties":{"country":"\\u00d6${i}"}}`
        : `{"id":${i},"type":"purchase","time":1768000000000,"items":[${`{"productId":"p${i}"},`.repeat(i % 7)}{"productId":"q"}]}`,
    );
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    mender.begin(bytes, true, ARRIVAL);
    let at = 0;
    for (const line of lines) {
      const next = mender.scan(at);
      const end = at + line.length;
      if (next === -1) {
        const event = decodeRecord(line, { partition: 0, offset: 0, appendedAt: ARRIVAL });
        if (isRejected(event)) throw new Error(event.detail);
        columns.add(event, at, end);
      }
      at = end + 1;
    }
    expect(columns.length).toBe(lines.length);
    lines.forEach((line, i) => {
      expect(columns.text(i, TEXT.id)).toBe(String(i));
      expect(bytes.toString('utf8', columns.lineStart(i), columns.lineEnd(i))).toBe(line);
      expect(columns.text(i, TEXT.query)).toBe(i % 3 === 0 ? `A${i}` : undefined);
      expect(columns.property(i, 0)).toBe(i % 3 === 0 ? `Ö${i}` : undefined);
      expect(columns.items(i)).toBe(i % 3 === 0 ? 0 : (i % 7) + 1);
      for (let k = 0; k < columns.items(i); k += 1)
        expect(columns.itemText(columns.firstItem(i) + k, ITEM_TEXT.productId)).toBe(
          k < i % 7 ? `p${i}` : 'q',
        );
    });
  });
});
