import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCsvRecord } from '../../../../src/pipeline/events/formats/csv-record.ts';
import { readAll, recognise } from './read.ts';

const csv = (...rows: string[]): string => `${rows.join('\n')}\n`;

test('rees46', () => {
  expect(
    readAll(
      csv(
        'event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session',
        '2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d76fde',
        '2019-10-01 00:00:01 UTC,purchase,3900821,2053013552326770905,appliances.water_heater,aqua,33.20,554748717,9333dfbd',
        '2019-10-01 00:00:01 UTC,purchase,3900822,2053013552326770905,,,1,554748717,',
        '2019-10-01 00:00:02 UTC,stare,1,2,,,3,4,5',
        '2019-10-01 00:00:02 UTC,cart,1,2',
        'yesterday,cart,1,2,,,3,4,5',
        '2019-10-01 00:00:02 UTC,cart,,2,,,3,4,5',
        '2019-10-01 00:00:02 UTC,cart,1,2,,,-3,4,5',
      ),
    ),
  ).toEqual([
    {
      id: 'K:2',
      type: 'view_item',
      time: Date.UTC(2019, 9, 1),
      userId: '541312140',
      sessionId: '72d76fde',
      items: [
        {
          productId: '44600062',
          category: '2103807459595387724',
          brand: 'shiseido',
          price: 357_900,
          quantity: 1,
        },
      ],
    },
    {
      id: 'K:3',
      type: 'purchase',
      time: Date.UTC(2019, 9, 1, 0, 0, 1),
      userId: '554748717',
      sessionId: '9333dfbd',
      orderId: '9333dfbd',
      partial: true,
      items: [
        {
          productId: '3900821',
          category: 'appliances.water_heater',
          brand: 'aqua',
          price: 332_000,
          quantity: 1,
        },
      ],
    },
    {
      id: 'K:4',
      type: 'purchase',
      time: Date.UTC(2019, 9, 1, 0, 0, 1),
      userId: '554748717',
      items: [{ productId: '3900822', category: '2053013552326770905', price: 10_000, quantity: 1 }],
    },
    'not a shop event',
    'wrong number of columns',
    'bad time',
    'product without id',
    'negative price',
  ]);
});

test('retailrocket', () => {
  expect(
    readAll(
      csv(
        'timestamp,visitorid,event,itemid,transactionid',
        '1433221332117,257597,view,355908,',
        '1433222276276,599528,transaction,356475,4000',
        'x,1,addtocart,2,',
        '1433222276276,1,lick,2,',
      ),
    ),
  ).toEqual([
    {
      id: 'K:2',
      type: 'view_item',
      time: 1433221332117,
      anonymousId: '257597',
      items: [{ productId: '355908', quantity: 1 }],
    },
    {
      id: 'K:3',
      type: 'purchase',
      time: 1433222276276,
      anonymousId: '599528',
      orderId: '4000',
      partial: true,
      items: [{ productId: '356475', quantity: 1 }],
    },
    'bad time',
    'not a shop event',
  ]);
});

test('taobao, which has no header', () => {
  expect(
    readAll(
      csv(
        '1,2268318,2520377,pv,1511544070',
        '1,2268318,2520377,buy,1511544071',
        '1,2,3,fav,-5',
        '1,2,3,sell,1511544070',
        '1,2,3',
      ),
    ),
  ).toEqual([
    {
      id: 'K:1',
      type: 'view_item',
      time: 1511544070000,
      userId: '1',
      items: [{ productId: '2268318', category: '2520377', quantity: 1 }],
    },
    {
      id: 'K:2',
      type: 'purchase',
      time: 1511544071000,
      userId: '1',
      orderId: '1:1511544071',
      partial: true,
      items: [{ productId: '2268318', category: '2520377', quantity: 1 }],
    },
    'bad time',
    'not a shop event',
    'wrong number of columns',
  ]);
});

