import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { caseFile, fileShop } from '../support/file-shop.ts';
import { tempDir } from '../support/temp-dir.ts';

async function numbers(shop: ReturnType<typeof fileShop>) {
  const { kpis, freshness } = await shop.stats();
  const { events, orders, users, revenue } = kpis;
  return { events, orders, users, gross: revenue.gross, duplicates: freshness.duplicates };
}

describe('rows without an id that come again', () => {
  test('in an export that overlaps the one before count once, and are told', async () => {
    const shop = fileShop();
    const map = caseFile('reexport-overlap/map.json');
    await shop.read(caseFile('reexport-overlap/week1.csv'), { map });
    const { out } = await shop.read(caseFile('reexport-overlap/week2.csv'), { map });
    expect(await numbers(shop)).toMatchObject({ orders: 3, gross: '70.00', duplicates: 2 });
    expect(out).toContain(
      '2 counted before: they do not count again; most of it is known from other files\n',
    );
    const again = await shop.read(caseFile('reexport-overlap/jan.csv'), { map, json: true });
    expect(JSON.parse(again.out)).toMatchObject({ state: 'ingested', events: 2, duplicates: 2 });
    expect(await numbers(shop)).toMatchObject({ orders: 3, gross: '70.00' });
  });

  test('in the table of the day that goes on and in that of the day count once', async () => {
    const shop = fileShop();
    await shop.read(caseFile('ga4-intraday-daily/events_intraday_20260105.jsonl'));
    await shop.read(caseFile('ga4-intraday-daily/events_20260105.jsonl'));
    expect(await numbers(shop)).toMatchObject({ events: 3, duplicates: 3 });
    // What the table of the day says more does not make it another event, nor does a second table in one file.
    const daily = readFileSync(caseFile('ga4-intraday-daily/events_20260105.jsonl'), 'utf8');
    const more = daily.replaceAll(
      '"event_params":[',
      '"user_id":"","traffic_source":{"medium":"cpc"},"event_params":[',
    );
    await shop.readText('both.jsonl', more + daily);
    expect(await numbers(shop)).toMatchObject({ events: 3, duplicates: 9 });
  });

  test('through a pipe that is started again count once', async () => {
    const shop = fileShop();
    const lines = readFileSync(caseFile('tail-restart/events.jsonl'), 'utf8').trimEnd().split('\n');
    await shop.read('-', {}, `${lines.slice(2, 5).join('\n')}\n`);
    await shop.read('-', {}, `${lines.slice(3, 7).join('\n')}\n`);
    expect(await numbers(shop)).toMatchObject({ events: 5, users: 5, duplicates: 2 });
  });

  test('in the mended copy of a file count once', async () => {
    const shop = fileShop();
    const map = caseFile('fixed-file/map.json');
    await shop.read(caseFile('fixed-file/orders.csv'), { map });
    await shop.read(caseFile('fixed-file/orders-fixed.csv'), { map });
    expect(await numbers(shop)).toMatchObject({ orders: 2, gross: '20.00' });
  });

  test('are two where one file has two that are equal, and still two where another file has both', async () => {
    const shop = fileShop();
    const map = shop.map({ type: { value: 'purchase' }, time: 'at', productId: 'sku', price: 'price' });
    const header = 'at,sku,price\n';
    const [sale, other] = ['2026-01-05 10:00:00,A,5.00\n', '2026-01-05 11:00:00,B,7.00\n'];
    await shop.readText('one.csv', header + sale + other, { map });
    await shop.readText('two.csv', header + sale + sale, { map });
    await shop.readText('three.csv', header + other + sale + sale, { map });
    expect(await numbers(shop)).toMatchObject({ events: 3, orders: 3, gross: '17.00', duplicates: 4 });
  });

  test('count once whatever the order of the columns, the quotes, the line ends and the packing', async () => {
    const shop = fileShop();
    const map = shop.map({
      type: { value: 'purchase' },
      time: 'at',
      orderId: 'order',
      productId: 'sku',
      price: 'price',
    });
    await shop.readText(
      'a.csv',
      'at,order,sku,price\n2026-01-05 10:00:00,1,A,5.00\n2026-01-05 10:00:00,2,B,6.00\n',
      {
        map,
      },
    );
    await shop.readText(
      'b.csv',
      gzipSync(
        '\ufeff"price","at","note","sku","order"\r\n"6.00","2026-01-05 10:00:00","x ""y""","B","2"\r\n',
      ),
      { map },
    );
    expect(await numbers(shop)).toMatchObject({ orders: 2, gross: '11.00', duplicates: 1 });
  });

  const asSaved = (csv: string): string => csv.replace(/\.0+(?=,|\n)|(\.\d*[1-9])0+(?=,|\n)/g, '$1');
  const order = { type: { value: 'purchase' }, time: 'at', orderId: 'order', productId: 'sku' };
  const table =
    'at,order,sku,qty,price\n2026-01-05 10:00:00,1,A,1.0,5.00\n2026-01-05 10:00:00,1,B,2.0,6.50\n';

  test.each([
    ['with a price', { ...order, quantity: 'qty', price: 'price' }, table, '18.00'],
    ['with the amount of a line', { ...order, quantity: 'qty', lineTotal: 'price' }, table, '11.50'],
    ['with a tax', { ...order, quantity: 'qty', price: 'price', tax: 'price' }, table, '18.00'],
    [
      'of online retail',
      undefined,
      'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n1,A,Tea,2,2010-12-01 08:26:00,2.50,17850.0,United Kingdom\n',
      '5.00',
    ],
    [
      'of REES46',
      undefined,
      'event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n2019-10-01 00:00:01 UTC,purchase,39,20,a,b,33.20,5,93\n',
      '33.20',
    ],
    [
      'of Shopify',
      undefined,
      'Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku\n#1,a@x,paid,USD,20.00,5.00,0.00,25.00,2026-01-05 10:00:00 +0100,1,Mug,20.00,M\n',
      '20.00',
    ],
  ])(
    'count once from a table %s that a spreadsheet has saved, without the zeros of its amounts',
    async (_, map, csv, gross) => {
      expect(asSaved(csv)).not.toBe(csv);
      const shop = fileShop();
      const options = map === undefined ? {} : { map: shop.map(map) };
      await shop.readText('a.csv', csv, options);
      const before = await numbers(shop);
      expect(before).toMatchObject({ orders: 1, gross, duplicates: 0 });
      await shop.readText('b.csv', asSaved(csv), options);
      expect(await numbers(shop)).toEqual({ ...before, duplicates: before.events });
    },
  );

  test('count once whatever the order of the fields of a line, its spaces and the form of its time and amounts', async () => {
    const shop = fileShop();
    await shop.readText(
      'a.jsonl',
      '{"type":"view_item","time":"2026-01-05T10:00:00Z","userId":"u","items":[{"productId":"A","price":"1.0"}],"query":null}\n',
    );
    await shop.readText(
      'b.jsonl',
      '{"items": [{"price": 1, "productId": "A"}], "userId": "u", "time": 1767607200000, "type": "view_item"}\n',
    );
    expect(await numbers(shop)).toMatchObject({ events: 1, duplicates: 1 });
  });

  /** Spellings of 10, 1.5 and 0.5, and of two units, as programs write them. */
  const spellings = [
    ['10', '1.5', '0.5', '2'],
    ['10.00', '1.50', '0.50', '2.0'],
    ['10.', '1.500', '.5', '2.00'],
    ['10.0', '1.5000', '.50', '2'],
  ] as const;
  const amounts = { price: 'price', tax: 'tax', shipping: 'shipping', quantity: 'qty' };
  const native = { type: 'purchase', time: '2026-01-05T10:00:00Z', userId: 5, orderId: 1, currency: 'EUR' };
  test.each([
    [
      'of a CSV with a map',
      'csv',
      ([price, tax, shipping, qty]: readonly string[]) =>
        `at,order,sku,qty,price,tax,shipping\n2026-01-05 10:00:00,1,A,${qty},${price},${tax},${shipping}\n`,
    ],
    [
      'of JSON with a map',
      'jsonl',
      ([price, tax, shipping, qty]: readonly string[], isText: boolean) => {
        const row = { at: '2026-01-05 10:00:00', order: '1', sku: 'A', qty, price, tax, shipping };
        return `${JSON.stringify(row, (name, value) => (/^(?:order|qty|price|tax|shipping)$/.test(name) && !isText ? Number(value) : value))}\n`;
      },
    ],
    [
      'of our own, without an id',
      'jsonl',
      ([price, tax, shipping, quantity]: readonly string[], isText: boolean) => {
        const of = <T>(text: T) => (isText ? text : Number(text));
        const [userId, orderId, productId] = ['5', '1', '7'].map(of);
        const items = [{ productId, price: of(price), quantity: of(quantity) }];
        return `${JSON.stringify({ ...native, userId, orderId, tax: of(tax), shipping: of(shipping), items })}\n`;
      },
    ],
  ] as const)('count once however their numbers are written: %s', async (what, ext, write) => {
    const shop = fileShop();
    const options = what.endsWith('map') ? { map: shop.map({ ...order, ...amounts }) } : {};
    for (const [i, spelling] of spellings.entries())
      for (const isText of [true, false])
        await shop.readText(`${i}${isText}.${ext}`, write(spelling, isText), options);
    expect(await numbers(shop)).toMatchObject({ events: 1, gross: '20.00' });
  });

  test('that have an id under another name are known by that', async () => {
    const shop = fileShop();
    const row = (second: number) =>
      `{"type":"page_view","time":"2026-01-05T10:00:0${second}Z","event_id":"e1","user_id":"u"}\n`;
    await shop.readText('a.jsonl', row(1) + row(2));
    expect(await numbers(shop)).toMatchObject({ events: 1, duplicates: 1 });
  });

  test('are told apart from what a file had already when it has grown', async () => {
    const shop = fileShop();
    const row = '{"type":"page_view","time":"2026-01-05T10:00:00Z","userId":"u"}\n';
    const path = join(tempDir(), 'grows.jsonl');
    writeFileSync(path, row);
    await shop.read(path);
    writeFileSync(path, row + row);
    await shop.read(path);
    expect(await numbers(shop)).toMatchObject({ events: 2, duplicates: 0 });
    await shop.read('-', {}, row.repeat(4));
    expect(await numbers(shop)).toMatchObject({ events: 4, duplicates: 0 });
  });

  test('lines that are rejected are duplicates too where they come again', async () => {
    const shop = fileShop();
    const row = (time: string) => `{"type":"page_view","time":"${time}","userId":"u"}\n`;
    await shop.readText('a.jsonl', row('2026-01-05T10:00:00Z') + row('soon'));
    await shop.readText('b.jsonl', row('soon') + row('2026-01-06T10:00:00Z'));
    const { freshness } = await shop.stats();
    expect(freshness).toMatchObject({ rejected: 1, duplicates: 1 });
  });

  test('count as often as in the file that has them most often, whatever files they come in', async () => {
    const contents = fc.array(fc.nat(4), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(contents, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (files, isJson) => {
          const shop = fileShop();
          const map = shop.map({ type: { value: 'search' }, time: 'at', userId: 'who' });
          for (const [i, rows] of files.entries()) {
            const lines = rows.map((row) =>
              isJson
                ? `{"type":"search","time":"2026-01-05T10:00:0${row}Z","userId":"u"}`
                : `2026-01-05 10:00:0${row},u`,
            );
            if (isJson) await shop.readText(`${i}.jsonl`, `${lines.join('\n')}\n`);
            // Files that begin alike are told apart by how they go on.
            else await shop.readText(`${i}.csv`, `${['at,who', ...lines].join('\n')}\n`, { map });
          }
          const most = [0, 1, 2, 3, 4].map((content) =>
            Math.max(...files.map((rows) => rows.filter((row) => row === content).length)),
          );
          const { events } = await numbers(shop);
          expect(events).toBe(most.reduce((sum, count) => sum + count, 0));
        },
      ),
      { numRuns: 5 },
    );
  });
});
