import { type SeriesPoint, type Stats, type WindowLabel } from '../../src/pipeline/stats/types.ts';
import { readingOf } from '../../src/tui/readings.ts';
import { type DashboardModel } from '../../src/tui/source.ts';
import { type DashboardState } from '../../src/tui/state.ts';

/** 2026-03-01 12:00:05 UTC: five seconds into a cell of every width. */
export const NOW = Date.UTC(2026, 2, 1, 12, 0, 5);

const SPAN_MS: Readonly<Record<WindowLabel, number>> = {
  '5m': 300_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
  all: 90 * 86_400_000,
};

const NAMES = [
  'Wireless Headphones NC-700',
  'Espresso Machine Barista Pro with Milk Frother',
  '日本の抹茶セット 100g',
  'Running Shoes',
  'Yoga Mat 🧘‍♀️ extra thick',
  null,
  'Crème brûlée torch',
  'Desk Lamp',
  '무선 키보드',
  'Backpack 25 l',
];

/** A busy shop's numbers with a regular course; `now` and `scale` move them. */
export function statsFixture(window: WindowLabel = '30m', now = NOW, scale = 1): Stats {
  const from = now - SPAN_MS[window];
  const count = (value: number) => Math.round(value * scale);
  return {
    schema: 'ecom.stats/1',
    asOf: { time: new Date(now).toISOString(), basis: 'clock' },
    simulated: false,
    simulatedShare: 0,
    window: {
      label: window,
      from: window === 'all' ? null : new Date(from).toISOString(),
      to: new Date(now).toISOString(),
    },
    timeZone: 'UTC',
    approximate: [],
    freshness: {
      newestEvent: new Date(now - 240).toISOString(),
      lagMs: 240,
      backlog: count(1204),
      received: count(181_430),
      late: count(312),
      lost: 0,
      earlier: 0,
      recount: null,
      robots: 0,
      truncated: 0,
      placeholderIds: 0,
      links: 0,
      aliases: 0,
      lateLinks: 0,
      leftToOrder: 0,
      unjoined: 0,
      tombstones: 0,
      duplicates: count(87),
      duplicateOrders: 4,
      excessRefunds: 0,
      unpricedOrders: 0,
      pendingOrders: 0,
      cancelledOrders: 0,
      changedOrders: 0,
      refundsWithoutOrder: 0,
      rejected: count(145),
      rejectedByReason: { 'price is wrong': count(90), 'id is missing': count(40), 'no JSON': count(15) },
    },
    kpis: {
      events: count(180_042),
      eventsPerSecond: 99.98 * scale,
      activeUsers: { '5m': count(812), '30m': count(3204) },
      users: count(5210),
      newUsers: count(1200),
      returningUsers: count(4010),
      buyers: count(410),
      repeatPurchaseRate: 0.31,
      bounceRate: 0.42,
      averageSessionSeconds: 312.5,
      timeToPurchaseSeconds: { average: 640, median: 600 },
      sessions: count(6120),
      orders: count(432),
      unitsSold: count(811),
      revenue: { gross: '128412.5', net: '121904.25', refunds: '6508.25', currency: 'USD', others: [] },
      averageOrderValue: '297.2512',
      revenuePerSession: '20.9824',
      arpu: '24.6473',
      conversion: { session: 0.0663, user: 0.0787 },
      cartAbandonment: 0.7124,
    },
    eventsByType: { view_item: count(120_000), add_to_cart: count(14_000), purchase: count(432) },
    funnel: [
      { step: 'view', sessions: count(5900), ofFirst: 1, ofPrevious: null },
      { step: 'cart', sessions: count(1502), ofFirst: 0.2546, ofPrevious: 0.2546 },
      { step: 'checkout', sessions: count(640), ofFirst: 0.1085, ofPrevious: 0.4261 },
      { step: 'purchase', sessions: count(406), ofFirst: 0.0688, ofPrevious: 0.6344 },
    ],
    topProducts: Array.from({ length: 20 }, (_, index) => ({
      productId: `sku-${index + 1}`,
      name: NAMES[index % NAMES.length]!,
      views: count(9000 / (index + 1)),
      carts: count(1200 / (index + 1)),
      units: count(140 / (index + 1)),
      orders: count(90 / (index + 1)),
      revenue: (31_234.5 / (index + 1)).toFixed(2),
    })),
    topCategories: ['electronics', 'kitchen', 'sports', 'home & garden', 'books'].map((category, index) => ({
      category,
      views: count(30_000 / (index + 1)),
      carts: count(5000 / (index + 1)),
      units: count(400 / (index + 1)),
      revenue: (61_000 / (index + 1)).toFixed(2),
    })),
    series: seriesFixture(window, from, now, scale),
    seriesCellSeconds: CELL_MS[window] / 1000,
  };
}

const CELL_MS: Readonly<Record<WindowLabel, number>> = {
  '5m': 10_000,
  '30m': 60_000,
  '1h': 60_000,
  '24h': 3_600_000,
  '7d': 3_600_000,
  '30d': 86_400_000,
  all: 86_400_000,
};

function seriesFixture(window: WindowLabel, from: number, now: number, scale: number): SeriesPoint[] {
  const cellMs = CELL_MS[window];
  const points: SeriesPoint[] = [];
  for (let start = Math.ceil(from / cellMs) * cellMs; start < now; start += cellMs) {
    const index = start / cellMs;
    const wave = 1 + 0.4 * Math.sin(index / 4) + 0.15 * Math.sin(index * 1.7);
    const events = Math.round((cellMs / 1000) * 100 * wave * scale);
    points.push({
      time: new Date(start).toISOString(),
      events,
      orders: Math.round(events / 400),
      revenue: (events * 0.71 * (1 + 0.3 * Math.sin(index * 2.3))).toFixed(2),
    });
  }
  return points;
}

export function modelFixture(window: WindowLabel = '30m', now = NOW, scale = 1): DashboardModel {
  const megabyte = 2 ** 20;
  return {
    stats: statsFixture(window, now, scale),
    components: [
      { name: 'processor', state: 'running', restarts: 0, rss: 121 * megabyte },
      { name: 'generator', state: 'running', restarts: 0, rss: 96 * megabyte },
      { name: 'recommender', state: 'backoff', restarts: 2, rss: null },
    ],
    recommendations: {
      user: undefined,
      version: 3,
      time: now - 12_000,
      items: NAMES.map((name, i) => ({
        name: name ?? `sku-${i}`,
        why: i % 2 === 0 ? `41× ${NAMES[(i + 1) % NAMES.length]}` : '',
      })),
    },
  };
}

/** A dashboard's state one moment after the fixture's numbers were read. */
export function stateFixture(changes: Partial<DashboardState> = {}): DashboardState {
  const model = modelFixture();

  return {
    title: 'Demo shop',
    size: { columns: 80, rows: 24 },
    window: '30m',
    sort: undefined,
    help: false,
    recommendations: false,
    model,
    readAt: NOW,
    problem: undefined,
    readings: [0.9, 0.94, 0.92, 0.97, 1].map((scale, index) =>
      readingOf(statsFixture('30m', NOW, scale), NOW - 60_000 + index * 15_000),
    ),
    ...changes,
  };
}
