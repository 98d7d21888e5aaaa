import { decimalsOf } from '../../pipeline/events/money.ts';

/** What is shown for a number that does not exist, such as a ratio without a denominator. */
export const NONE = '–';

const SUFFIXES = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** A number or decimal string with its thousands marked and at most `decimals` places: "10655622.484" → 10,655,622.48. */
export function grouped(value: number | string, decimals = 0): string {
  const text = typeof value === 'number' ? value.toFixed(decimals) : roundDecimal(value, decimals);
  const [whole = '0', fraction] = text.split('.');
  const marked = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? marked : `${marked}.${fraction}`;
}

// Beyond 2^53 a double has no exact digits, so a long decimal is cut as text instead.
function roundDecimal(value: string, decimals: number): string {
  const number = Number(value);
  if (Math.abs(number) < 1e15) return number.toFixed(decimals);
  const [whole = '0', fraction = ''] = value.split('.');
  return decimals === 0 ? whole : `${whole}.${fraction.slice(0, decimals).padEnd(decimals, '0')}`;
}

/** A number in few columns: 1,234 below 100 000, then 123k, 1.23M, 12.3B with three digits. */
export function compact(value: number | string, decimals = 0): string {
  const number = Number(value);
  const magnitude = Math.abs(number);
  if (magnitude < 99_999.5) return grouped(number, magnitude < 1000 ? decimals : 0);
  return withSuffix(number);
}

/** A number in at most five columns (six with a minus), without needless zeros: 999, 1.23k, 1.5M. */
export function tiny(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 999.5) return trimZeros(withSuffix(value));
  if (magnitude >= 99.95 || Number.isInteger(value)) return value.toFixed(0);
  return trimZeros(value.toFixed(magnitude >= 9.995 ? 1 : 2));
}

function withSuffix(value: number): string {
  const magnitude = Math.abs(value);
  // A value that would round to 1000 of a unit is written as 1 of the next.
  const index = SUFFIXES.findIndex(([unit]) => magnitude >= unit * 0.9995);
  const [unit, suffix] = SUFFIXES[index === -1 ? SUFFIXES.length - 1 : index]!;
  const scaled = value / unit;
  const size = Math.abs(scaled);
  return `${scaled.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)}${suffix}`;
}

function trimZeros(text: string): string {
  return text.replace(/\.(\d*?)0+(?=\D*$)/, (_, kept: string) => (kept === '' ? '' : `.${kept}`));
}

/** A ratio as a percentage with three digits at most: 0.0312 → 3.1%. */
export function percent(ratio: number | null): string {
  if (ratio === null) return NONE;
  const value = ratio * 100;
  if (value === 0 || Math.abs(value) >= 99.95) return `${value.toFixed(0)}%`;
  return `${value.toFixed(Math.abs(value) < 0.995 ? 2 : 1)}%`;
}

/** A number of events a second, or of any other unit of time. */
export function rate(value: number | null): string {
  if (value === null) return NONE;
  if (value === 0) return '0';
  if (value < 0.01) return '<0.01';
  return value < 10 ? trimZeros(value.toFixed(2)) : value < 100 ? value.toFixed(1) : compact(value);
}

/** An amount of money in few columns: 12.50, 1,234.50, 123,456, 1.23M. @param code ISO 4217 */
export function money(amount: string | null, code: string): string {
  if (amount === null) return NONE;
  const magnitude = Math.abs(Number(amount));
  return magnitude < 10_000 ? grouped(amount, decimalsOf(code)) : wholeMoney(amount);
}

/** Amounts of money for one column: all with cents, or none where one of them is too long for it. */
export function moneyColumn(amounts: readonly string[], code: string): string[] {
  const whole = amounts.some((amount) => Math.abs(Number(amount)) >= 10_000);
  return amounts.map((amount) => (whole ? wholeMoney(amount) : grouped(amount, decimalsOf(code))));
}

function wholeMoney(amount: string): string {
  return Math.abs(Number(amount)) < 999_999.5 ? grouped(amount) : compact(amount);
}

/** Bytes in few columns: 84 MB. */
export function bytes(count: number | null): string {
  if (count === null) return NONE;
  const megabytes = count / 2 ** 20;
  return megabytes < 1024 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1024).toFixed(1)} GB`;
}
