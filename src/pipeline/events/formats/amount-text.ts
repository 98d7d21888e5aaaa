/** An amount as a decimal number with a point, and the currency that its sign or code names, if it names one. */
export interface Amount {
  readonly text: string;
  readonly currency?: string | undefined;
}

export type DecimalSign = '.' | ',';

/** Signs that one currency has, and no other. */
const CURRENCY_OF: Readonly<Record<string, string>> = {
  '€': 'EUR',
  '£': 'GBP',
  '₹': 'INR',
  '₽': 'RUB',
  '₩': 'KRW',
  '₺': 'TRY',
  '₴': 'UAH',
  '₪': 'ILS',
  '฿': 'THB',
  '₫': 'VND',
  '₱': 'PHP',
  '₦': 'NGN',
  zł: 'PLN',
  kč: 'CZK',
  ft: 'HUF',
  lei: 'RON',
  r$: 'BRL',
  us$: 'USD',
};
/** Signs that several have. */
const SHARED = new Set(['$', '¥', 'kr', 'kr.', 'fr', 'fr.', 'rs', 'rs.']);
const CODES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** What is longer is no amount, and would cost the patterns below more than its length. */
const LONGEST = 64;
const PLAIN = /^\d+(?:\.\d*)?$|^\.\d+$|^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,2})?$/;
const SIGNED =
  /^([-−–(+]?)\s*(\D{0,4}?)\s*([-−–+]?)\s*(\d[\d.,\s'’]*?|[.,]\d+)\s*([^\d.,\s'’()\-−–]\D{0,3}?)?\s*([-−–)]?)$/u;
const GROUPED = {
  '.': /^\d{1,3}(?:([,\s'’])\d{3})(?:\1\d{3})*(?:\.\d*)?$/u,
  ',': /^\d{1,3}(?:([.\s'’])\d{3})(?:\1\d{3})*(?:,\d*)?$/u,
} as const;
/** Where there are no cents, a dash may stand for them: `5.-`, `5,– €`. */
const NO_CENTS = { '.': /(?<=\d)\.(?:--?|[–—])(?!\d)/u, ',': /(?<=\d),(?:--?|[–—])(?!\d)/u } as const;
const UNGROUPED = { '.': /^\d*(?:\.\d*)?$/, ',': /^\d*(?:,\d*)?$/ } as const;

/**
 * An amount as people write it: with groups of three digits, the sign or code of a currency, a minus before or behind it or
 * parentheses around it, or a dash for its cents.
 * @returns `undefined` for what is none with that decimal sign; of an empty text, that
 */
export function readAmount(text: string, decimal: DecimalSign): Amount | undefined {
  const bare = text.trim();
  if (bare === '' || (decimal === '.' && PLAIN.test(bare))) return { text: bare };
  const match = bare.length > LONGEST ? null : SIGNED.exec(bare.replace(NO_CENTS[decimal], ''));
  if (match === null) return undefined;
  const [, first = '', before = '', inner = '', digits = '', after = '', last = ''] = match;
  if ((first === '(') !== (last === ')')) return undefined;
  const minuses = [first, inner, last].filter((sign) => /[-−–(]/.test(sign)).length;
  if (minuses > 1 || (before !== '' && after !== '')) return undefined;
  const currency = currencyOf(before.trim() || after.trim());
  if (currency === undefined) return undefined;
  if (!UNGROUPED[decimal].test(digits) && !GROUPED[decimal].test(digits)) return undefined;
  const number = digits.replaceAll(decimal === ',' ? /[.\s'’]/gu : /[,\s'’]/gu, '').replace(',', '.');
  return { text: `${minuses === 1 ? '-' : ''}${number}`, currency: currency || undefined };
}

/** The code of a sign; '' for none and for one that several have; `undefined` for what is no sign. */
function currencyOf(sign: string): string | undefined {
  const low = sign.toLowerCase();
  if (sign === '' || SHARED.has(low)) return '';
  const code = sign.toUpperCase();
  return CURRENCY_OF[low] ?? (CODES.has(code) ? code : undefined);
}

/** The product of an amount and a number of units that need not be whole, both decimal; rounded to 1/10 000 half up. */
export function timesUnits(amount: string, units: string): string | undefined {
  const [left, right] = [scaled(amount), scaled(units)];
  if (left === undefined || right === undefined) return undefined;
  const product = left.value * right.value;
  const places = left.places + right.places;
  if (places <= 4) return withPoint(product, places);
  const unit = 10n ** BigInt(places - 4);
  return withPoint((product + unit / 2n) / unit, 4);
}

/**
 * Shares an amount among units, to 1/10 000: so many of them have one price, and the rest 1/10 000 more.
 * @returns `undefined` where it is none, or there are no units
 */
export function shareOut(
  amount: string,
  units: number,
): readonly { readonly price: string; readonly units: number }[] | undefined {
  const number = scaled(amount);
  if (number === undefined || number.value < 0n || !(units >= 1) || number.places > 4) return undefined;
  const value = number.value * 10n ** BigInt(4 - number.places);
  const price = value / BigInt(units);
  const dearer = Number(value % BigInt(units));
  return [
    { price: withPoint(price, 4), units: units - dearer },
    { price: withPoint(price + 1n, 4), units: dearer },
  ].filter((share) => share.units > 0);
}

/** An amount that counts the smallest units of its currency, such as cents. */
export function fromMinor(amount: string, currency: string | undefined): string {
  const number = scaled(amount);
  return number === undefined ? amount : withPoint(number.value, number.places + minorDigits(currency));
}

/** Decimals of a currency by ISO 4217; 2 where it is not known. */
function minorDigits(currency: string | undefined): number {
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency: currency || 'USD' });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

function scaled(text: string): { readonly value: bigint; readonly places: number } | undefined {
  const match = /^(-?)(\d{0,20})(?:\.(\d{0,20}))?$/.exec(text);
  if (match === null || `${match[2]}${match[3] ?? ''}` === '') return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  const value = BigInt(`${whole}${fraction}`);
  return { value: sign === '-' ? -value : value, places: fraction.length };
}

function withPoint(value: bigint, places: number): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places);
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
