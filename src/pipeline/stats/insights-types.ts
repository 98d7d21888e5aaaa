import { type Stats } from './types.ts';

/** Rows are weekdays from Monday on, columns the hours of the shop's clock. */
export interface Activity {
  readonly weekdays: readonly string[];
  readonly events: readonly (readonly number[])[];
  readonly orders: readonly (readonly number[])[];
  /** Decimal strings. */
  readonly revenue: readonly (readonly string[])[];
}

/** Shoppers whose first event was on one day. */
export interface Cohort {
  /** Date by the shop's clock. */
  readonly day: string;
  readonly shoppers: number;
  readonly buyers: number;
  /** Spent by them so far, before refunds, in the currency of the answer. */
  readonly lifetimeRevenue: string;
  /** ÷ shoppers. */
  readonly lifetimeValue: string | null;
  /** How many were there on day 0, 1 … up to 30 after it; as far as it has come. */
  readonly returned: readonly number[];
}

export interface SegmentRow {
  readonly segment: string;
  readonly meaning: string;
  readonly buyers: number;
  /** ÷ all buyers. */
  readonly share: number | null;
}

interface QueryRow {
  readonly query: string;
  readonly searches: number;
  readonly withoutResults: number;
}

/** The answer of `ecom insights --json`. Only grows. */
export interface Insights {
  readonly schema: 'ecom.insights/1';
  readonly asOf: Stats['asOf'];
  readonly window: Stats['window'];
  readonly timeZone: string;
  readonly currency: string;
  /** Whether any events of the shop are those of simulated shoppers. */
  readonly simulated: boolean;
  readonly activity: Activity;
  readonly cohorts: readonly Cohort[];
  /** Of all buyers ever. */
  readonly segments: readonly SegmentRow[];
  readonly search: {
    readonly searches: number;
    readonly withoutResults: number;
    readonly shareWithoutResults: number | null;
    readonly queries: readonly QueryRow[];
    readonly queriesWithoutResults: readonly QueryRow[];
  };
  /** Products with many views and few carts. */
  readonly overlooked: readonly {
    readonly productId: string;
    readonly name: string | null;
    readonly views: number;
    readonly carts: number;
    /** Carts ÷ views. */
    readonly cartRate: number;
  }[];
}
