import { type EventType } from '../events/shop-event.ts';

export const WINDOW_LABELS = ['5m', '30m', '1h', '24h', '7d', '30d', 'all'] as const;
export type WindowLabel = (typeof WINDOW_LABELS)[number];

export const SORT_KEYS = ['revenue', 'units', 'orders', 'views', 'carts'] as const;
/** What the top lists are ordered by: descending, ties by id ascending. */
export type SortKey = (typeof SORT_KEYS)[number];

export const FUNNEL_STEPS = ['view', 'cart', 'checkout', 'purchase'] as const;
export type FunnelStepName = (typeof FUNNEL_STEPS)[number];

/** Gross, refunds and net of one currency, as decimal strings. */
export interface Revenue {
  readonly gross: string;
  readonly net: string;
  readonly refunds: string;
  readonly currency: string;
}

export interface FunnelStep {
  readonly step: FunnelStepName;
  /** Sessions that reached this step after all earlier ones, in order. */
  readonly sessions: number;
  /** ÷ sessions of the first step. */
  readonly ofFirst: number | null;
  /** ÷ sessions of the step before. */
  readonly ofPrevious: number | null;
}

export interface TopProduct {
  readonly productId: string;
  readonly name: string | null;
  readonly views: number;
  readonly carts: number;
  readonly units: number;
  readonly orders: number;
  /** Decimal string, in the currency of `kpis.revenue`. */
  readonly revenue: string;
}

export interface TopCategory {
  readonly category: string;
  readonly views: number;
  readonly carts: number;
  readonly units: number;
  readonly revenue: string;
}

export interface SeriesPoint {
  /** Start of the cell, ISO 8601, UTC. */
  readonly time: string;
  readonly events: number;
  readonly orders: number;
  readonly revenue: string;
}

/** The answer of `ecom stats --json`. Money is decimal strings; a ratio whose denominator is 0 is null. Only grows. */
export interface Stats {
  readonly schema: 'ecom.stats/1';
  readonly asOf: { readonly time: string; readonly basis: 'clock' | 'latest-event' };
  readonly window: { readonly label: WindowLabel; readonly from: string | null; readonly to: string };
  readonly freshness: {
    readonly newestEvent: string | null;
    /** `asOf.time` − newest event, ms; 0 where the basis is the newest event, null without events. */
    readonly lagMs: number | null;
    /** Records in the log that are not counted yet; null where nobody knows: a log on servers, and no processor that runs. */
    readonly backlog: number | null;
    /** Records of the window that were counted: accepted + duplicates + rejected. */
    readonly received: number;
    readonly late: number;
    readonly duplicates: number;
    readonly duplicateOrders: number;
    readonly rejected: number;
    readonly rejectedByReason: Readonly<Record<string, number>>;
  };
  readonly kpis: {
    readonly events: number;
    readonly eventsPerSecond: number | null;
    readonly activeUsers: { readonly '5m': number; readonly '30m': number };
    readonly users: number;
    readonly buyers: number;
    readonly sessions: number;
    readonly orders: number;
    readonly unitsSold: number;
    readonly revenue: Revenue & { readonly others: readonly Revenue[] };
    readonly averageOrderValue: string | null;
    readonly revenuePerSession: string | null;
    readonly arpu: string | null;
    readonly conversion: { readonly session: number | null; readonly user: number | null };
    readonly cartAbandonment: number | null;
  };
  readonly eventsByType: Readonly<Partial<Record<EventType, number>>>;
  readonly funnel: readonly FunnelStep[];
  readonly topProducts: readonly TopProduct[];
  readonly topCategories: readonly TopCategory[];
  readonly series: readonly SeriesPoint[];
}
