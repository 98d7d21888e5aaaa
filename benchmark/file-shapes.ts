import { createGenerator } from '../src/pipeline/generator/generator.ts';
import { hashText, Random } from '../src/pipeline/generator/random.ts';

/** A kind of file: the same number of events gives the same bytes, on every machine. */
export interface FileShape {
  readonly layout: 'json' | 'csv';
  /** Lines without their line feed; those of a header are not among the `count`. */
  lines(count: number): Iterable<string>;
  /** How many times as many lines as other kinds it has; 1 where absent. */
  readonly times?: number;
  /** False where learning takes out of all proportion: what is measured ends with the numbers. */
  readonly learns?: false;
}

const START = Date.UTC(2025, 0, 6);
/** Events a second of the simulated shop: a million in six hours. */
const RATE = 46;
/** Lines that are shuffled together: what is held in memory at once. */
const SHUFFLED = 1_000_000;
const CATALOGUE = 500_000;

export const FILE_SHAPES: Readonly<Record<string, FileShape>> = {
  generated: { layout: 'json', lines: generated },
  rees46: { layout: 'csv', lines: rees46, times: 2 },
  'online-retail': { layout: 'csv', lines: onlineRetail },
  shuffled: { layout: 'json', lines: shuffled },
  chinese: { layout: 'json', lines: (count) => changed(count, nameInChinese) },
  'one-event-a-shopper': { layout: 'json', lines: (count) => changed(count, toStranger) },
  '500000-products': { layout: 'json', lines: (count) => changed(count, fromLongTail), learns: false },
};

interface Item {
  productId: string;
  name?: string;
  category?: string;
  brand?: string;
  price?: number;
}
interface Line {
  userId?: string;
  anonymousId?: string;
  sessionId?: string;
  query?: string;
  items?: Item[];
}

function* generated(count: number): Iterable<string> {
  const options = {
    seed: 'bench',
    rate: RATE,
    start: START,
    dirty: 0,
    rhythm: 'flat',
    currency: 'USD',
  } as const;
  const generator = createGenerator(options);
  for (let i = 0; i < count; i += 1) yield generator.next().value;
}

/** In any order of time. */
function* shuffled(count: number): Iterable<string> {
  const random = new Random('shuffled');
  let held: string[] = [];
  function* mixed(): Iterable<string> {
    for (let i = held.length - 1; i > 0; i -= 1) {
      const j = random.below(i + 1);
      [held[i], held[j]] = [held[j]!, held[i]!];
    }
    yield* held;
    held = [];
  }
  for (const line of generated(count)) {
    held.push(line);
    if (held.length === SHUFFLED) yield* mixed();
  }
  yield* mixed();
}

function* changed(count: number, change: (line: Line, i: number, random: Random) => void): Iterable<string> {
  const random = new Random('changed');
  let i = 0;
  for (const text of generated(count)) {
    const line = JSON.parse(text) as Line;
    change(line, i, random);
    i += 1;
    yield JSON.stringify(line);
  }
}

const FIRST_IDEOGRAPH = 0x4e00;
const IDEOGRAPHS = 3000;

/** The same text gives the same characters. */
function inChinese(text: string): string {
  const codes = text.split(' ').flatMap((word) => [1, 2].map((salt) => hashText(word, salt) % IDEOGRAPHS));
  return codes.map((code) => String.fromCharCode(FIRST_IDEOGRAPH + code)).join('');
}

function nameInChinese(line: Line): void {
  if (line.query !== undefined) line.query = inChinese(line.query);
  for (const item of line.items ?? []) {
    for (const field of ['name', 'category', 'brand'] as const) {
      const text = item[field];
      if (text !== undefined) item[field] = inChinese(text);
    }
  }
}

/** Everybody comes once. */
function toStranger(line: Line, i: number): void {
  line.sessionId = `s${i}`;
  if (line.userId === undefined) line.anonymousId = `a${i}`;
  else line.userId = `u${i}`;
}

/** A few products are seen often, most of them hardly ever. */
function fromLongTail(line: Line, _: number, random: Random): void {
  for (const item of line.items ?? []) {
    const product = Math.floor(CATALOGUE * random.next() ** 2);
    item.productId = `p${product}`;
    if (item.name !== undefined) item.name = `${item.name} ${product}`;
    if (item.price !== undefined) item.price = (99 + (mixed(product) % 50_000)) / 100;
  }
}

function mixed(value: number): number {
  return hashText(String(value));
}

/** Rows, shoppers and sessions in the proportions of REES46's month of a shop with many categories. */
const REES46 = { shoppers: 0.2, newSession: 1 / 4.6, open: 3000, products: 50_000, rate: 16 };

function* rees46(count: number): Iterable<string> {
  yield 'event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session';
  const random = new Random('rees46');
  const shoppers = Math.max(1, Math.round(count * REES46.shoppers));
  const sessions: { user: number; id: string }[] = [];
  for (let i = 0; i < count; i += 1) {
    const at = random.below(REES46.open);
    if (sessions[at] === undefined || random.chance(REES46.newSession))
      sessions[at] = { user: 500_000_000 + random.below(shoppers), id: uuid(random) };
    const { user, id } = sessions[at];
    const kind = random.next();
    const type = kind < 0.94 ? 'view' : kind < 0.98 ? 'cart' : 'purchase';
    const product = Math.floor(REES46.products * random.next() ** 3);
    const category = product % 600;
    const code = category % 3 === 0 ? '' : `department${category % 13}.category${category}`;
    const brand = product % 7 === 0 ? '' : `brand${product % 2000}`;
    const price = ((99 + (mixed(product) % 80_000)) / 100).toFixed(2);
    const time = new Date(START + Math.floor(i / REES46.rate) * 1000).toISOString();
    yield `${time.slice(0, 10)} ${time.slice(11, 19)} UTC,${type},${1_000_000 + product},20530135556${10_000_000 + category},${code},${brand},${price},${user},${id}`;
  }
}

function uuid(random: Random): string {
  const part = (bits: number): string =>
    random
      .below(2 ** bits)
      .toString(16)
      .padStart(bits / 4, '0');
  return `${part(32)}-${part(16)}-${part(16)}-${part(16)}-${part(16)}${part(32)}`;
}

/** A year has about a million lines. */
const RETAIL_LINE_MS = 30_000;

/** Invoices of twenty lines on average, which share their minute; a few are of nobody known, or take something back. */
function* onlineRetail(count: number): Iterable<string> {
  yield 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
  const random = new Random('online-retail');
  let invoice = 536_365;
  let left = 0;
  let [buyer, refund, date] = ['', false, ''];
  for (let i = 0; i < count; i += 1) {
    if (left === 0) {
      invoice += 1;
      left = 1 + random.below(40);
      buyer = random.chance(0.2) ? '' : String(12_346 + random.below(6000));
      refund = random.chance(0.02);
      const at = new Date(START + i * RETAIL_LINE_MS);
      date = `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()} ${at.getUTCHours()}:${String(at.getUTCMinutes()).padStart(2, '0')}`;
    }
    left -= 1;
    const product = random.below(4000);
    const quantity = (1 + random.below(24)) * (refund ? -1 : 1);
    const price = ((30 + (mixed(product) % 2000)) / 100).toFixed(2);
    yield `${refund ? 'C' : ''}${invoice},${10_000 + product},"WHITE ITEM, NUMBER ${product}",${quantity},${date},${price},${buyer},United Kingdom`;
  }
}
