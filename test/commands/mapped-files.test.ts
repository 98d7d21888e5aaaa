import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { caseFile, fileShop } from '../support/file-shop.ts';
import { tempDir } from '../support/temp-dir.ts';

type Shop = ReturnType<typeof fileShop>;

/** Amounts by currency. */
async function money(shop: Shop) {
  const { kpis, freshness, series } = await shop.stats();
  const { orders, revenue } = kpis;
  const others = revenue.others.filter(({ gross }) => gross !== '0.00');
  return {
    orders,
    gross: Object.fromEntries([revenue, ...others].map(({ currency, gross }) => [currency, gross])),
    refunds: revenue.refunds,
    rejected: freshness.rejectedByReason,
    days: series.filter((point) => point.orders > 0).map(({ time }) => time.slice(0, 10)),
  };
}

const ORDER = { type: { value: 'purchase' }, orderId: 'order', productId: 'sku', price: 'price' };

describe('amounts of a mapped file', () => {
  test('are read as people write them, or rejected', async () => {
    const shop = fileShop();
    const file = caseFile('decimal-comma/in.csv');
    await shop.read(file, { map: caseFile('decimal-comma/map.json') });
    // 12,50, three times 1234,50, and 12,50 €, which says what the column is in.
    expect(await money(shop)).toMatchObject({
      orders: 5,
      gross: { EUR: '3728.50' },
      rejected: { 'bad price': 3 },
    });
    const us = fileShop();
    await us.read(caseFile('decimal-comma/us.csv'), { map: caseFile('decimal-comma/us.map.json') });
    expect(await money(us)).toMatchObject({ orders: 2, gross: { USD: '1254.49' }, rejected: {} });
  });

  test('are in the currency of the map where it names one, and each in its own where signs differ', async () => {
    const rows = 'at,order,sku,price\n2026-01-05,1,A,£5.00\n2026-01-05,2,A,6.00 €\n2026-01-05,3,A,7.00\n';
    const shop = fileShop();
    await shop.readText('a.csv', rows, { map: shop.map({ ...ORDER, time: 'at' }) });
    expect(await money(shop)).toMatchObject({ gross: { USD: '7.00', EUR: '6.00', GBP: '5.00' } });
    const other = fileShop();
    await other.readText('a.csv', rows, {
      map: other.map({ ...ORDER, time: 'at', currency: { value: 'CHF' } }),
    });
    expect(await money(other)).toMatchObject({ gross: { CHF: '18.00' } });
  });

  test('in the smallest units of a currency are that', async () => {
    const shop = fileShop();
    const map = shop.map({ ...ORDER, time: 'at', currency: 'cur', minorUnits: true });
    await shop.readText(
      'a.csv',
      'at,order,sku,price,cur\n2026-01-05,1,A,1999,EUR\n2026-01-05,2,A,1999,JPY\n2026-01-05,3,A,1999,KWD\n',
      { map },
    );
    expect((await money(shop)).gross).toMatchObject({ EUR: '19.99', KWD: '1.999' });
    expect(Number((await money(shop)).gross.JPY)).toBe(1999);
  });

  test('may be those of lines, and refunds where they are negative', async () => {
    const shop = fileShop();
    const map = JSON.parse(readFileSync(caseFile('returns-by-sign/map.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    const { price, ...rest } = map;
    await shop.read(caseFile('returns-by-sign/pos.csv'), {
      map: shop.map({ ...rest, lineTotal: price, negative: 'refund' }),
    });
    expect(await money(shop)).toMatchObject({
      orders: 2,
      gross: { USD: '27.00' },
      refunds: '10.00',
      rejected: {},
    });
  });

  test('of a line that its quantity does not divide count exactly', async () => {
    const shop = fileShop();
    const map = shop.map({
      type: { value: 'purchase' },
      time: 'at',
      orderId: 'order',
      productId: 'sku',
      quantity: 'qty',
      lineTotal: 'sum',
    });
    await shop.readText('a.csv', 'at,order,sku,qty,sum\n2026-01-05,1,A,3,10.00\n2026-01-05,2,A,7,0.05\n', {
      map,
    });
    expect(await money(shop)).toMatchObject({ gross: { USD: '10.05' } });
  });

  test('of parts of units count as one unit that costs what they come to', async () => {
    const shop = fileShop();
    const map = shop.map({ ...ORDER, time: 'at', quantity: 'kg', decimal: ',', delimiter: ';' });
    await shop.readText(
      'a.csv',
      'at;order;sku;price;kg\n2026-01-05;1;A;19,90;0,350\n2026-01-05;2;A;2,00;1.000\n',
      { map },
    );
    const { kpis } = await shop.stats();
    expect(kpis.revenue.gross).toBe('2006.965');
    expect(kpis.unitsSold).toBe(1001);
  });

  test('without a product keep their money', async () => {
    const shop = fileShop();
    const map = shop.map({ ...ORDER, time: 'at' });
    await shop.readText('a.csv', 'at,order,sku,price\n2026-01-05,1,A,5.00\n2026-01-05,1,,3.50\n', { map });
    expect(await money(shop)).toMatchObject({ orders: 1, gross: { USD: '8.50' } });
  });

  test('without a product keep what they say of the whole order, and are counted in the summary', async () => {
    const shop = fileShop();
    const map = shop.map({
      ...{ ...ORDER, time: 'at', quantity: 'n', status: 'state', negative: 'refund' },
      ...{ revenue: 'net', total: 'sum', tax: 'vat', shipping: 'post', discount: 'off' },
    });
    const { out } = await shop.readText(
      'a.csv',
      [
        'at,order,sku,price,n,state,net,sum,vat,post,off',
        '2026-01-05,1,A,5.00,2,paid,,,,,', // a product, which counts as it says
        '2026-01-05,1,,,,,,14.00,1.00,3.00,2.00', // and what its order is worth besides
        '2026-01-05,2,,,,paid,20.00,,,,', // before tax and shipping
        '2026-01-05,3,,,,paid,,30.00,4.00,6.00,', // with both
        '2026-01-05,4,,,,refunded,,40.00,,,', // bought, then given back
        '2026-01-05,5,,-7.00,1,,,,,,', // given back of an order that never came
        '2026-01-05,6,,,,paid,,,,,', // worth nothing that anybody says
        '2026-01-05,7,A,1.00,,paid,,,,,', // a product
      ].join('\n'),
      { map },
    );
    expect(await money(shop)).toMatchObject({
      orders: 6,
      gross: { USD: '91.00' },
      refunds: '47.00',
      rejected: {},
    });
    expect(out).toContain('1 order without amount');
    expect(out).toContain(
      "  5 lines of orders name no product: their money counts, as '(not set)' where a price is given\n",
    );
    const again = await shop.readText('b.csv', 'at,order,sku,price\n2026-01-06,8,A,1.00\n', {
      map: shop.map({ ...ORDER, time: 'at' }),
    });
    expect(again.out).not.toContain('no product');
  });
});

describe('times of a mapped file', () => {
  test('begin with the day where the column shows it', async () => {
    const shop = fileShop();
    await shop.read(caseFile('dates-by-column/uk.csv'));
    const { series, kpis } = await shop.stats();
    expect(kpis).toMatchObject({ orders: 3, revenue: { currency: 'GBP', gross: '30.00' } });
    expect(series.filter(({ orders }) => orders > 0).map(({ time }) => time.slice(0, 10))).toEqual([
      '2011-02-05',
      '2011-02-13',
      '2011-02-28',
    ]);
    const german = fileShop();
    await german.read(caseFile('dates-by-column/in.csv'), { map: caseFile('dates-by-column/map.json') });
    expect(await money(german)).toMatchObject({
      gross: { USD: '20.00' },
      days: ['2026-02-05', '2026-02-13'],
    });
  });

  test('are decided by a row far behind the beginning', async () => {
    const shop = fileShop();
    const map = shop.map({ ...ORDER, time: 'at' });
    const row = (date: string, i: number) => `${date} 10:00,${i},A,1.00\n`;
    const many = Array.from({ length: 6000 }, (_, i) => row('05/02/2026', i)).join('');
    await shop.readText('a.csv', `at,order,sku,price\n${many}${row('13/02/2026', 6000)}`, { map });
    expect(await money(shop)).toMatchObject({ orders: 6001, days: ['2026-02-05', '2026-02-13'] });
  });

  test('that leave it open are refused, and read once the map says it', async () => {
    const shop = fileShop();
    const rows = 'at,order,sku,price\n05/02/2026 10:00,1,A,1.00\n06/02/2026 10:00,2,A,1.00\n';
    await expect(shop.readText('a.csv', rows, { map: shop.map({ ...ORDER, time: 'at' }) })).rejects.toThrow(
      "'05/02/2026 10:00' in its column 'at' may begin with the day or with the month, and no row tells",
    );
    const time = { column: 'at', format: 'DD/MM/YYYY HH:mm' };
    await shop.readText('a.csv', rows, { map: shop.map({ ...ORDER, time }) });
    expect((await money(shop)).days).toEqual(['2026-02-05', '2026-02-06']);
  });

  test('are those of the shop where nobody names a zone, of the map where it names one', async () => {
    const map = caseFile('local-time/map.json');
    const from = { from: Date.UTC(2026, 6, 4, 22), to: Date.UTC(2026, 6, 5, 22) };
    const sales = async (shop: Shop) => {
      const { kpis } = await shop.stats(from);
      return [kpis.orders, kpis.revenue.gross];
    };
    const shop = fileShop({ ECOM_TIMEZONE: 'Europe/Berlin' });
    await shop.read(caseFile('local-time/in.csv'), { map });
    expect(await sales(shop)).toEqual([1, '10.00']);
    const other = fileShop();
    const zoned = { ...(JSON.parse(readFileSync(map, 'utf8')) as object), timeZone: 'Europe/Berlin' };
    await other.read(caseFile('local-time/in.csv'), { map: other.map(zoned) });
    expect(await sales(other)).toEqual([1, '10.00']);
    const utc = fileShop();
    await utc.read(caseFile('local-time/in.csv'), { map });
    expect((await money(utc)).days).toEqual(['2026-07-05', '2026-07-06']);
  });
});

describe('files that a map describes', () => {
  test('may have columns by number, and no header', async () => {
    const shop = fileShop();
    const map = shop.map({
      header: false,
      type: { value: 'purchase' },
      time: 1,
      orderId: 2,
      productId: 3,
      price: 4,
    });
    await shop.readText('a.csv', '2026-01-05,1,A,5.00\n2026-01-06,2,B,6.00\n', { map });
    expect(await money(shop)).toMatchObject({ orders: 2, gross: { USD: '11.00' } });
  });

  test('are refused where two columns have the name that it means', async () => {
    const shop = fileShop();
    const rows = 'at,order,sku,price,price\n2026-01-05,1,A,5.00,6.00\n';
    await expect(shop.readText('a.csv', rows, { map: shop.map({ ...ORDER, time: 'at' }) })).rejects.toThrow(
      "a.csv has two columns 'price': 4 and 5",
    );
    await shop.readText('a.csv', rows, { map: shop.map({ ...ORDER, time: 'at', price: 5 }) });
    expect(await money(shop)).toMatchObject({ gross: { USD: '6.00' } });
  });

  test('may be in another encoding, which is told', async () => {
    const text = 'at,order,sku,name,price\n2026-01-05,1,A,Käse für 2 €,5.00\n2026-01-06,2,B,Brötchen,6.00\n';
    for (const [encoding, content, name] of [
      ['utf-16le', Buffer.from(`\ufeff${text}`, 'utf16le'), 'Käse für 2 €'],
      ['utf-16le', Buffer.from(text, 'utf16le'), 'Käse für 2 €'],
      ['utf-16be', Buffer.from(`\ufeff${text}`, 'utf16le').swap16(), 'Käse für 2 €'],
      ['windows-1252', Buffer.from(text.replaceAll('€', '\u0080'), 'latin1'), 'Käse für 2 €'],
      [
        'windows-1252',
        Buffer.from(
          `${text.slice(0, 24)}${'2026-01-05,1,C,tea,1.00\n'.repeat(6000)}${text.slice(24)}`.replaceAll(
            '€',
            '\u0080',
          ),
          'latin1',
        ),
        'Käse für 2 €',
      ],
    ] as const) {
      const shop = fileShop();
      const { out } = await shop.readText('a.csv', content, {
        map: shop.map({ ...ORDER, time: 'at', name: 'name' }),
      });
      expect(out).toContain(`read as ${encoding}`);
      const { topProducts } = await shop.stats();
      expect(topProducts.map(({ name: product }) => product)).toContain(name);
    }
  });

  test('in another encoding than the usual ones are read as the map says', async () => {
    const shop = fileShop();
    const content = Buffer.concat([
      Buffer.from('at,order,sku,name,price\n2026-01-05,1,A,'),
      Buffer.from([0xf7, 0xe0, 0xe9]),
      Buffer.from(',5.00\n'),
    ]);
    const map = shop.map({ ...ORDER, time: 'at', name: 'name', encoding: 'windows-1251' });
    await shop.readText('a.csv', content, { map });
    expect((await shop.stats()).topProducts[0]).toMatchObject({ name: 'чай' });
  });

  test('may leave out what the row before has said of the order', async () => {
    const shop = fileShop();
    const map = shop.map({ ...ORDER, time: 'at', userId: 'who', currency: 'cur', fillDown: true });
    await shop.readText(
      'a.csv',
      'order,at,who,cur,sku,price\n1,2026-01-05,u1,EUR,A,5.00\n1,,,,B,6.00\n,,,,C,7.00\n2,2026-01-06,,EUR,A,1.00\n',
      { map },
    );
    const { kpis } = await shop.stats();
    expect(kpis).toMatchObject({ orders: 2, users: 1, revenue: { currency: 'EUR', gross: '19.00' } });
  });

  test('say by a status which orders count', async () => {
    const shop = fileShop();
    const map = shop.map({
      ...ORDER,
      time: 'at',
      status: { column: 'state', values: { 'in Arbeit': 'paid', storniert: 'cancelled' } },
    });
    await shop.readText(
      'a.csv',
      'at,order,sku,price,state\n2026-01-05,1,A,5.00,in Arbeit\n2026-01-05,2,A,6.00,storniert\n2026-01-05,3,A,7.00,On Hold\n2026-01-05,4,A,8.00,Refunded\n2026-01-05,5,A,9.00,lost\n',
      { map },
    );
    expect(await money(shop)).toMatchObject({
      orders: 2,
      gross: { USD: '13.00' },
      refunds: '8.00',
      rejected: { 'unknown status': 1 },
    });
  });

  test('may say what a whole order is worth, without products', async () => {
    const shop = fileShop();
    const map = shop.map({
      type: { value: 'purchase' },
      time: 'at',
      orderId: 'order',
      orderLines: false,
      revenue: 'net',
      total: 'sum',
      tax: 'vat',
      shipping: 'post',
    });
    await shop.readText('a.csv', 'at,order,net,sum,vat,post\n2026-01-05,1,20.00,28.80,3.80,5.00\n', { map });
    expect(await money(shop)).toMatchObject({ orders: 1, gross: { USD: '20.00' }, rejected: {} });
  });

  test('may be JSON, with paths for columns', async () => {
    const shop = fileShop();
    const map = shop.map({
      type: { value: 'purchase' },
      time: 'meta.created',
      orderId: 'number',
      userId: 'customer.id',
      items: 'lines',
      productId: 'article.sku',
      price: 'unit',
      quantity: 'n',
      currency: 'currency',
      properties: { country: 'customer.address.country' },
    });
    const order = (number: number) => ({
      meta: { created: '2026-01-05T10:00:00Z' },
      number,
      customer: { id: 9007199254740990 + number, address: { country: 'DE' } },
      currency: 'EUR',
      lines: [
        { article: { sku: 'A' }, unit: 2.5, n: 2 },
        { article: { sku: 'B' }, unit: '1.25' },
      ],
    });
    await shop.readText('a.json', JSON.stringify([order(1), order(2)], undefined, 2), { map });
    await shop.readText('b.jsonl', `${JSON.stringify(order(2))}\n${JSON.stringify(order(3))}\n`, { map });
    expect(await money(shop)).toMatchObject({ orders: 3, gross: { EUR: '18.75' } });
  });

  test('is told which paths of JSON are in no record, as a mistyped one is', async () => {
    const shop = fileShop();
    const map = shop.map({
      type: { value: 'purchase' },
      time: 'at',
      orderId: 'o.nope',
      userId: 'o.user',
      items: 'o.lines',
      productId: 'sku',
      price: 'unit',
    });
    const order = (user?: string) => ({
      at: '2026-01-05T10:00:00Z',
      o: { id: 1, user, lines: [{ sku: 'A', unit: 2 }] },
    });
    const content = JSON.stringify([order(), order('u1')]);
    const { notes, out } = await shop.readText('a.json', content, { map });
    expect(notes + out).toContain('in no record: o.nope of the map; nothing is read there');
    const answer = await shop.readText('b.json', content.replaceAll('A', 'B'), { map, json: true });
    expect(JSON.parse(answer.out)).toMatchObject({ unfound: ['o.nope'] });
  });
});

describe('JSON that a map describes', () => {
  const MAP = {
    ...{ type: { value: 'purchase' }, time: 'meta.at', orderId: 'no', items: 'lines' },
    ...{ productId: 'sku', price: 'unit', quantity: 'n' },
  };
  const order = (no: number, at: string, unit: unknown = '1.00', more = {}) => ({
    no,
    meta: { at },
    lines: [{ sku: 'A', unit, ...more }],
  });
  const lines = (...records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

  test('has the day or the month first as all of its records say, however it is laid out', async () => {
    const orders = [order(1, '05/02/2026 10:00'), order(2, '13/02/2026 10:00')];
    for (const content of [
      lines(...orders),
      lines(...orders.toReversed()),
      JSON.stringify(orders, undefined, 2),
      lines({ list: orders }),
    ]) {
      const shop = fileShop();
      const map = shop.map({ ...MAP, ...(content.includes('"list"') && { records: 'list' }) });
      await shop.readText('a.json', content, { map });
      expect(await money(shop)).toMatchObject({ days: ['2026-02-05', '2026-02-13'], rejected: {} });
    }
    const shop = fileShop();
    const many = Array.from({ length: 3000 }, (_, i) => order(i, '02/05/2026'));
    await shop.readText('a.json', lines(...many, order(3000, '02/13/2026')), { map: shop.map(MAP) });
    expect(await money(shop)).toMatchObject({ orders: 3001, days: ['2026-02-05', '2026-02-13'] });
  });

  test('is refused where no date tells, each file by itself, and read once the map says it', async () => {
    const shop = fileShop();
    const map = shop.map(MAP);
    const open = lines(order(1, '05/02/2026 10:00'), order(2, '06/02/2026 10:00'));
    const refused =
      "'05/02/2026 10:00' in its column 'meta.at' may begin with the day or with the month, and no row tells";
    await expect(shop.readText('a.json', open, { map })).rejects.toThrow(refused);
    const clear = join(tempDir(), 'b.json');
    const unclear = join(tempDir(), 'c.json');
    writeFileSync(clear, lines(order(3, '13/02/2026 10:00')));
    writeFileSync(unclear, open);
    await expect(shop.read([clear, unclear], { map })).rejects.toThrow('1 of 2 files could not be read');
    await expect(shop.read('-', { map }, open)).rejects.toThrow('and its beginning does not tell');
    const time = { column: 'meta.at', format: 'MM/DD/YYYY HH:mm' };
    await shop.readText('d.json', open, { map: shop.map({ ...MAP, time }) });
    expect((await money(shop)).days).toEqual(['2026-02-13', '2026-05-02', '2026-06-02']);
  });

  test('has amounts as people write them, in the currency of their signs, and numbers with a point', async () => {
    const shop = fileShop();
    const at = '2026-01-05T10:00:00Z';
    await shop.readText(
      'a.json',
      lines(
        order(1, at, '1.234,50 €'),
        order(2, at, '10,00'),
        // In a text, this is a thousand and more.
        order(3, at, 1.125, { n: 2.5 }),
        order(4, at, '10.00'),
      ),
      { map: shop.map({ ...MAP, decimal: ',' }) },
    );
    expect(await money(shop)).toMatchObject({
      gross: { EUR: '1247.3125' },
      rejected: { 'bad price': 1 },
    });
  });

  test('may count cents, give back by a sign, and have words of a status', async () => {
    const shop = fileShop();
    const at = '2026-01-05T10:00:00Z';
    const map = shop.map({
      ...{ ...MAP, minorUnits: true, negative: 'refund', currency: { value: 'EUR' } },
      status: { column: 'paid', values: { true: 'paid', false: 'pending' } },
    });
    await shop.readText(
      'a.json',
      lines(
        { ...order(1, at, 1999), paid: true },
        { ...order(2, at, 500), paid: false },
        { ...order(1, at, 999, { n: -1 }), paid: true },
        { ...order(3, at, 500), paid: 'perhaps' },
      ),
      { map },
    );
    expect(await money(shop)).toMatchObject({
      orders: 1,
      gross: { EUR: '19.99' },
      refunds: '9.99',
      rejected: { 'unknown status': 1 },
    });
  });

  test('may leave out what the record before has said of the order', async () => {
    const shop = fileShop();
    const map = shop.map({
      ...{ type: { value: 'purchase' }, time: 'at', orderId: 'no', userId: 'who' },
      ...{ currency: 'cur', productId: 'sku', price: 'unit', fillDown: ['no', 'at', 'who', 'cur'] },
    });
    await shop.readText(
      'a.json',
      lines(
        { no: 1, at: '2026-01-05', who: 'u1', cur: 'EUR', sku: 'A', unit: 5 },
        { no: 1, at: null, sku: 'B', unit: 6 },
        { no: '', sku: 'C', unit: 7 },
        { no: 2, at: '2026-01-06', cur: 'EUR', sku: 'A', unit: 1 },
      ),
      { map },
    );
    const { kpis } = await shop.stats();
    expect(kpis).toMatchObject({ orders: 2, users: 1, revenue: { currency: 'EUR', gross: '19.00' } });
  });

  test('may be in the encoding that the map names', async () => {
    const shop = fileShop();
    const text = lines(order(1, '2026-01-05', '1.00', { title: 'Käse' }));
    const map = shop.map({ ...MAP, name: 'title', encoding: 'windows-1252' });
    await shop.readText('a.json', Buffer.from(text, 'latin1'), { map });
    expect((await shop.stats()).topProducts[0]).toMatchObject({ name: 'Käse' });
  });
});
