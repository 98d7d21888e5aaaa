import { type TimeZone, timeZone } from '../time-zone.ts';
import { type DecimalSign, readAmount } from './amount-text.ts';
import { type DayOrder, orderOf } from './date-text.ts';

/** What no row tells by itself. */
export interface ColumnFacts {
  /** The one of times that name none. */
  readonly timeZone: TimeZone;
  /** What dates begin with; `undefined` where the column does not say. */
  readonly order?: DayOrder | undefined;
  /** What all amounts are in that name no currency. */
  readonly currency?: string | undefined;
}

export const NO_FACTS: ColumnFacts = { timeZone: timeZone('UTC') };

/** Looks at columns until it knows what no row tells by itself. */
export class Survey {
  private readonly dates: number | undefined;
  private readonly amounts: readonly number[];
  private readonly decimal: DecimalSign;
  private order: DayOrder | undefined;
  private open: string | undefined;
  private readonly currencies = new Set<string>();

  /** @param dates column of dates whose order is open @param amounts columns whose amounts may have signs */
  constructor(dates: number | undefined, amounts: readonly number[] = [], decimal: DecimalSign = '.') {
    this.dates = dates;
    this.amounts = amounts;
    this.decimal = decimal;
  }

  /** Column of dates. */
  get dateColumn(): number | undefined {
    return this.dates;
  }

  /** Whether dates were found of which the day and the month are still open. */
  get isOpen(): boolean {
    return this.open !== undefined && this.order === undefined;
  }

  take(fields: readonly string[]): void {
    if (this.dates !== undefined && this.order === undefined) {
      const text = fields[this.dates]!;
      const order = orderOf(text);
      if (order === 'either') this.open ??= text;
      else this.order = order;
    }
    for (const column of this.amounts) {
      const currency = readAmount(fields[column]!, this.decimal)?.currency;
      if (currency !== undefined) this.currencies.add(currency);
    }
  }

  /** The first date that is open, where none says more. */
  get openDate(): string | undefined {
    return this.isOpen ? this.open : undefined;
  }

  facts(zone: TimeZone): ColumnFacts {
    const [currency, ...others] = this.currencies;
    return { timeZone: zone, order: this.order, currency: others.length === 0 ? currency : undefined };
  }
}
