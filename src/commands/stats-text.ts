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
  const pairs: readonly (readonly [string, string])[] = [
    [`Revenue net ${revenue.currency}`, money(revenue.net)],
    ['Orders', grouped(kpis.orders)],
    ['Sessions', grouped(kpis.sessions)],
    ['Revenue gross', money(revenue.gross)],
    ['Units sold', grouped(kpis.unitsSold)],
    ['Users', grouped(kpis.users)],
    ['Refunds', money(revenue.refunds)],
    ['Buyers', grouped(kpis.buyers)],
    ['Active 5m', grouped(activeUsers['5m'])],
    ['Average order', money(kpis.averageOrderValue)],
    ['Conversion', percent(conversion.session)],
    ['Active 30m', grouped(activeUsers['30m'])],
    ['Per session', money(kpis.revenuePerSession)],
    ['Users buying', percent(conversion.user)],
    ['Events', grouped(kpis.events)],
    ['Per user', money(kpis.arpu)],
    ['Carts abandoned', percent(kpis.cartAbandonment)],
    ['Events/s', rate(kpis.eventsPerSecond)],
  ];
  // As many columns as fit: large amounts take more room.
  const layouts = [3, 2, 1].map((perRow) => alignPairs(pairs, perRow));
  return layouts.find((lines) => lines.every((line) => lineWidth(line) <= width)) ?? layouts.at(-1)!;
}

/** Names and values in columns as wide as what stands in them. */
function alignPairs(pairs: readonly (readonly [string, string])[], perRow: number): Line[] {
  const widest = (column: number, side: 0 | 1): number =>
    Math.max(...pairs.filter((_, index) => index % perRow === column).map((pair) => textWidth(pair[side])));
  const rows: Line[] = [];
  for (let first = 0; first < pairs.length; first += perRow) {
    rows.push(
      pairs
        .slice(first, first + perRow)
        .flatMap(([name, value], column) => [
          span(column === 0 ? '' : '    '),
          dim(fitText(name, widest(column, 0))),
          span('  '),
          bold(fitText(value, widest(column, 1), 'right')),
        ]),
    );
  }
  return rows;
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
    `${grouped(freshness.backlog)} not counted yet`,
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
