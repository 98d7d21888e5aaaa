import { type FormatChoice } from '../src/pipeline/events/formats/choose.ts';
import { parseCsvMap } from '../src/pipeline/events/formats/csv-map.ts';
import { createGenerator } from '../src/pipeline/generator/generator.ts';
import { type Random } from '../src/pipeline/generator/random.ts';

/** A format with an endless series of valid lines of it. */
export interface Corpus {
  readonly name: string;
  readonly choice: FormatChoice;
  /** First line of a file, where there is one. */
  readonly header: string | undefined;
  /** A valid line, different from most others. */
  line(random: Random): string;
}

const T = Date.UTC(2026, 0, 4);
const WORDS = ['shoe', 'Ärmel', '靴', 'a,b', "O'Neil", 'x;y', '5" pipe', '', 'café', '👟'] as const;

const id = (random: Random, prefix: string, many = 500): string => `${prefix}${random.below(many)}`;
const time = (random: Random): number => T + random.below(20 * 86_400_000);
const price = (random: Random): number => random.below(100_000) / 100;
const iso = (random: Random): string => new Date(time(random)).toISOString();
const csv = (fields: readonly unknown[], delimiter = ','): string =>
  fields
    .map((field) => String(field))
    .map((text) => (/[",;\t\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
    .join(delimiter);

function nativeLines(): (random: Random) => string {
  const options = { seed: 'fuzz', rate: 50, start: T, dirty: 0.02, rhythm: 'flat', currency: 'USD' } as const;
  const generator = createGenerator(options);
  return () => generator.next().value;
}

function segmentCall(random: Random): object {
  const event = random.pick([
    'Product Viewed',
    'Product Added',
    'Order Completed',
    'Products Searched',
    'Odd',
  ]);
  const product = {
    product_id: id(random, 'p'),
    name: random.pick(WORDS),
    price: price(random),
    quantity: 1,
  };
  return {
    messageId: id(random, 'm', 1e9),
    type: random.pick(['track', 'track', 'track', 'page', 'identify']),
    event,
    userId: id(random, 'u'),
    anonymousId: id(random, 'a'),
    timestamp: iso(random),
    properties: {
      order_id: id(random, 'o', 1e6),
      currency: 'EUR',
      query: random.pick(WORDS),
      products: [product, { ...product, product_id: id(random, 'p') }],
    },
    context: { page: { path: '/x' } },
  };
}

function segmentLine(random: Random): string {
  const call = segmentCall(random);
  return JSON.stringify(random.chance(0.2) ? { batch: [call, segmentCall(random)] } : call);
}

function ga4Line(random: Random): string {
  const item = { item_id: id(random, 'p'), item_name: random.pick(WORDS), price: price(random), quantity: 2 };
  const name = random.pick(['view_item', 'add_to_cart', 'purchase', 'screen_view', 'scroll']);
  if (random.chance(0.3)) {
    const params = { transaction_id: id(random, 't', 1e6), currency: 'USD', items: [item], session_id: 7 };
    const events = [
      { name, params },
      { name: 'page_view', params: {} },
    ];
    return JSON.stringify({
      client_id: id(random, 'c'),
      timestamp_micros: time(random) * 1000,
      events,
    });
  }
  return JSON.stringify({
    event_name: name,
    event_timestamp: String(time(random) * 1000),
    user_pseudo_id: id(random, 'c'),
    user_id: random.chance(0.5) ? null : id(random, 'u'),
    event_params: [{ key: 'ga_session_id', value: { int_value: random.below(9) } }],
    ecommerce: { transaction_id: id(random, 't', 1e6) },
    items: [item],
  });
}

function ottoLine(random: Random): string {
  const events = Array.from({ length: 1 + random.below(4) }, () => ({
    aid: random.below(1000),
    ts: time(random),
    type: random.pick(['clicks', 'carts', 'orders']),
  }));
  return JSON.stringify({ session: random.below(1e9), events });
}

const REES46_HEADER =
  'event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session';

function rees46Line(random: Random): string {
  const when = `${iso(random).slice(0, 19).replace('T', ' ')} UTC`;
  const kind = random.pick(['view', 'cart', 'remove_from_cart', 'purchase']);
  const what = [id(random, '1'), id(random, '2'), random.pick(WORDS), random.pick(WORDS), price(random)];
  return csv([when, kind, ...what, id(random, '5'), id(random, 's', 1e6)]);
}

const RETAILROCKET_HEADER = 'timestamp,visitorid,event,itemid,transactionid';

function retailrocketLine(random: Random): string {
  const kind = random.pick(['view', 'addtocart', 'transaction']);
  const order = kind === 'transaction' ? id(random, '', 1e6) : '';
  return csv([time(random), id(random, ''), kind, id(random, ''), order]);
}

function taobaoLine(random: Random): string {
  const kind = random.pick(['pv', 'pv', 'fav', 'cart', 'buy']);
  return csv([id(random, '1'), id(random, '2'), id(random, '3'), kind, Math.floor(time(random) / 1000)]);
}

const ONLINE_RETAIL_HEADER =
  'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

function onlineRetailLine(random: Random): string {
  const invoice = `${random.pick(['', '', '', 'C', 'A'])}${random.below(1e6)}`;
  const date = `1${random.below(3)}/${1 + random.below(28)}/2025 ${random.below(24)}:05`;
  const what = [id(random, '85'), random.pick(WORDS), 1 + random.below(20)];
  return csv([invoice, ...what, date, price(random), id(random, '17'), 'United Kingdom']);
}

const MAP_HEADER = 'when;what;who;sku;title;cost;count;order';
const MAP = {
  delimiter: ';',
  decimal: ',',
  type: { column: 'what', values: { seen: 'view_item', sold: 'purchase', back: 'refund' } },
  time: 'when',
  userId: 'who',
  productId: 'sku',
  name: 'title',
  price: 'cost',
  quantity: 'count',
  orderId: 'order',
  orderLines: true,
};

function mappedLine(random: Random): string {
  const kind = random.pick(['seen', 'sold', 'back']);
  const cost = price(random).toFixed(2).replace('.', ',');
  const what = [id(random, 'p'), random.pick(WORDS), cost, random.below(5)];
  return csv([iso(random), kind, id(random, 'u'), ...what, id(random, 'o', 1e6)], ';');
}

/** All formats. What one makes depends on its random numbers only. */
export function corpora(): Corpus[] {
  const of = (name: string, header: string | undefined, line: (random: Random) => string): Corpus => ({
    name,
    choice: { format: name as FormatChoice['format'] },
    header,
    line,
  });
  return [
    of('native', undefined, nativeLines()),
    of('segment', undefined, segmentLine),
    of('ga4', undefined, ga4Line),
    of('otto', undefined, ottoLine),
    of('rees46', REES46_HEADER, rees46Line),
    of('retailrocket', RETAILROCKET_HEADER, retailrocketLine),
    of('taobao', undefined, taobaoLine),
    of('online-retail', ONLINE_RETAIL_HEADER, onlineRetailLine),
    {
      ...of('csv', MAP_HEADER, mappedLine),
      choice: { format: 'csv', map: parseCsvMap(JSON.stringify(MAP), 'map.json') },
    },
  ];
}
