import { greatest } from '../extremes.ts';
import { decimalsOf } from '../pipeline/events/money.ts';
import { UNUSUAL } from '../pipeline/stats/anomalies.ts';
import { recountText } from '../pipeline/stats/recount.ts';
import { type Breakdown, type BreakdownNumbers, type SortKey, type Stats } from '../pipeline/stats/types.ts';
import { chart } from '../tui/format/chart.ts';
import { bold, dim, type Line, lineWidth, span } from '../tui/format/line.ts';
import { compact, grouped, NONE, percent, rate } from '../tui/format/numbers.ts';
import { asRate, completeCells } from '../tui/format/series.ts';
import { displayText, fitText, textWidth } from '../tui/format/text.ts';
import { dateTime, duration, stretch, zoneLabel } from '../tui/format/time.ts';
import { naturalSort } from '../tui/state.ts';
import { chartEnds } from '../tui/views/charts.ts';
import { funnelHeading, funnelLines } from '../tui/views/funnel.ts';
import { reasons } from '../tui/views/health.ts';
import { categoryLines, productLines } from '../tui/views/top-lists.ts';
import { orderNotes } from './order-notes.ts';
import { drawLines, textColumns } from './text.ts';

export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** What the lists were asked to be ordered by. */
  readonly sort?: SortKey | undefined;
  /** Whether headings may be bold and the like. */
  readonly styled: boolean;
}

const CHART_ROWS = 9;
const MOST_UNUSUAL = 5;
/** Columns that the values of a breakdown have at least. */
const BREAKDOWN_LABEL = 20;
const NAMES: Readonly<Record<string, string>> = {
  custom: 'Period',
  '5m': 'Last 5 minutes',
  '30m': 'Last 30 minutes',
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  all: 'All time',
};

/** The numbers as text for people, ending with a line feed. No line is wider than `width`, from 40 columns on. */
export function statsText(stats: Stats, { width, sort, styled }: TextOptions): string {
  const columns = textColumns(width);
  const order = sort ?? naturalSort(stats);
  const { topProducts, topCategories } = stats;
  const lines: Line[] = [
    [
      bold(NAMES[stats.window.label] ?? `Last ${displayText(stats.window.label)}`),
      dim(` · ${period(stats)}`),
    ],
    ...simulatedLines(stats),
    ...recountLines(stats),
    ...(stats.where === undefined ? [] : [[dim(`Only ${displayText(stats.where.join(' and '))}`)]]),
    ...alertLines(stats),
    [],
    ...kpiLines(stats, columns),
    ...otherCurrencies(stats),
    ...comparedWith(stats),
    ...(stats.breakdown === undefined
      ? []
      : section(
          `By ${stats.breakdown.by}`,
          breakdownLines(stats.breakdown, stats.kpis.revenue.currency, columns),
        )),
    ...section('Events', [...eventLines(stats, columns), ...anomalyLines(stats)]),
    ...section(
      'Funnel',
      stats.funnel.length === 0 ? [] : [funnelHeading(columns), ...funnelLines(stats, columns)],
    ),
    ...section(
      'Top products',
      listOrNothing(
        topProducts,
        productLines(topProducts, stats.kpis.revenue.currency, order, columns, topProducts.length),
      ),
    ),
    ...section(
      'Top categories',
      listOrNothing(
        topCategories,
        categoryLines(topCategories, stats.kpis.revenue.currency, order, columns, topCategories.length),
      ),
    ),
    [],
    ...freshnessLines(stats, columns),
  ];
  return drawLines(lines, columns, styled);
}

function section(title: string, lines: readonly Line[]): Line[] {
  return lines.length === 0 ? [] : [[], [bold(title)], ...lines];
}

function listOrNothing(entries: readonly unknown[], lines: readonly Line[]): readonly Line[] {
  return entries.length === 0 ? [] : lines;
}

/** Invented numbers must not pass for those of a shop. */
function simulatedLines({ simulated, simulatedShare: share }: Stats): Line[] {
  if (!simulated) return [];
  const how =
    share === 1
      ? 'all of these shoppers are invented'
      : share === null || share === 0
        ? 'other periods of this shop have invented shoppers'
        : `${percent(share)} of these events are those of invented shoppers`;
  return [[span('SIMULATED', { bold: true, colour: 'yellow' }), dim(` · ${how}`)]];
}

