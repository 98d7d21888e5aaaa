import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { map } from '../../src/commands/map.ts';
import { caseFile, fileShop } from '../support/file-shop.ts';
import { configFor } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

async function propose(path: string, options: Parameters<typeof map>[2] = {}) {
  const texts = { out: '', notes: '' };
  const stream = (name: keyof typeof texts) =>
    Object.assign(new PassThrough(), { isTTY: false }).on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
    });
  const context = {
    config: configFor(join(tempDir(), 'shop')),
    stdin: new PassThrough(),
    stdout: stream('out'),
    stderr: stream('notes'),
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  await map(context, path, options);
  return texts;
}

describe('ecom map', () => {
  test.each([
    ['returns-by-sign/pos.csv', { orders: 2, gross: '27.00', refunds: '10.00' }],
    ['decimal-comma/in.csv', { orders: 5, gross: '3728.50' }],
    ['decimal-comma/us.csv', { orders: 2, gross: '1254.49' }],
    ['dates-by-column/in.csv', { orders: 2, gross: '20.00' }],
    ['dates-by-column/uk.csv', { orders: 3, gross: '30.00' }],
    ['local-time/in.csv', { orders: 2, gross: '30.00' }],
    ['reexport-overlap/week1.csv', { orders: 2, gross: '60.00' }],
  ])('proposes a map by which %s is read right', async (name, numbers) => {
    const path = join(tempDir(), basename(name));
    copyFileSync(caseFile(name), path);
    const { out } = await propose(path);
    const mapPath = path.replace(/csv$/, 'map.json');
    expect(out).toContain(`wrote ${mapPath}\nthe first rows, as it reads them:\n  {"time":"20`);
    const shop = fileShop();
    await shop.read(path, { map: mapPath });
    const { kpis } = await shop.stats();
    const { gross, refunds } = kpis.revenue;
    expect({ orders: kpis.orders, gross, refunds }).toMatchObject(numbers);
  });

  test('finds type, unit of time, encoding and columns of one name, and says what it leaves out', async () => {
    const path = join(tempDir(), 'a.csv');
    writeFileSync(
      path,
      Buffer.from(
        'Typ;event;timestamp;Kunde;SKU;Preis;Preis;Währung\nx;view;1767607200;k1;A;1,50;2;EUR\nx;order;1767607201;k1;Ä;1,50;2;EUR\n',
        'latin1',
      ),
    );
    const { out } = await propose(path, { out: '-', json: true });
    const answer = JSON.parse(out) as { map: unknown; remarks: string[]; rows: string[] };
    expect(answer.map).toEqual({
      encoding: 'windows-1252',
      delimiter: ';',
      decimal: ',',
      type: { column: 'event', values: { view: 'view_item', order: 'purchase' } },
      time: { column: 'timestamp', unit: 's' },
      userId: 'Kunde',
      productId: 'SKU',
      price: 6,
      currency: 'Währung',
    });
    expect(answer.remarks).toContain('not used: Typ, Preis');
    expect(answer.rows).toHaveLength(2);
  });

  test('knows the number of an order in a table of Shopify that somebody has saved with decimal commas', async () => {
    const path = join(tempDir(), 'a.csv');
    const rows = [
      'Name;Email;Financial Status;Currency;Subtotal;Shipping;Taxes;Total;Created at;Lineitem quantity;Lineitem name;Lineitem price;Lineitem sku',
      '#1001;käthe@example.com;paid;EUR;50,00;5,00;0,00;55,00;2026-01-05 10:00:00 +0100;1;Käse;20,00;MUG',
      '#1001;käthe@example.com;;;;;;;2026-01-05 10:00:00 +0100;1;Pot;30,00;POT',
    ];
    writeFileSync(path, Buffer.from(`${rows.join('\r\n')}\r\n`, 'latin1'));
    const { notes } = await propose(path);
    expect(notes).not.toContain('no column names an order');
    const shop = fileShop();
    await shop.read(path, { map: path.replace(/csv$/, 'map.json') });
    const { kpis, freshness } = await shop.stats();
    expect(kpis).toMatchObject({ orders: 1, users: 1, revenue: { currency: 'EUR', gross: '50.00' } });
    expect(freshness.rejected).toBe(0);
  });

  test('keeps the country and the user agent, but no bare name of a browser', async () => {
    const path = join(tempDir(), 'a.csv');
    const mapOf = async (agent: string) => {
      writeFileSync(
        path,
        `date,order,sku,price,country,User Agent\n2026-01-05T10:00:00Z,1,A,1.00,DE,${agent}\n`,
      );
      const { out } = await propose(path, { out: '-', json: true });
      return (JSON.parse(out) as { map: { properties: object } }).map.properties;
    };
    expect(await mapOf('Googlebot/2.1')).toEqual({ country: 'country', user_agent: 'User Agent' });
    expect(await mapOf('Chrome')).toEqual({ country: 'country' });
  });

  test.each([
    ['03/04/2026', 'DD/MM/YYYY', 'MM/DD/YYYY'],
    ['3-4-2026 9:05', 'DD-MM-YYYY HH:mm', 'MM-DD-YYYY HH:mm'],
    ['03/04/2026 09:05:10.5', 'DD/MM/YYYY HH:mm:ss.SSS', 'MM/DD/YYYY HH:mm:ss.SSS'],
    ['03/04/2026 9:05 PM', 'DD/MM/YYYY hh:mm A', 'MM/DD/YYYY hh:mm A'],
    ['03/04/2026 09:05+01:00', 'DD/MM/YYYY HH:mmZ', 'MM/DD/YYYY HH:mmZ'],
  ])(
    'of dates that are open, as %s, writes what is to be completed, and says how',
    async (date, day, month) => {
      const path = join(tempDir(), 'a.csv');
      writeFileSync(path, `date,order,sku,price\n${date},1,A,5.00\n`);
      const { out, notes } = await propose(path);
      expect(notes).toContain(`"format": "${day}"} or "${month}"`);
      expect(out).toContain('rejected: bad time');
      const mapPath = path.replace(/csv$/, 'map.json');
      const proposed = JSON.parse(readFileSync(mapPath, 'utf8')) as object;
      const days = async (format: string) => {
        const shop = fileShop();
        await shop.read(path, { map: shop.map({ ...proposed, time: { column: 'date', format } }) });
        const { series } = await shop.stats();
        return series.filter(({ orders }) => orders > 0).map(({ time }) => time.slice(0, 10));
      };
      expect([await days(day), await days(month)]).toEqual([['2026-04-03'], ['2026-03-04']]);
    },
  );

  test('says what to do with a title before the names of the columns', async () => {
    const path = join(tempDir(), 'a.tsv');
    writeFileSync(path, 'Sales of January\t\t\t\ndate\torder\tsku\tprice\n2026-01-05\t1\tA\t5.00\n');
    await expect(propose(path)).rejects.toMatchObject({
      hint: expect.stringContaining('the first line has to name'),
    });
  });

  test('replaces no file unless it is told to, and refuses what has no time', async () => {
    const path = join(tempDir(), 'a.csv');
    writeFileSync(path, 'at,sku\n2026-01-05,A\n');
    await propose(path);
    await expect(propose(path)).rejects.toThrow('is there already');
    await propose(path, { force: true });
    expect(JSON.parse(readFileSync(path.replace('.csv', '.map.json'), 'utf8'))).toMatchObject({ time: 'at' });
    writeFileSync(path, 'name,sku\nx,A\n');
    await expect(propose(path, { force: true })).rejects.toThrow('no column of a.csv looks like a time');
    writeFileSync(path, '{"a":1}\n');
    await expect(propose(path, { force: true })).rejects.toThrow('looks like a time');
  });
});
