import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { map } from '../../src/commands/map.ts';
import { fileShop } from '../support/file-shop.ts';
import { configFor } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

// Headers as shops and markets export them, with rows that we made.

/** What is proposed for a file, and what counts by that. */
async function proposed(content: string | Buffer, name = 'in.csv', encoding?: string) {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  const out = Object.assign(new PassThrough(), { isTTY: false });
  const streams = { stdin: new PassThrough(), stdout: out, stderr: new PassThrough() };
  const { signal } = new AbortController();
  const config = configFor(join(tempDir(), 'shop'));
  await map({ config, ...streams, signal } as unknown as CommandContext, path, {
    json: true,
    ...(encoding !== undefined && { encoding }),
  });
  const answer = JSON.parse(String(out.read())) as {
    path: string;
    map: Record<string, unknown>;
    remarks: string[];
    rows: string[];
  };
  expect(JSON.parse(readFileSync(answer.path, 'utf8'))).toEqual(answer.map);
  const shop = fileShop();
  await shop.read(path, { map: answer.path });
  const { kpis, freshness } = await shop.stats();
  const { gross, refunds, currency } = kpis.revenue;
  const counted = [kpis.orders, kpis.unitsSold, gross, refunds, currency, freshness.rejectedByReason];
  return { ...answer, remarks: answer.remarks.join('\n'), counted };
}

const rows = (...all: string[]): string => `${all.join('\n')}\n`;