/** What is not all must not pass for a bad day. */
function recountLines({ freshness: { recount } }: Stats): Line[] {
  if (recount === null) return [];
  return [[span('NOT ALL', { bold: true, colour: 'yellow' }), dim(` · ${recountText(recount)}`)]];
}

function period({ window: { from, to }, asOf, timeZone: zone }: Stats): string {
  const basis = asOf.basis === 'latest-event' && to === asOf.time ? ', the newest event' : '';
  return `${stretch(from, to, zone)}${basis}`;
}

function kpiLines({ kpis, comparison, approximate }: Stats, width: number): Line[] {
  const { revenue, conversion, activeUsers } = kpis;
  const near = (path: string): string => (approximate.includes(`kpis.${path}`) ? '≈' : '');
  const money = (amount: string | null): string =>
    amount === null ? NONE : grouped(amount, decimalsOf(revenue.currency));
  const whole = (count: number | null): string => (count === null ? NONE : grouped(count));
  const seconds = (value: number | null): string => (value === null ? NONE : duration(value * 1000));
  const pair = (name: string, value: string, path?: string): Pair => {
    if (path === undefined) return [name, value];
    const change = comparison?.change[path];
    const shown = value === NONE ? value : near(path) + value;
    return [name, change === undefined || value === NONE ? shown : `${shown} ${changeText(change)}`];
  };
  const earned: readonly Pair[] = [
    pair(`Revenue net ${revenue.currency}`, money(revenue.net), 'revenue.net'),
    pair('Revenue gross', money(revenue.gross), 'revenue.gross'),
    pair('Refunds', money(revenue.refunds), 'revenue.refunds'),
    pair('Average order', money(kpis.averageOrderValue), 'averageOrderValue'),
    pair('Per session', money(kpis.revenuePerSession), 'revenuePerSession'),
    pair('Per user', money(kpis.arpu), 'arpu'),
    pair('Events', grouped(kpis.events), 'events'),
    pair('Events/s now', rate(kpis.eventsPerSecond)),
  ];
  const sold: readonly Pair[] = [
    pair('Orders', grouped(kpis.orders), 'orders'),
    pair('Units sold', grouped(kpis.unitsSold), 'unitsSold'),
    pair('Buyers', whole(kpis.buyers), 'buyers'),
    pair('Buying again', percent(kpis.repeatPurchaseRate), 'repeatPurchaseRate'),
    pair('Conversion', percent(conversion.session), 'conversion.session'),
    pair('Users buying', percent(conversion.user), 'conversion.user'),
    pair('Carts abandoned', percent(kpis.cartAbandonment), 'cartAbandonment'),
    pair('Time to purchase', seconds(kpis.timeToPurchaseSeconds.average), 'timeToPurchaseSeconds.average'),
  ];
  const active: readonly Pair[] = [
    pair('Users', whole(kpis.users), 'users'),
    pair('New users', grouped(kpis.newUsers), 'newUsers'),
    pair('Returning', whole(kpis.returningUsers), 'returningUsers'),
    pair('Sessions', grouped(kpis.sessions), 'sessions'),
    pair('Bounced', percent(kpis.bounceRate), 'bounceRate'),
    pair('Session length', seconds(kpis.averageSessionSeconds), 'averageSessionSeconds'),
    pair('Active 5m', grouped(activeUsers['5m'])),
    pair('Active 30m', grouped(activeUsers['30m'])),
  ];
  // As many columns as fit: large amounts take more room.
  const layouts = [
    [earned, sold, active],
    [
      [...earned, ...active.slice(0, 4)],
      [...sold, ...active.slice(4)],
    ],
    [[...earned, ...sold, ...active]],
  ].map(alignColumns);
  return layouts.find((lines) => lines.every((line) => lineWidth(line) <= width)) ?? layouts.at(-1)!;
}

/** Change since the period before: +12 %, or nothing to compare with. */
function changeText(change: number | null): string {
  if (change === null) return '(–)';
  const sign = change > 0 ? '+' : '';
  return `(${sign}${(change * 100).toFixed(Math.abs(change) < 0.0995 ? 1 : 0)}%)`;
}

type Pair = readonly [name: string, value: string];

