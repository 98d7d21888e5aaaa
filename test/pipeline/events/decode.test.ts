import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { decodeRecord, isRejected, type Rejected } from '../../../src/pipeline/events/decode.ts';
import { DEFAULT_PLACEHOLDERS, setPlaceholderIds } from '../../../src/pipeline/events/placeholder-ids.ts';
import { encodeDecoded, encodeRejectedLine } from '../../../src/pipeline/events/record.ts';
import { EVENT_TYPES, LIMITS, type ShopEvent } from '../../../src/pipeline/events/shop-event.ts';

const ARRIVAL = Date.UTC(2026, 0, 5);
const CONTEXT = { partition: 3, offset: 42, appendedAt: ARRIVAL };
const EVENT = { id: 'e1', type: 'view_item', time: ARRIVAL - 1000, userId: 'u1', source: 'test' };

function decode(value: unknown): ShopEvent | Rejected {
  return decodeRecord(typeof value === 'string' ? value : JSON.stringify(value), CONTEXT);
}
function reasonOf(value: unknown): string | undefined {
  const decoded = decode(value);
  return isRejected(decoded) ? decoded.reason : undefined;
}

describe('decodeRecord', () => {
  test('rounds what many units cost once, where a price says more than four decimals', () => {
    const buy = (item: object) => {
      const event = decode({
        ...EVENT,
        type: 'purchase',
        orderId: 'o',
        items: [{ productId: 'p', ...item }],
      });
      return isRejected(event) ? event : event.items[0];
    };
    expect(buy({ price: '0.00125', quantity: 10_000 })).toMatchObject({ price: 13, total: 125_000 });
    expect(buy({ price: 3.3333333333, quantity: 30_000 })).toMatchObject({ total: 1_000_000_000 });
    expect(buy({ price: '0.00125', quantity: 10_000, total: 7 })).toMatchObject({ total: 70_000 });
    expect(buy({ price: 0.00125 })).not.toHaveProperty('total');
    expect(buy({ price: 0.0012, quantity: 3 })).not.toHaveProperty('total');
  });

  test('gives what has no id one of what it says, wherever it lies and however it is written', () => {
    const idOf = (value: unknown, offset: number) =>
      (decodeRecord(JSON.stringify(value), { ...CONTEXT, offset }) as ShopEvent).id;
    const { id: _, ...event } = { ...EVENT, items: [{ productId: 'p', price: 5 }] };
    const id = idOf(event, 1);
    const { source, ...rest } = event;
    expect(idOf({ source, ...rest, sessionId: null, time: new Date(event.time).toISOString() }, 2)).toBe(id);
    expect(idOf({ ...event, items: [{ price: '5.00', productId: 'p' }], id: '' }, 3)).toBe(id);
    for (const other of [{ time: event.time - 1 }, { userId: 'u2' }, { items: [] }, { type: 'add_to_cart' }])
      expect(idOf({ ...event, ...other }, 1)).not.toBe(id);
  });

  test('normalises what senders write', () => {
    expect(
      decode({
        type: 'purchase',
        time: '2026-01-04T12:00:00+01:00',
        userId: 17850,
        anonymousId: null,
        sessionId: '',
        orderId: 'o1',
        partial: false,
        currency: ' eur',
        query: '',
        items: [
          { productId: 42, name: 'Tea\u0007 pot', category: null, brand: '', price: '2.55', quantity: null },
          { productId: 'b', price: 0.1, quantity: 3 },
        ],
        properties: { country: 'DE', nested: { a: 1 }, none: null, n: 1, ok: true },
      }),
    ).toEqual({
      id: expect.stringMatching(/^~[\w-]{16}$/),
      type: 'purchase',
      time: Date.UTC(2026, 0, 4, 11),
      userId: '17850',
      orderId: 'o1',
      currency: 'EUR',
      items: [
        { productId: '42', name: 'Tea pot', price: 25_500, quantity: 1 },
        { productId: 'b', price: 1000, quantity: 3 },
      ],
      source: 'unknown',
      properties: { country: 'DE', nested: { a: 1 }, n: 1, ok: true },
    });
  });

  test.each([' ', '  ', '\t', '\u00a0', '\u3000', '\ufeff'])(
    'takes no blank %j beside an id for a part of it',
    (blank) => {
      const id = `${blank}a b${blank}`;
      const names = ['userId', 'anonymousId', 'sessionId', 'orderId'];
      const ids = Object.fromEntries(names.map((name) => [name, id]));
      expect(decode({ ...EVENT, ...ids, items: [{ productId: id }] })).toMatchObject({
        ...Object.fromEntries(names.map((name) => [name, 'a b'])),
        items: [{ productId: 'a b' }],
      });
      const blanks = Object.fromEntries(names.map((name) => [name, blank]));
      const without = decode({ ...EVENT, ...blanks });
      for (const name of names) expect(without).not.toHaveProperty(name);
      expect(reasonOf({ ...EVENT, items: [{ productId: blank }] })).toBe('product without id');
    },
  );

  const nested = (depth: number): string => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
  const decodeText = (fields: string): ShopEvent => {
    const decoded = decode(`${JSON.stringify(EVENT).slice(0, -1)},${fields}}`);
    if (isRejected(decoded)) throw new Error(decoded.reason);
    return decoded;
  };

  test.each([
    ['an unknown field', `"note":"x"`],
    ['an unknown field that is deep', `"note":${nested(8000)}`],
    ['an unknown field that sets a prototype', `"__proto__":{"type":"purchase"}`],
    ['an unknown field of an item', `"items":[{"productId":"p","note":${nested(8000)}}]`],
    ['a property that is deep', `"properties":{"note":${nested(8000)}}`],
    ['a property that is deeper than is allowed', `"properties":{"a":${nested(LIMITS.propertyDepth + 1)}}`],
    ['a property of many values', `"properties":{"a":[${'1,'.repeat(LIMITS.propertyValues)}1]}`],
    ['a long text in a property', `"properties":{"a":["${'x'.repeat(LIMITS.stringBytes + 1)}"]}`],
    ['a number that no JSON can say again', `"properties":{"a":1e999}`],
  ])('%s is left out and told, and the event counts', (_, fields) => {
    const decoded = decodeText(fields);
    expect(decoded).toMatchObject({ type: EVENT.type, truncated: true });
    expect(Object.keys(decoded)).not.toContain('note');
    expect(JSON.stringify(decoded).length).toBeLessThan(3000);
    // What was written once is read alike.
    expect(decode(JSON.stringify(decoded))).toEqual(decoded);
  });

  test('what is within the bounds is kept, and what says nothing is no loss', () => {
    const deep = JSON.parse(nested(LIMITS.propertyDepth)) as unknown;
    const properties = { deep, list: ['a', { b: null, c: true }], many: Array(100).fill(1) };
    const decoded = decode({ ...EVENT, properties, note: null, remark: '' });
    expect(decoded).toMatchObject({ properties });
    expect(Object.keys(decoded)).not.toContain('truncated');
    expect(Object.keys(decoded)).not.toContain('note');
  });

  test('a record that is nested a million deep is a dead letter, and one too large to keep keeps its beginning', () => {
    const deep = decode('['.repeat(1_000_000));
    expect(isRejected(deep) && deep.reason).toBe('too large');
    expect(isRejected(decode('['.repeat(60_000)))).toBe(true);
    const large = decode('x'.repeat(3 * LIMITS.keptBytes));
    expect(isRejected(large) && large.bytes.length).toBe(LIMITS.keptBytes);
  });

  test.each([
    ['nonsense', 'not JSON'],
    ['', 'empty record'],
    [' \t', 'empty record'],
    ['[]', 'not an event'],
    ['null', 'not an event'],
    [{ ...EVENT, type: undefined }, 'type is missing'],
    [{ ...EVENT, type: 'explode' }, 'type is wrong'],
    [{ ...EVENT, time: undefined }, 'time is missing'],
    [{ ...EVENT, time: 'yesterday' }, 'bad time'],
    [{ ...EVENT, time: 1_700_000_000 }, 'bad time'],
    [{ ...EVENT, time: ARRIVAL + LIMITS.clockMs + 1 }, 'time in the future'],
    [{ ...EVENT, userId: {} }, 'userId is wrong'],
    [
      JSON.stringify({ ...EVENT, userId: 0 }).replace('"userId":0', '"userId":9007199254740993'),
      'userId is wrong',
    ],
    [{ ...EVENT, id: 'x'.repeat(LIMITS.stringBytes + 1) }, 'string too long'],
    [{ ...EVENT, currency: 'EURO' }, 'bad currency'],
    [{ ...EVENT, partial: true }, 'partial order without id'],
    [{ ...EVENT, items: [{ productId: '' }] }, 'product without id'],
    [{ ...EVENT, items: [{ productId: '\u0000' }] }, 'product without id'],
    [{ ...EVENT, items: [{ productId: 'p', price: -1 }] }, 'negative price'],
    [{ ...EVENT, items: [{ productId: 'p', price: 'free' }] }, 'bad price'],
    [{ ...EVENT, items: [{ productId: 'p', quantity: -1 }] }, 'negative quantity'],
    [{ ...EVENT, items: [{ productId: 'p', quantity: 0 }] }, 'zero quantity'],
    [{ ...EVENT, items: [{ productId: 'p', quantity: 1e9 }] }, 'bad quantity'],
    [{ ...EVENT, items: [{ productId: 'p', quantity: 1.5 }] }, 'quantity is no whole number'],
    [{ ...EVENT, items: Array(LIMITS.items + 1).fill({ productId: 'p' }) }, 'too many items'],
    [{ ...EVENT, more: 'x'.repeat(LIMITS.eventBytes) }, 'too large'],
    [
      { ...EVENT, properties: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [i, i])) },
      'too many properties',
    ],
    [`{"type":${'['.repeat(20_000)}${']'.repeat(20_000)},"time":1}`, 'type is wrong'],
    [`{"rejected":{"id":"a","reason":"b","raw":{"toString":1}}}x`, 'not JSON'],
  ])('%# is refused: %s', (value, reason) => {
    expect(reasonOf(value)).toBe(reason);
  });

  test('keeps the bytes of what it refuses, and the id that the producer gave', () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
    const decoded = decodeRecord(bytes, CONTEXT) as Rejected;
    expect(decoded).toMatchObject({ reason: 'not UTF-8', id: undefined });
    expect(Buffer.from(decoded.bytes).equals(bytes)).toBe(true);
    expect(decode({ ...EVENT, type: 'explode' })).toMatchObject({ id: 'e1', source: 'test' });
  });

  test('an event that claims to be a little ahead of its arrival happened on arrival', () => {
    expect(decode({ ...EVENT, time: ARRIVAL + 1 })).toMatchObject({ time: ARRIVAL });
    expect(decode({ ...EVENT, time: ARRIVAL - 0.5 })).toMatchObject({ time: ARRIVAL - 1 });
  });

  test.each([
    'undefined',
    'null',
    'NULL',
    'NaN',
    'None',
    '[object Object]',
    '(not set)',
    'anonymous',
    'Guest',
    ' undefined ',
    '   ',
    '-1',
    '0',
    '00000000-0000-0000-0000-000000000000',
    '0000',
    '-',
    0,
    'Gast',
    'Invité',
    'ゲスト',
    '{{user_id}}',
    '{{ customer.id }}',
    '$'.concat('{userId}'),
    '%%USER_ID%%',
  ])('%j is no id of anybody, which is told', (none) => {
    const decoded = decode({ ...EVENT, userId: none, anonymousId: 'a1' });
    expect(decoded).toMatchObject({ anonymousId: 'a1', placeholder: true });
    expect(Object.keys(decoded)).not.toContain('userId');
    const other = decode({ ...EVENT, anonymousId: none });
    expect(other).toMatchObject({ userId: 'u1', placeholder: true });
    expect(Object.keys(other)).not.toContain('anonymousId');
    // What was written once is read alike.
    expect(decode(JSON.stringify(decoded))).toEqual(decoded);
  });

  test.each([
    'undefined1',
    'null0',
    'guest-7',
    'u0',
    '00000000-0000-0000-0000-000000000001',
    '0x0',
    'nul',
    'gasthof',
    '{"id":1}',
    '$5',
    '{{a}}b',
    '100%',
    10,
  ])('%j is an id', (id) => {
    expect(decode({ ...EVENT, userId: id })).toMatchObject({ userId: String(id) });
    expect(decode({ ...EVENT, userId: id })).not.toHaveProperty('placeholder');
  });

  test('sessions are counted from 0 on, and a word for nothing is no session', () => {
    expect(decode({ ...EVENT, sessionId: '0' })).toMatchObject({ sessionId: '0' });
    expect(decode({ ...EVENT, sessionId: '(not set)' })).not.toHaveProperty('sessionId');
  });

  test('two orders called undefined are not one', () => {
    const order = { ...EVENT, type: 'purchase', items: [{ productId: 'p', price: 1 }] };
    expect(decode({ ...order, orderId: 'undefined' })).toMatchObject({ placeholder: true });
    expect(decode({ ...order, orderId: 'undefined' })).not.toHaveProperty('orderId');
    expect(decode({ ...order, orderId: '0' })).toMatchObject({ orderId: '0' });
  });

  test('the shop decides what is no id', () => {
    onTestFinished(() => setPlaceholderIds(DEFAULT_PLACEHOLDERS));
    setPlaceholderIds(['nobody', 'niémand']);
    expect(decode({ ...EVENT, userId: 'Nobody' })).toMatchObject({ placeholder: true });
    expect(decode({ ...EVENT, userId: 'niémand' })).toMatchObject({ placeholder: true });
    expect(decode({ ...EVENT, userId: 'guest' })).toMatchObject({ userId: 'guest' });
    setPlaceholderIds([]);
    expect(decode({ ...EVENT, userId: '0' })).toMatchObject({ userId: '0' });
  });

  test('a name that sets a prototype is no property', () => {
    const event = decode(
      `${JSON.stringify(EVENT).slice(0, -1)},"properties":{"__proto__":"x","a":1}}`,
    ) as ShopEvent;
    expect(event.properties).toEqual({ a: 1 });
    expect(Object.getPrototypeOf(event.properties)).toBe(Object.prototype);
  });

  test('takes rejected lines apart again, whatever their bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }).map((text) => text.replace(/\p{Surrogate}/gu, '')),
          fc.uint8Array(),
        ),
        (raw) => {
          const line = {
            id: 'f:1:rejected',
            reason: 'zero price',
            detail: 'UnitPrice is 0',
            source: 'f.csv:1',
          };
          const decoded = decode(encodeRejectedLine({ ...line, raw })) as Rejected;
          expect(decoded).toMatchObject(line);
          expect(Buffer.from(decoded.bytes).equals(Buffer.from(raw as Uint8Array))).toBe(true);
        },
      ),
    );
  });

  test('a broken rejected line is an ordinary reject', () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    expect(decode(`{"rejected":{"id":"a","reason":"b","raw":${deep}}}`)).toMatchObject({ reason: 'b' });
    expect(decode('{"rejected":{"id":"a","reason":"b","raw":{"toString":1}}}')).toMatchObject({
      reason: 'b',
    });
    expect(reasonOf('{"rejected":null}')).toBe('type is missing');
    expect(reasonOf('{"rejected":{"id":7,"reason":"b"}}')).toBe('type is missing');
  });
});

