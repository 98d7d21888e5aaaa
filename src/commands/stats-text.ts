import { type SortKey, type Stats } from '../pipeline/stats/types.ts';
import { chart } from '../tui/format/chart.ts';
import { bold, dim, fitLine, type Line, lineText, lineWidth, span } from '../tui/format/line.ts';
import { compact, grouped, NONE, percent, rate } from '../tui/format/numbers.ts';
import { paint } from '../tui/format/paint.ts';
import { asRate, completeCells } from '../tui/format/series.ts';
import { displayText, fitText, textWidth } from '../tui/format/text.ts';
import { dateTime, duration } from '../tui/format/time.ts';
import { naturalSort } from '../tui/state.ts';
import { chartEnds } from '../tui/views/charts.ts';
import { funnelHeading, funnelLines } from '../tui/views/funnel.ts';
import { reasons } from '../tui/views/health.ts';
import { categoryLines, productLines } from '../tui/views/top-lists.ts';

export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** What the lists were asked to be ordered by. */
  readonly sort?: SortKey | undefined;
  /** Whether headings may be bold and the like. */
  readonly styled: boolean;
}

const WIDEST = 120;
const NARROWEST = 40;
const CHART_ROWS = 9;
const NAMES: Readonly<Record<Stats['window']['label'], string>> = {
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
  const columns = Math.min(WIDEST, Math.max(NARROWEST, width));
  const order = sort ?? naturalSort(stats);
  const { topProducts, topCategories } = stats;
  const lines: Line[] = [
    [bold(NAMES[stats.window.label]), dim(` · ${period(stats)}`)],
    [],
    ...kpiLines(stats, columns),
    ...otherCurrencies(stats),
    ...section('Events', eventLines(stats, columns)),
    ...section(
      'Funnel',
      stats.funnel.length === 0 ? [] : [funnelHeading(columns), ...funnelLines(stats, columns)],
    ),
    ...section(
      'Top products',
      listOrNothing(topProducts, productLines(topProducts, order, columns, topProducts.length)),
    ),
    ...section(
      'Top categories',
      listOrNothing(topCategories, categoryLines(topCategories, order, columns, topCategories.length)),
    ),
    [],
    ...freshnessLines(stats, columns),
  ];
  return lines.map((line) => `${drawLine(fitLine(line, columns), styled)}\n`).join('');
}

function drawLine(line: Line, styled: boolean): string {
  return (styled ? paint(line, true) : lineText(line)).trimEnd();
}

function section(title: string, lines: readonly Line[]): Line[] {
  return lines.length === 0 ? [] : [[], [bold(title)], ...lines];
}

function listOrNothing(entries: readonly unknown[], lines: readonly Line[]): readonly Line[] {
  return entries.length === 0 ? [] : lines;
}

function period({ window: { from, to }, asOf }: Stats): string {
  const start = from === null ? 'up to' : `${dateTime(from)} –`;
  const basis = asOf.basis === 'clock' ? '' : ', the newest event';
  return `${start} ${dateTime(to)} UTC${basis}`;
}

function kpiLines({ kpis }: Stats, width: number): Line[] {
  const { revenue, conversion, activeUsers } = kpis;
  const money = (amount: string | null): string => (amount === null ? NONE : grouped(amount, 2));
  const earned: readonly Pair[] = [
    [`Revenue net ${revenue.currency}`, money(revenue.net)],
    ['Revenue gross', money(revenue.gross)],
    ['Refunds', money(revenue.refunds)],
    ['Average order', money(kpis.averageOrderValue)],
    ['Per session', money(kpis.revenuePerSession)],
    ['Per user', money(kpis.arpu)],
  ];
  const sold: readonly Pair[] = [
    ['Orders', grouped(kpis.orders)],
    ['Units sold', grouped(kpis.unitsSold)],
    ['Buyers', grouped(kpis.buyers)],
    ['Conversion', percent(conversion.session)],
    ['Users buying', percent(conversion.user)],
    ['Carts abandoned', percent(kpis.cartAbandonment)],
  ];
  const active: readonly Pair[] = [
    ['Sessions', grouped(kpis.sessions)],
    ['Users', grouped(kpis.users)],
    ['Active 5m', grouped(activeUsers['5m'])],
    ['Active 30m', grouped(activeUsers['30m'])],
    ['Events', grouped(kpis.events)],
    ['Events/s', rate(kpis.eventsPerSecond)],
  ];
  // As many columns as fit: large amounts take more room.
  const layouts = [
    [earned, sold, active],
    [
      [...earned, ...active.slice(0, 3)],
      [...sold, ...active.slice(3)],
    ],
    [[...earned, ...sold, ...active]],
  ].map(alignColumns);
  return layouts.find((lines) => lines.every((line) => lineWidth(line) <= width)) ?? layouts.at(-1)!;
}

type Pair = readonly [name: string, value: string];

/** Names and values, each column as wide as what stands in it. */
function alignColumns(columns: readonly (readonly Pair[])[]): Line[] {
  const widths = columns.map((pairs) =>
    [0, 1].map((side) => Math.max(...pairs.map((pair) => textWidth(pair[side]!)))),
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
    span(`${grouped(net, 2)} ${displayText(currency)} net`),
    dim(`, ${grouped(gross, 2)} gross; currencies are never added`),
  ]);
}

function eventLines(stats: Stats, width: number): Line[] {
  if (stats.freshness.newestEvent === null) return [];
  const cells = completeCells(stats);
  if (cells.events.length < 2) return [];
  const { unit, values } = asRate(cells.events, cells.cellMs);
  const plot = chart(values, { width, height: CHART_ROWS, ...chartEnds(cells), colour: 'cyan' });
  return [[dim(`per ${unit === 's' ? 'second' : unit === 'min' ? 'minute' : unit}`)], ...plot];
}

/** How far the numbers can be trusted: what is not in them, and why. */
function freshnessLines({ freshness, asOf }: Stats, width: number): Line[] {
  const { newestEvent, lagMs } = freshness;
  const newest =
    newestEvent === null
      ? 'no events yet'
      : asOf.basis === 'clock'
        ? `newest event ${duration(lagMs ?? 0)} ago`
        : `newest event ${dateTime(newestEvent)} UTC`;
  const rejectedFor = reasons(freshness.rejectedByReason).map(
    ([reason, count]) => `${reason} ${compact(count)}`,
  );
  const facts = [
    newest,
    `${freshness.backlog === null ? 'unknown how many' : grouped(freshness.backlog)} not counted yet`,
    `${grouped(freshness.late)} late`,
    `${grouped(freshness.duplicates)} duplicates`,
    `${grouped(freshness.duplicateOrders)} duplicate orders`,
    `${grouped(freshness.rejected)} rejected${rejectedFor.length === 0 ? '' : ` (${rejectedFor.join(', ')})`}`,
  ];
  return wrap(facts, width).map((text) => [dim(text)]);
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