describe('orders of', () => {
  test('BigCommerce: a row each, with statuses and what it is worth', async () => {
    const {
      map: found,
      remarks,
      counted,
    } = await proposed(
      rows(
        'Order ID,Customer ID,Order Date,Order Status,Subtotal (ex tax),Tax Total,Shipping Cost (ex tax),Order Total (inc tax),Order Currency Code,Refund Amount',
        '101,7,05/01/2026,Awaiting Fulfillment,20.00,2.00,5.00,27.50,EUR,0.00',
        '102,8,25/01/2026,Partially Refunded,20.00,2.00,5.00,27.50,EUR,10.00',
        '103,8,25/01/2026,Disputed,20.00,2.00,5.00,27.50,EUR,0.00',
        '104,8,25/01/2026,Awaiting Payment,20.00,2.00,5.00,27.50,EUR,0.00',
      ),
    );
    expect(found).toMatchObject({
      status: {
        column: 'Order Status',
        values: {
          'Awaiting Fulfillment': 'paid',
          'Partially Refunded': 'paid',
          'Awaiting Payment': 'pending',
        },
      },
      revenue: 'Subtotal (ex tax)',
    });
    expect(remarks).toContain(
      "'Order Status' has 'Disputed': say in its \"values\" whether that is paid, pending",
    );
    expect(remarks).toContain("'Refund Amount' is not read");
    expect(counted).toEqual([2, 0, '40.00', '0.00', 'EUR', { 'unknown status': 1 }]);
  });

  test('PrestaShop in French, and WooCommerce Analytics: without products', async () => {
    const french = await proposed(
      rows(
        'ID;Référence;Client;Total;Paiement;État;Date',
        '1;XKB;A. Bee;"1 050,50 €";Chèque;Payé;2026-01-05 10:00:00',
        '2;OHS;C. Dee;"29,00 €";Chèque;Annulé;2026-01-05 11:00:00',
      ),
    );
    expect(french.counted).toEqual([1, 0, '1050.50', '0.00', 'EUR', {}]);
    const analytics = await proposed(
      rows(
        'Date,"Order #",Status,"Product(s)","Items sold","N. Revenue"',
        '2026-01-05,801,completed,"2× Mug",2,12',
      ),
    );
    expect(analytics.counted).toEqual([1, 0, '12.00', '0.00', 'USD', {}]);
  });

  test('Amazon: its price is that of a whole line', async () => {
    const { counted } = await proposed(
      rows(
        'amazon-order-id\tpurchase-date\torder-status\tproduct-name\tsku\tquantity\tcurrency\titem-price\titem-tax\tshipping-price',
        '111-1\t2026-01-05T10:00:00+00:00\tShipped\tMug\tMUG\t2\tUSD\t20.00\t1.00\t3.00',
        '111-2\t2026-01-05T11:00:00+00:00\tCancelled\tMug\tMUG\t1\tUSD\t10.00\t\t',
      ),
      'in.txt',
    );
    expect(counted).toEqual([1, 2, '20.00', '0.00', 'USD', {}]);
  });

  test('Squarespace: what only the first row of an order says holds for the others', async () => {
    const { map: found, counted } = await proposed(
      rows(
        'Order ID,Email,Financial Status,Currency,Subtotal,Shipping,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku',
        '00001,a@example.com,PAID,EUR,50.00,5.00,55.00,2026-01-05 10:00:00 -0500,1,Mug,20.00,MUG',
        '00001,,,,,,,,1,Pot,30.00,POT',
      ),
    );
    expect(found.fillDown).toEqual(['Created at', 'Email', 'Currency']);
    expect(counted).toEqual([1, 2, '50.00', '0.00', 'EUR', {}]);
  });

  test('Square: sales with discounts below zero, and returns', async () => {
    const { map: found, counted } = await proposed(
      rows(
        'Date,Time Zone,Category,Item,Qty,SKU,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Event Type',
        '2026-01-05,Eastern Time,Cups,Mug,2,MUG,$20.00,-$1.00,$19.00,$1.00,T1,Payment',
        '2026-01-06,Eastern Time,Cups,Mug,-1,MUG,-$10.00,$0.00,-$10.00,-$0.50,T2,Refund',
      ),
    );
    expect(found.type).toEqual({ column: 'Event Type', values: { Payment: 'purchase', Refund: 'refund' } });
    expect(counted).toEqual([1, 2, '20.00', '10.00', 'USD', {}]);
  });

  test('Lightspeed: totals that differ between lines are none of the order', async () => {
    const { remarks, counted } = await proposed(
      rows(
        'Sale ID,Date,Item,Qty,Price,Subtotal,Tax,Total',
        '1,2026-01-05 10:00,Mug,2,$10.00,$20.00,$1.00,$21.00',
        '1,2026-01-05 10:00,Pot,1,$30.00,$30.00,$1.50,$31.50',
      ),
    );
    expect(remarks).toContain("'Total' differs between the lines of an order: it is not used");
    expect(counted).toEqual([1, 3, '50.00', '0.00', 'USD', {}]);
    const lines = rows('Date,Order,SKU,Qty,Total', '2026-01-05,1,A,2,20.00', '2026-01-05,1,B,1,5.00');
    expect((await proposed(lines)).counted).toEqual([1, 3, '25.00', '0.00', 'USD', {}]);
    const single = await proposed(
      rows('Date,Order,SKU,Qty,Total', '2026-01-05,1,A,2,20.00', '2026-01-06,2,A,1,9.00'),
    );
    expect(single.counted).toEqual([2, 3, '29.00', '0.00', 'USD', {}]);
    expect(single.remarks).toContain("'Total' is taken for what the whole order is worth");
  });

  test('Stripe: payments, and a remark that a part paid back does not count', async () => {
    const { remarks, counted } = await proposed(
      rows(
        'id,Description,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID',
        'ch_1,Order 1,2026-01-05 10:00:00,25.00,0.00,eur,Paid,cus_1',
        'ch_2,Order 2,2026-01-05 11:00:00,30.00,10.00,eur,Paid,cus_1',
        'ch_3,Order 3,2026-01-05 12:00:00,40.00,0.00,eur,Failed,cus_1',
      ),
    );
    expect(remarks).toContain("'Amount Refunded' is not read");
    expect(counted).toEqual([2, 2, '55.00', '0.00', 'EUR', {}]);
  });
});

