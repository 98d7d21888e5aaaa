import { describe, expect, test } from 'vitest';
import { parseCsvMap } from '../../../../src/pipeline/events/formats/csv-map.ts';
import { readAll } from './read.ts';

const FULL = {
  delimiter: ';',
  decimal: ',',
  type: { column: 'action', values: { seen: 'view_item', bought: 'purchase' } },
  time: { column: 'when', unit: 's' },
  id: 'row',
  userId: 'customer',
  orderId: 'order',
  productId: 'sku',
  name: 'title',
  price: 'amount',
  quantity: 'pieces',
  currency: { value: 'EUR' },
  properties: { shop: 'branch' },
};
const HEADER = 'row;action;when;customer;order;sku;title;amount;pieces;branch';

function read(map: unknown, ...rows: string[]): unknown[] {
  return readAll(`${rows.join('\n')}\n`, {
    format: 'csv',
    map: parseCsvMap(JSON.stringify(map), 'map.json'),
  });
}

describe('a map of a CSV', () => {
  test('says which column is what', () => {
    expect(
      read(
        FULL,
        HEADER,
        'r1;bought;1511544070;c1;o1;p1;"Tea; green";1.234,50;2.0;Bonn',
        'r2;view_item;1511544070;;;p1;;;;',
        'r3;seen;1511544070;c1;;;;;;',
        'r4;stolen;1511544070;c1;;p1;;;;',
        'r5;seen;soon;c1;;p1;;;;',
        'r6;seen;1511544070;c1;;p1;;;half;',
      ),
    ).toEqual([
      {
        id: 'r1',
        type: 'purchase',
        time: 1511544070000,
        userId: 'c1',
        orderId: 'o1',
        partial: true,
        currency: 'EUR',
        items: [{ productId: 'p1', name: 'Tea; green', price: 12_345_000, quantity: 2 }],
        properties: { shop: 'Bonn' },
      },
      {
        id: 'r2',
        type: 'view_item',
        time: 1511544070000,
        currency: 'EUR',
        items: [{ productId: 'p1', quantity: 1 }],
        properties: { shop: '' },
      },
      {
        id: 'r3',
        type: 'view_item',
        time: 1511544070000,
        userId: 'c1',
        currency: 'EUR',
        items: [],
        properties: { shop: '' },
      },
      'not a shop event',
      'bad time',
      'quantity is no whole number',
    ]);
  });

  test('a file without header, with constants and times of other units', () => {
    const map = {
      columns: ['who', 't', 'what'],
      type: { value: 'purchase' },
      userId: 'who',
      productId: 'what',
      orderId: 'who',
      orderLines: false,
    };
    const event = {
      type: 'purchase',
      userId: 'u',
      orderId: 'u',
      items: [{ productId: 'p', quantity: 1 }],
      time: 1511544070123,
    };
    const partial = { partial: undefined };
    expect(read({ ...map, time: { column: 't', unit: 'us' } }, 'u,1511544070123456,p')).toEqual([
      { ...event, ...partial, id: 'K:1' },
    ]);
    expect(read({ ...map, time: { column: 't', unit: 'ms' } }, 'u,1511544070123,p')).toEqual([
      { ...event, id: 'K:1' },
    ]);
    expect(read({ ...map, time: 't' }, 'u,2017-11-24T17:21:10.123Z,p')).toEqual([{ ...event, id: 'K:1' }]);
  });

  test.each([
    ['{', /map.json is not a valid map: it is not JSON/],
    [JSON.stringify({ ...FULL, colour: 'red' }), /colour: unexpected property/],
    [
      JSON.stringify({ ...FULL, time: { column: 'when', unit: 'days' } }),
      /time: expected a column, or .* iso, s, ms or us/,
    ],
    [JSON.stringify({ ...FULL, type: undefined }), /type: expected/],
    [JSON.stringify({ ...FULL, type: { column: 'action' } }), /type: expected a column, .*"values"/],
    [JSON.stringify({ ...FULL, price: 0 }), /price: expected a column, or \{"value"/],
    [JSON.stringify({ ...FULL, decimal: ';' }), /decimal: expected '.' or ','/],
    [JSON.stringify({ ...FULL, type: { value: 'explode' } }), /'explode' is not one of page_view/],
    [JSON.stringify({ ...FULL, type: { column: 'action', values: { x: 'nope' } } }), /'nope' is not one of/],
    [JSON.stringify({ ...FULL, delimiter: '::' }), /delimiter/],
    [JSON.stringify({ ...FULL, columns: ['a'] }), /its 'columns' do not hold 'when'/],
  ])('a wrong one is refused: %#', (text, message) => {
    expect(() => parseCsvMap(text, 'map.json')).toThrow(message);
  });

  test('a column that the file lacks is named', () => {
    expect(() => read(FULL, HEADER.replace('amount;', ''))).toThrow("file has no column 'amount'");
  });
});