/** Names and values, each column as wide as what stands in it. */
function alignColumns(columns: readonly (readonly Pair[])[]): Line[] {
  const widths = columns.map((pairs) =>
    [0, 1].map((side) => greatest(pairs.map((pair) => textWidth(pair[side]!)))),
  );
  return columns[0]!.map((_, row) =>
    columns.flatMap((pairs, column) => [
      span(column === 0 ? '' : '    '),
      dim(fitText(pairs[row]![0], widths[column]![0]!)),
      span('  '),
      bold(fitText(pairs[row]![1], widths[column]![1]!, 'right')),
    ]),
  );
}

function otherCurrencies({ kpis }: Stats): Line[] {
  return kpis.revenue.others.map(({ currency, net, gross }) => [
    dim('Also '),
    span(`${grouped(net, decimalsOf(currency))} ${displayText(currency)} net`),
    dim(`, ${grouped(gross, decimalsOf(currency))} gross; currencies are never added`),
  ]);
}

function alertLines({ alerts = [], timeZone: zone }: Stats): Line[] {
  return alerts.map(({ name, when, since }) => [
    span('▲ ALERT ', { bold: true, colour: 'red' }),
    bold(displayText(name)),
    dim(`: ${displayText(when)}, since ${dateTime(since, zone)}`),
  ]);
}

function comparedWith({ comparison, timeZone: zone }: Stats): Line[] {
  if (comparison === undefined) return [];
  const { from, to } = comparison.window;
  return [[dim(`Compared with ${dateTime(from, zone)} – ${dateTime(to, zone)}`)]];
}

/** A table of the columns that the dimension has and that fit, most telling first. */
function breakdownLines({ by, rows, other }: Breakdown, currency: string, width: number): Line[] {
  const decimals = decimalsOf(currency);
  const all: readonly (readonly [title: string, cell: (numbers: BreakdownNumbers) => string | null])[] = [
    ['shown', ({ impressions }) => (impressions === undefined ? null : grouped(impressions))],
    ['clicked', ({ clicks }) => (clicks === undefined ? null : grouped(clicks))],
    ['CTR', ({ clickThrough }) => (clickThrough === undefined ? null : percent(clickThrough))],
    ['revenue', ({ revenue }) => grouped(revenue, decimals)],
    ['orders', ({ orders }) => (orders === null ? null : grouped(orders))],
    ['units', ({ units }) => grouped(units)],
    ['conv.', ({ conversion, sessions }) => (sessions === null ? null : percent(conversion))],
    ['sessions', ({ sessions }) => (sessions === null ? null : grouped(sessions))],
    ['carts', ({ carts }) => grouped(carts)],
    ['views', ({ views }) => grouped(views)],
    ['events', ({ events }) => (events === null ? null : grouped(events))],
    ['refunds', ({ refunds }) => grouped(refunds, decimals)],
  ];
  const lines = [
    ...rows.map((row) => [displayText(row.name ?? row.value), row] as const),
    ...(other.values > 0 ? [[`${grouped(other.values)} other`, other] as const] : []),
  ];
  if (rows.length === 0) {
    const says = by === 'recommender' ? 'which recommendation_id it belongs to' : `its ${displayText(by)}`;
    return [[dim(`no event of this period says ${says}`)]];
  }
  const table = all
    .filter(([, cell]) => cell(rows[0]!) !== null)
    .map(([title, cell]) => {
      const cells = lines.map(([, numbers]) => cell(numbers)!);
      return { title, cells, width: greatest(cells.map(textWidth), textWidth(title)) };
    });
  let room = width - BREAKDOWN_LABEL;
  const shown = table.filter((column) => {
    room -= column.width + 2;
    return room >= 0;
  });
  const label = BREAKDOWN_LABEL + Math.max(0, room);
  const line = (name: string, cells: readonly string[]): Line => [
    span(fitText(name, label)),
    ...cells.map((cell, i) => span(`  ${fitText(cell, shown[i]!.width, 'right')}`)),
  ];
  return [
    line(
      '',
      shown.map(({ title }) => title),
    ).map((part) => dim(part.text)),
    ...lines.map(([name], row) =>
      line(
        name,
        shown.map(({ cells }) => cells[row]!),
      ),
    ),
  ];
}

function eventLines(stats: Stats, width: number): Line[] {
  if (stats.freshness.newestEvent === null) return [];
  const cells = completeCells(stats);
  if (cells.events.length < 2) return [];
  const { unit, values } = asRate(cells.events, cells.cellMs);
  const plot = chart(values, {
    width,
    height: CHART_ROWS,
    ...chartEnds(cells, stats.timeZone),
    colour: 'cyan',
  });
  return [[dim(`per ${unit === 's' ? 'second' : unit === 'min' ? 'minute' : unit}`)], ...plot];
}