test.each([
  [
    'German',
    'Bestelldatum;Bestellnummer;Artikelnummer;Bezeichnung;Menge;Einzelpreis;Währung;Status',
    [
      '05.01.2026 10:00;B1;A1;Käse;2;1.234,50;EUR;bezahlt',
      '06.01.2026 10:00;B2;A1;Käse;1;1.234,50;EUR;storniert',
    ],
    [1, 2, '2469.00', '0.00', 'EUR', {}],
  ],
  [
    'French',
    'Date de commande;N° commande;Référence produit;Désignation;Quantité;Prix unitaire;Devise;Statut',
    ['05/01/2026;C1;R1;Thé;2;12,50;EUR;Expédiée', '25/01/2026;C2;R1;Thé;1;12,50;EUR;En attente'],
    [1, 2, '25.00', '0.00', 'EUR', {}],
  ],
  [
    'Spanish',
    'Fecha de pedido;Nº pedido;Cliente;Producto;Cantidad;Precio unitario;Moneda;Estado',
    ['05/01/2026;P1;K1;Té;2;12,50;EUR;Pagado', '25/01/2026;P2;K1;Té;1;12,50;EUR;Devuelto'],
    [2, 3, '37.50', '12.50', 'EUR', {}],
  ],
])('a header in %s, in windows-1252', async (_, header, lines, expected) => {
  const { remarks, counted } = await proposed(Buffer.from(rows(header, ...lines), 'latin1'));
  expect(remarks).toContain('read as windows-1252');
  expect(counted).toEqual(expected);
});

test('a column of states of a country, or of words that nobody knows, is no status, which is told', async () => {
  const {
    map: found,
    remarks,
    counted,
  } = await proposed(
    rows('Order ID,Date,SKU,Price,State', '1,2026-01-05,A,5.00,CA', '2,2026-01-05,A,5.00,NY'),
  );
  expect(found).not.toHaveProperty('status');
  expect(remarks).toContain("'State' has no word of a status that is known");
  expect(counted).toEqual([2, 2, '10.00', '0.00', 'USD', {}]);
});

test.each([
  [
    'no amount that is known',
    ['order_id,date,customer,sku,qty,sale_price', '1,2026-01-05,c1,A,1,9.00'],
    'no column is known for an amount: orders would be worth nothing',
  ],
  [
    'no order',
    ['Beleg;Datum;Kunde;Artikel;Menge;Preis', '1;05.01.2026;c1;A;1;12,50'],
    'no column names an order: every row counts as an order of its own',
  ],
  [
    'a list of products',
    ['sku,name,price,stock,updated_at', 'A,Tea,10.00,5,2026-01-05'],
    'nor does one name a customer or a quantity',
  ],
  [
    'ids of lines',
    ['id,cart_id,created_at,sku,price', '1,7,2026-01-05T10:00:00Z,A,1.00', '2,7,2026-01-05T10:00:00Z,B,1.00'],
    "'id' is taken for the order's, and every row is one of its own",
  ],
  [
    'thousands, or three decimals',
    ['order_id;date;customer;sku;qty;price', '1;2026-01-05;c1;A;1;1.234', '2;2026-01-05;c1;A;1;900'],
    "amounts such as '1.234' may have thousands or decimals",
  ],
  [
    'times of day beside their dates',
    ['order_id,date,time,customer_id,sku,qty,unit_price', '1,2026-01-05,10:00,c1,A,1,5.00'],
    "'time' is a time of day, and is not read",
  ],
])('%s: a remark says it', async (_, lines, remark) => {
  expect((await proposed(rows(...lines))).remarks).toContain(remark);
});

test('nothing is remarked on amounts and orders where all is plain', async () => {
  const { remarks } = await proposed(
    rows(
      'order_id,created_at,customer_id,sku,qty,unit_price,currency',
      '1,2026-01-05T10:00:00Z,c1,A,1,"1,234.50",EUR',
      '2,2026-01-05T10:00:00Z,c1,A,1,"1,234",EUR',
    ),
  );
  expect(remarks).toBe('');
});

test('a column of times that names UTC is in UTC', async () => {
  for (const name of ['Created (UTC)', 'created_at_utc', 'date_created_gmt']) {
    const { map: found, remarks } = await proposed(
      rows(`order_id,${name},sku,price`, '1,2026-01-05 10:00,A,1.50'),
    );
    expect(found.timeZone).toBe('UTC');
    expect(remarks).not.toContain('times without a zone');
  }
});

test('a header in Japanese', async () => {
  const { counted } = await proposed(
    rows(
      '注文日,注文番号,商品コード,商品名,単価,数量,小計,送料,合計,ステータス',
      '2026/01/05 10:00,J1,A1,お茶,"1,200",2,"2,400",500,"2,900",発送済み',
    ),
  );
  expect(counted).toEqual([1, 2, '2400.00', '0.00', 'USD', {}]);
});

