/**
 * Exact money: integers of 1/10 000 of the currency unit. A sum is a `number` while that is exact and a `bigint` beyond,
 * so that the common case is fast and no case is wrong.
 */
export type Count = number | bigint;

/** How many of our units make one unit of currency. */
export const MONEY_SCALE = 10_000;

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2}))?$|^([+-]?)\.(\d+)$/;

/** Largest amount that an event may carry, in currency units. */
export const MAX_AMOUNT = 1e11;

/**
 * Parses a decimal amount ("2.55", 2.55, "-1e2") into units of 1/10 000; more decimals are rounded half away from zero.
 * @returns `undefined` where the value is not a decimal number or is beyond ±{@link MAX_AMOUNT}.
 */
export function parseAmount(value: string | number): number | undefined {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || Math.abs(value) > MAX_AMOUNT) return undefined;
    // Scaling a double is exact to the unit below 2^53 / 10^4 / 8; beyond that go by the shortest decimal.
    if (Math.abs(value) < 1e8) {
      const scaled = value * MONEY_SCALE;
      const rounded = Math.round(scaled);
      if (Math.abs(scaled - rounded) < 0.25) return rounded + 0;
    }
    return parseDecimal(String(value));
  }
  return parseDecimal(value.trim());
}

function parseDecimal(text: string): number | undefined {
  if (text.length > 40) return undefined;
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const negative = (match[1] ?? match[5]) === '-';
  const whole = match[2] ?? '';
  const fraction = match[3] ?? match[6] ?? '';
  const exponent = Number(match[4] ?? 0);
  // Shift the decimal point by four places and the exponent, then round on the first digit that is cut off.
  const digits = whole + fraction;
  const point = whole.length + exponent + 4;
  if (point > 40) return /^0*$/.test(digits) ? 0 : undefined;
  const kept = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0');
  const next = point < 0 ? '0' : (digits[point] ?? '0');
  const magnitude = Number(kept) + (next >= '5' ? 1 : 0);
  if (magnitude > MAX_AMOUNT * MONEY_SCALE) return undefined;
  return negative && magnitude !== 0 ? -magnitude : magnitude;
}

/**
 * What some units cost whose price says more than four decimals: it is rounded once, as a whole.
 * @returns `undefined` where price × units says it, or where it is beyond {@link MAX_AMOUNT}
 */
export function amountOfUnits(price: string | number, units: number): number | undefined {
  const match = DECIMAL.exec(String(price).trim());
  if (match === null || units <= 1) return undefined;
  const [fraction, exponent] = [match[3] ?? match[6] ?? '', Number(match[4] ?? 0)];
  if (fraction.length - exponent <= 4 || fraction.length > 40) return undefined;
  const product = BigInt((match[2] ?? '') + fraction) * BigInt(units);
  const amount = parseDecimal(`${product}e${exponent - fraction.length}`);
  return amount === multiply(parseAmount(price) ?? 0, units) ? undefined : amount;
}

/** Exact sum. */
export function add(a: Count, b: Count): Count {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return narrow(BigInt(a) + BigInt(b));
}

/** Exact product, such as price × quantity. */
export function multiply(a: Count, b: Count): Count {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product;
  }
  return narrow(BigInt(a) * BigInt(b));
}

/** Exact difference. */
export function subtract(a: Count, b: Count): Count {
  return add(a, typeof b === 'number' ? -b : -b);
}

function narrow(value: bigint): Count {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Sorts amounts: negative where `a` is the smaller. */
export function compareCounts(a: Count, b: Count): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// ISO 4217: how many decimals the currencies have that do not have two.
const NO_DECIMALS = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF';
const THREE_DECIMALS = 'BHD IQD JOD KWD LYD OMR TND';
const FOUR_DECIMALS = 'CLF UYW';
const DECIMALS: ReadonlyMap<string, number> = new Map(
  [NO_DECIMALS, THREE_DECIMALS, FOUR_DECIMALS].flatMap((codes, i) =>
    codes.split(' ').map((code) => [code, [0, 3, 4][i]!] as const),
  ),
);

/** With how many decimals amounts of a currency are written at least. @param code ISO 4217 */
export function decimalsOf(code: string): number {
  return DECIMALS.get(code) ?? 2;
}

/**
 * Decimal string of an amount, with at least `decimals` places and no more than are needed: 106556224840 → "10655622.484".
 */
export function formatAmount(amount: Count, decimals = 2): string {
  const value = BigInt(amount);
  const negative = value < 0n;
  const text = (negative ? -value : value).toString().padStart(5, '0');
  const whole = text.slice(0, -4);
  const fraction = text.slice(-4).replace(/0+$/, '').padEnd(decimals, '0');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * Amount ÷ count as a decimal string with four places, rounded half away from zero.
 * @param decimals places that are written at least
 * @returns `null` where the count is 0.
 */
export function divideAmount(amount: Count, count: number, decimals = 2): string | null {
  if (count === 0) return null;
  const value = BigInt(amount);
  const divisor = BigInt(count);
  const negative = value < 0n;
  const magnitude = negative ? -value : value;
  const quotient = (magnitude * 2n + divisor) / (divisor * 2n);
  return formatAmount(negative ? -quotient : quotient, decimals);
}