/** Hours that are unusual, the most first. */
function anomalyLines({ series, timeZone: zone }: Stats): Line[] {
  const marked = series.filter(({ anomaly }) => anomaly !== undefined);
  if (marked.length === 0) return [];
  const unusual = marked
    .map((point) => ({ ...point, score: point.anomaly!.events ?? 0 }))
    .filter(({ score }) => Math.abs(score) >= UNUSUAL)
    .sort((a, b) => Math.abs(b.score) - Math.abs(a.score))
    .slice(0, MOST_UNUSUAL);
  if (unusual.length === 0) {
    const known = marked.some(({ anomaly }) => anomaly!.events !== null);
    return [
      [dim(known ? 'no hour is unusual' : 'no hour can be told to be unusual before three weeks are known')],
    ];
  }
  return unusual.map(({ time, events, score }) => [
    span(score > 0 ? '▲ ' : '▼ ', { colour: score > 0 ? 'green' : 'red' }),
    span(`${dateTime(time, zone)}  ${grouped(events)} events`),
    dim(`, ${score > 0 ? 'more' : 'fewer'} than usual at that hour of the week (z ${score.toFixed(1)})`),
  ]);
}

/** How far the numbers can be trusted: what is not in them, and why. */
function freshnessLines(stats: Stats, width: number): Line[] {
  const { freshness, asOf, timeZone: zone } = stats;
  const { newestEvent, lagMs } = freshness;
  const newest =
    newestEvent === null
      ? 'no events yet'
      : asOf.basis === 'clock'
        ? `newest event ${duration(lagMs ?? 0)} ago`
        : `newest event ${dateTime(newestEvent, zone)} ${zoneLabel(newestEvent, zone)}`;
  const rejectedFor = reasons(freshness.rejectedByReason).map(
    ([reason, count]) => `${reason} ${compact(count)}`,
  );
  const facts = [
    newest,
    `${freshness.backlog === null ? 'unknown how many' : grouped(freshness.backlog)} not counted yet`,
    `${grouped(freshness.late)} late`,
    ...(freshness.lost > 0
      ? [`${grouped(freshness.lost)} lost: gone from the log before they were counted`]
      : []),
    ...(freshness.earlier > 0
      ? [
          `${grouped(freshness.earlier)} earlier records are not in these numbers: the log no longer holds them`,
        ]
      : []),
    ...told(freshness.truncated, 'truncated'),
    ...told(freshness.robots, stats.robotsIncluded ? 'of robots' : 'of robots, left out'),
    ...told(freshness.placeholderIds, 'with placeholder ids', 'with a placeholder id'),
    ...told(freshness.links, 'logins linked', 'login linked'),
    ...told(
      freshness.aliases,
      'former ids taken for devices: users by them stay apart',
      'former id taken for a device: a user by it stays apart',
    ),
    ...told(
      freshness.lateLinks,
      'logins too late for older events of their device',
      'login too late for older events of its device',
    ),
    ...told(
      freshness.leftToOrder,
      'lines of orders do not say what --where asks: taken by themselves',
      'line of an order does not say what --where asks: taken by itself',
    ),
    ...(stats.breakdown?.by === 'recommender' ? ['lists are told by user and device, not by person'] : []),
    ...told(freshness.unjoined, 'devices not joined: too long a past', 'device not joined: too long a past'),
    ...told(freshness.tombstones, 'tombstones', 'tombstone'),
    `${grouped(freshness.duplicates)} duplicates`,
    ...orderNotes(freshness),
    `${grouped(freshness.rejected)} rejected${rejectedFor.length === 0 ? '' : ` (${rejectedFor.join(', ')})`}`,
  ];
  return wrap(facts, width).map((text) => [dim(text)]);
}

/** What there are of; nothing where there are none. */
function told(count: number, many: string, one = many): string[] {
  return count === 0 ? [] : [`${grouped(count)} ${count === 1 ? one : many}`];
}

/** Facts joined by dots, on as many lines as they need. */
function wrap(facts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const last = lines.at(-1);
    const joined = `${last} · ${fact}`;
    if (last !== undefined && textWidth(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(fact);
  }
  return lines;
}
