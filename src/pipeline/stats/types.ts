import { type EventType } from '../events/shop-event.ts';

export const WINDOW_LABELS = ['5m', '30m', '1h', '24h', '7d', '30d', 'all'] as const;
export type WindowLabel = (typeof WINDOW_LABELS)[number];

/** A window by its label or length, such as `45m`, or `custom` for a stretch given by its ends. */
export type PeriodLabel = string;

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
  /**
   * How unusual the hour's events and revenue are, as robust z-scores against the same hour of other weeks; asked for by
   * `--anomalies`. Null where too few weeks are known.
   */
  readonly anomaly?: { readonly events: number | null; readonly revenue: number | null };
}

/** The answer of `ecom stats --json`. Money is decimal strings; a ratio whose denominator is 0 is null. Only grows. */
export interface Stats {
  readonly schema: 'ecom.stats/1';
  readonly asOf: { readonly time: string; readonly basis: 'clock' | 'latest-event' };
  readonly window: { readonly label: PeriodLabel; readonly from: string | null; readonly to: string };
  /** IANA name of the time zone in which days and hours begin. */
  readonly timeZone: string;
  /** Paths of the numbers here that are near the truth and not it. */
  readonly approximate: readonly string[];
  /** Whether any events of the shop, of this window or not, are those of simulated shoppers. */
  readonly simulated: boolean;
  /** Simulated events of the window ÷ its events. */
  readonly simulatedShare: number | null;
  readonly freshness: {
    readonly newestEvent: string | null;
    /** `asOf.time` − newest event, ms; 0 where the basis is the newest event, null without events. */
    readonly lagMs: number | null;
    /** Records in the log that are not counted yet; null where nobody knows: a log on servers, and no processor that runs. */
    readonly backlog: number | null;
    /** How far the numbers have come that are being counted again, as after an upgrade: these here are not all. Null where they are. */
    readonly recount: { readonly counted: number; readonly of: number } | null;
    /** Records of the window that were counted: accepted (those of robots, and links, among them) + duplicates + rejected. */
    readonly received: number;
    readonly late: number;
    /** Records that the log let go of before they were counted; noticed in the window. */
    readonly lost: number;
    /** Records that the log had let go of when these numbers were counted anew: they are in no window. */
    readonly earlier: number;
    /** Events that lost what an event does not hold: unknown fields, and what of properties is beyond the bounds. */
    readonly truncated: number;
    /** Events of known robots, which no other number counts but `events` of a breakdown, unless they are asked for. */
    readonly robots: number;
    /** Events with an id of somebody that is none, such as `undefined`: they are counted without it. */
    readonly placeholderIds: number;
    /** Calls that say whose a device is, such as `identify`: received, and no events. */
    readonly links: number;
    /** Those of them that name a former id, taken for that of a device: whoever acts as a user by it is somebody else. */
    readonly aliases: number;
    /** Those that came when older events of their device could not change hands any more: they stay with the user who had them. */
    readonly lateLinks: number;
    /** Lines of orders, and refunds, that do not say what `--where` is about, though their order may: each is taken by what it says itself. */
    readonly leftToOrder: number;
    /** Devices whose past is too long to join the user that they are linked to: they count as somebody else. */
    readonly unjoined: number;
    /** Records without a value, which are passed over: neither received nor rejected. */
    readonly tombstones: number;
    readonly duplicates: number;
    readonly duplicateOrders: number;
    /** Refunds of more than was left of their order, or of nobody knows how much: what is beyond is not subtracted. */
    readonly excessRefunds: number;
    /** Refunds that count as they say, because no purchase of the order that they name is known: it was rejected, or never came. */
    readonly refundsWithoutOrder: number;
    /** Orders that count as worth less than they are, because neither they nor all their items say an amount. */
    readonly unpricedOrders: number;
    /** Orders that do not count, because they are not paid, or were called off. */
    readonly pendingOrders: number;
    readonly cancelledOrders: number;
    /** Orders that came again with another total, as edited ones do, which does not replace the first; noticed in the window. */
    readonly changedOrders: number;
    readonly rejected: number;
    readonly rejectedByReason: Readonly<Record<string, number>>;
  };
  readonly kpis: {
    readonly events: number;
    readonly eventsPerSecond: number | null;
    readonly activeUsers: { readonly '5m': number; readonly '30m': number };
    /** Distinct users and buyers; null where only a stretch of the past can be told that is much longer. */
    readonly users: number | null;
    /** Users whose first event ever is in the window. */
    readonly newUsers: number;
    readonly returningUsers: number | null;
    readonly buyers: number | null;
    /** Buyers with two or more orders so far ÷ buyers; null for a window that is over. */
    readonly repeatPurchaseRate: number | null;
    readonly sessions: number;
    /** Sessions with one event ÷ sessions. */
    readonly bounceRate: number | null;
    /** From the first event to the last, s. */
    readonly averageSessionSeconds: number | null;
    /** From a session's first event to its first purchase, s; the median is the upper end of the class that holds it. */
    readonly timeToPurchaseSeconds: { readonly average: number | null; readonly median: number | null };
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
  /** Intervals with anything in them, of the same length but where the clock is changed. */
  readonly series: readonly SeriesPoint[];
  readonly seriesCellSeconds: number;
  /** Alerts that fire, by name; absent where nobody looks at rules. */
  readonly alerts?: readonly StatsAlert[];
  /** The conditions that what is counted fits, all of them. */
  readonly where?: readonly string[];
  /** True where what known robots sent counts like what others did: asked for by `--include-robots`. */
  readonly robotsIncluded?: true;
  /** Asked for by `--by`. */
  readonly breakdown?: Breakdown;
  /** Asked for by `--compare`. */
  readonly comparison?: Comparison;
}

/** A rule that holds, and has held for as long as it says. */
export interface StatsAlert {
  readonly name: string;
  readonly when: string;
  readonly since: string;
  /** What was seen: a number, or the change as a ratio. */
  readonly value: number | null;
}

/** Numbers by the values of a dimension, the largest first. */
export interface Breakdown {
  readonly by: string;
  readonly sort: SortKey | 'events';
  readonly rows: readonly BreakdownRow[];
  /** All values that are not listed; what the window has without any value is in none. */
  readonly other: BreakdownNumbers & { readonly values: number };
}

/** What is not counted in a dimension is null. */
export interface BreakdownNumbers {
  readonly events: number | null;
  /** Those of them that known robots sent. */
  readonly robots: number | null;
  readonly sessions: number | null;
  /** Sessions with a purchase ÷ sessions. */
  readonly conversion: number | null;
  readonly views: number;
  readonly carts: number;
  readonly orders: number | null;
  readonly units: number;
  readonly revenue: string;
  readonly refunds: string;
  /** Where the dimension is the recommender: lists that were shown, those that were clicked, and clicks ÷ impressions. */
  readonly impressions?: number;
  readonly clicks?: number;
  readonly clickThrough?: number | null;
}

export interface BreakdownRow extends BreakdownNumbers {
  readonly value: string;
  /** The product's name, where the dimension is the product. */
  readonly name?: string | null;
}

/** The same length before, and how much each number has changed since: 0.1 is 10 % more; null where it was 0 or unknown. */
export interface Comparison {
  readonly window: { readonly from: string; readonly to: string };
  readonly approximate: readonly string[];
  readonly kpis: Stats['kpis'];
  /** What was not counted as it came, of that period. */
  readonly freshness: Pick<
    Stats['freshness'],
    'received' | 'late' | 'lost' | 'truncated' | 'tombstones' | 'duplicates' | 'rejected'
  >;
  /** By path of a number in `kpis`. */
  readonly change: Readonly<Record<string, number | null>>;
}