describe('decodeRecord, for everything', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  const event = fc.record(
    {
      id: fc.oneof(text, fc.integer(), fc.constant(null)),
      type: fc.constantFrom(...EVENT_TYPES),
      time: fc.integer({ min: LIMITS.minTime, max: ARRIVAL + LIMITS.clockMs }),
      userId: fc.oneof(text, fc.constant(null), fc.integer()),
      anonymousId: text,
      sessionId: text,
      orderId: text,
      currency: fc.constantFrom('EUR', 'gbp', '', null),
      query: text,
      items: fc.array(
        fc.record(
          {
            productId: text,
            name: text,
            category: text,
            brand: fc.oneof(text, fc.constant(null)),
            price: fc.oneof(fc.constantFrom('1.5', '', null), fc.double({ min: 0, max: 1e9, noNaN: true })),
            quantity: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant(null)),
          },
          { requiredKeys: ['productId'] },
        ),
        { maxLength: 4 },
      ),
      source: text,
      properties: fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null))),
    },
    { requiredKeys: ['type', 'time'] },
  );

  test('never throws, whatever the bytes or the JSON', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeRecord(bytes, CONTEXT)));
    fc.assert(fc.property(fc.json(), (json) => void decode(json)));
    // Events with any of their fields replaced by anything.
    const damage = fc.dictionary(
      fc.constantFrom('id', 'type', 'time', 'userId', 'currency', 'items', 'properties', 'rejected'),
      fc.jsonValue(),
    );
    fc.assert(fc.property(event, damage, (fields, damaged) => void decode({ ...fields, ...damaged })));
  });

  test('an event is within its bounds, and decodes to itself when it is written again', () => {
    fc.assert(
      fc.property(event, (fields) => {
        const decoded = decode(fields);
        fc.pre(!isRejected(decoded));
        if (isRejected(decoded)) return;
        const strings = [decoded.id, decoded.userId, decoded.anonymousId, decoded.sessionId, decoded.orderId];
        for (const { productId, name, category, brand } of decoded.items) {
          strings.push(productId, name, category, brand);
          expect(productId).not.toBe('');
        }
        for (const string of [...strings, decoded.query, decoded.source]) {
          expect(/\p{Cc}|\p{Surrogate}/u.test(string ?? '')).toBe(false);
        }
        expect(decoded.id).not.toBe('');
        expect(decoded.time).toBeLessThanOrEqual(ARRIVAL);
        expect(decode(encodeDecoded(decoded))).toEqual(decoded);
      }),
      { examples: [[{ id: '\0', type: 'page_view', time: 946_684_800_000 }]] },
    );
  });
});