describe('online-retail', () => {
  const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
  const event = {
    time: Date.UTC(2010, 11, 1, 8, 26),
    currency: 'GBP',
    properties: { country: 'United Kingdom' },
  };

  test('lines of invoices, refunds, and what is no sale', () => {
    expect(
      readAll(
        csv(
          header,
          '536365,85123A,WHITE HANGING HEART ,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
          '536365,85123a,"LIGHT, ""WHITE""",6,2010-12-01 08:26:00,0.001,,United Kingdom',
          'C536379,D,Discount,-1,2010-12-01 08:26:00,27.50,14527.0,United Kingdom',
          'A563185,B,Adjust bad debt,1,2010-12-01 08:26:00,11062.06,,United Kingdom',
          'A563186,B,Adjust bad debt,-1,2010-12-01 08:26:00,-11062.06,,United Kingdom',
          '536589,21777,,-10,2010-12-01 08:26:00,0.0,,United Kingdom',
          '536414,22139,,56,2010-12-01 08:26:00,0.0,,United Kingdom',
          '536414,22139,,many,2010-12-01 08:26:00,1,,United Kingdom',
          '536414,22139,,1,2010-12-01 08:26:00,cheap,,United Kingdom',
          '536414,22139,,1,2010-12-32 08:26:00,1,,United Kingdom',
        ),
      ),
    ).toEqual([
      {
        ...event,
        id: 'K:2',
        type: 'purchase',
        userId: '17850',
        orderId: '536365',
        partial: true,
        items: [{ productId: '85123A', name: 'WHITE HANGING HEART', price: 25_500, quantity: 6 }],
      },
      {
        ...event,
        id: 'K:3',
        type: 'purchase',
        orderId: '536365',
        partial: true,
        items: [{ productId: '85123a', name: 'LIGHT, "WHITE"', price: 10, quantity: 6 }],
      },
      {
        ...event,
        id: 'K:4',
        type: 'refund',
        userId: '14527',
        orderId: 'C536379',
        items: [{ productId: 'D', name: 'Discount', price: 275_000, quantity: 1 }],
      },
      'adjustment',
      'adjustment',
      'negative quantity',
      'zero price',
      'bad quantity',
      'bad price',
      'bad time',
    ]);
  });

  test('the second edition names its columns otherwise, and dates may have the month first', () => {
    const text = csv(
      '\ufeffInvoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country',
      '536365;85123A;HEART;6;12/1/2010 8:26;2.55;17850;United Kingdom',
    );
    expect(readAll(text)).toEqual([
      {
        ...event,
        id: 'K:2',
        type: 'purchase',
        userId: '17850',
        orderId: '536365',
        partial: true,
        items: [{ productId: '85123A', name: 'HEART', price: 25_500, quantity: 6 }],
      },
    ]);
  });

  test('a missing column is named, whether the format was told or looked for', () => {
    const cut = header.replace('UnitPrice,', '');
    expect(() => readAll(csv(cut))).toThrow(
      "file has no column 'UnitPrice', which the format online-retail needs",
    );
    expect(() => readAll(csv(cut), { format: 'online-retail' })).toThrow("no column 'UnitPrice'");
    expect(() => readAll(csv('a,b'), { format: 'retailrocket' })).toThrow(
      "no column 'timestamp', 'visitorid'",
    );
  });
});

test('recognises each by its header, and taobao by its rows', () => {
  expect(
    recognise('event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session'),
  ).toBe('rees46');
  expect(recognise('timestamp\tvisitorid\tevent\titemid\ttransactionid')).toBe('retailrocket');
  expect(recognise('damaged', '1,2,3,pv,1511544070')).toBe('taobao');
  expect(() => recognise('when,who,what')).toThrow('cannot tell the format of file');
});

describe('parseCsvRecord', () => {
  test.each([
    ['a,b,', ['a', 'b', '']],
    ['', ['']],
    ['"a,1","b ""x"""', ['a,1', 'b "x"']],
    ['12" plate,x', ['12" plate', 'x']],
    ['"",""""', ['', '"']],
    ['"a\nb",c', ['a\nb', 'c']],
  ])('%j', (text, fields) => {
    expect(parseCsvRecord(text, ',')).toEqual(fields);
  });

  test('tells an open quote from a stray one', () => {
    expect(parseCsvRecord('a,"b', ',')).toBe('open quote');
    expect(parseCsvRecord('a,"b""', ',')).toBe('open quote');
    expect(parseCsvRecord('"a"b,c', ',')).toBe('stray quote');
  });

  test('reads any record as a well-known parser does', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'ü', '"', ',', ';', '\n', ' '), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), (fields) => {
        const text = fields
          .map((value) => (/[",;\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
          .join(';');
        expect(parseCsvRecord(text, ';')).toEqual(fields);
        fc.pre(text !== '');
        expect((parse(text, { delimiter: ';' }) as string[][])[0]).toEqual(fields);
      }),
    );
  });
});