test('a file in another encoding is read as it is told to be', async () => {
  // 注文日, 注文番号, 商品コード, 単価 in Shift_JIS.
  const header = Buffer.from('928d95b693fa2c928d95b694d48d862c8fa495698352815b83682c925089bf', 'hex');
  const content = Buffer.concat([header, Buffer.from('\n2026/01/05,J1,A1,"1,200"\n')]);
  const { map: found, counted } = await proposed(content, 'in.csv', 'shift_jis');
  expect(found).toMatchObject({ encoding: 'shift_jis', time: '注文日', orderId: '注文番号', price: '単価' });
  expect(counted).toEqual([1, 1, '1200.00', '0.00', 'USD', {}]);
  await expect(proposed(content, 'in.csv', 'klingon')).rejects.toThrow("there is no encoding 'klingon'");
});

test.each([
  ['looks like a time', 'Order Number,Item Title,Quantity,Sold For,Sale Date', '12-1,Mug,2,$10.00,Jan-05-26'],
  [
    'names an order or a product',
    'Date,Orders,"Gross sales","Net sales","Total sales"',
    '2026-01-05,3,100,95,110',
  ],
])('what no column of %s is refused', async (what, ...lines) => {
  await expect(proposed(rows(...lines))).rejects.toThrow(`no column of in.csv ${what}`);
});

describe('JSON', () => {
  const order = (id: string, more: object = {}) => ({
    ...{ id, created: 1767607200, customer: { id: 'c1', address: { country: 'DE' } }, currency: 'EUR' },
    ...{ total: 25.5, shipping: { cost: 5.5 }, status: 'completed' },
    lines: [{ sku: 'A', title: 'Tea', unit_price: 10, qty: 2 }],
    ...more,
  });
  const paths = {
    ...{ items: 'lines', type: { value: 'purchase' }, time: { column: 'created', unit: 's' }, orderId: 'id' },
    ...{ userId: 'customer.id', productId: 'sku', name: 'title', price: 'unit_price', quantity: 'qty' },
    ...{ currency: 'currency', total: 'total', shipping: 'shipping.cost' },
    properties: { country: 'customer.address.country' },
  };

  test('has paths for columns, and its products in a list', async () => {
    const lines = rows(JSON.stringify(order('1')), JSON.stringify(order('2', { status: 'odd' })));
    const { map: found, remarks, counted } = await proposed(lines, 'in.jsonl');
    expect(found).toEqual({ ...paths, status: { column: 'status', values: { completed: 'paid' } } });
    expect(remarks).toContain("'status' has 'odd'");
    expect(counted).toEqual([1, 2, '20.00', '0.00', 'EUR', { 'unknown status': 1 }]);
  });

  test('may be one object with a list of records, or lines that are products', async () => {
    const whole = JSON.stringify({ page: 1, sales: [order('1'), order('2', { lines: [] })] }, undefined, 1);
    const { map: found, counted } = await proposed(whole, 'in.json');
    expect(found).toMatchObject({ records: 'sales', ...paths });
    expect(counted).toEqual([2, 2, '40.00', '0.00', 'EUR', {}]);
    const flat = { order_id: '1', at: '2026-01-05T10:00:00Z', item: { sku: 'A', price: 2.5 }, quantity: 2 };
    const { counted: flatly } = await proposed(
      rows(JSON.stringify(flat), JSON.stringify({ ...flat, item: { sku: 'B', price: 1 } })),
      'in.jsonl',
    );
    expect(flatly).toEqual([1, 4, '7.00', '0.00', 'USD', {}]);
  });

  test('with hostile names is no harm', async () => {
    const odd =
      '{"__proto__":{"price":1},"constructor":{"sku":"x"},"a.b":1,"t[0]":2,"":3,"ordre":[[1]],"when":"2026-01-05T10:00:00Z","order_id":"1","sku":"A","price":"1.50"}';
    expect((await proposed(rows(odd), 'in.jsonl')).counted).toEqual([1, 1, '1.50', '0.00', 'USD', {}]);
    await expect(proposed('{"a":\n', 'in.json')).rejects.toThrow('no column of in.json looks like a time');
  });
});
