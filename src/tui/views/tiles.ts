import { greatest, least } from '../../extremes.ts';
import { bold, type Colour, dim, fitLine, type Line, span, spread } from '../format/line.ts';
import { compact, money, percent, rate, tiny } from '../format/numbers.ts';
import { completeCells } from '../format/series.ts';
import { sparkline } from '../format/sparkline.ts';
import { textWidth } from '../format/text.ts';
import { type Tiles } from '../layout.ts';
import { change, course, type Figure, readingOf } from '../readings.ts';
import { type DashboardState } from '../state.ts';
import { FRAME_WIDTH, frame } from './frame.ts';

interface Tile {
  readonly label: string;
  readonly value: string;
  /** Change within the last minute, in the unit of the value. */
  readonly change: number | undefined;
  /** Whether more is better. */
  readonly rising: 'good' | 'bad';
  /** What the sparkline draws, and the value of its lowest block. */
  readonly trend: readonly number[];
  readonly floor: number;
}

const GAP = 2;

/** The key figures, each with its change within the last minute and its course. */
export function tilesView(
  state: DashboardState,
  { rect, perRow, lines, framed }: Tiles,
  now: number,
): Line[] {
  const width = rect.width - (framed ? FRAME_WIDTH : 2);
  const tiles = state.model === undefined ? [] : tilesOf(state, now);
  const rows: Line[] = [];
  for (let first = 0; first < tiles.length; first += perRow) {
    const drawn = tiles.slice(first, first + perRow).map((tile, column) => {
      const from = Math.floor((column * (width + GAP)) / perRow);
      const to = Math.floor(((column + 1) * (width + GAP)) / perRow) - GAP;
      return drawTile(tile, to - from, lines).map((line) =>
        column === 0 ? line : [span(' '.repeat(GAP)), ...line],
      );
    });
    for (let row = 0; row < lines; row += 1) rows.push(drawn.flatMap((tile) => tile[row] ?? []));
  }
  if (framed) {
    return frame(
      `Last ${state.window}`.replace('Last all', 'All time'),
      trendNote(lines),
      rows,
      rect.width,
      rect.height,
    );
  }
  return Array.from({ length: rect.height }, (_, row) =>
    fitLine([span(' '), ...(rows[row] ?? [])], rect.width),
  );
}

function trendNote(lines: number): string {
  return lines === 1 ? '' : '▲▼ within the last minute';
}

function drawTile(tile: Tile, width: number, lines: 1 | 2 | 3): Line[] {
  const value = bold(tile.value);
  if (lines === 1) return [spread([dim(tile.label)], [value], width)];
  const heading = spread([dim(tile.label)], changeSpans(tile, width - textWidth(tile.label) - 1), width);
  const spark = (columns: number): Line => [
    span(sparkline(tile.trend, Math.max(0, columns), tile.floor), { colour: 'cyan' }),
  ];
  if (lines === 2) return [heading, spread([value], spark(width - textWidth(tile.value) - 1), width)];
  return [heading, fitLine([value], width), fitLine(spark(width), width)];
}

/** The change as an arrow with its size, or without where that would cost the label its end. */
function changeSpans({ change: by, rising }: Tile, width: number): Line {
  const magnitude = Math.abs(by ?? 0);
  const text = tiny(magnitude < 10 ? Math.round(magnitude * 10) / 10 : Math.round(magnitude));
  if (by === undefined || text === '0') return [];
  const colour: Colour = by > 0 === (rising === 'good') ? 'green' : 'red';
  const arrow = by > 0 ? '▲' : '▼';
  return [span(text.length < width ? `${arrow}${text}` : arrow, { colour })];
}

function tilesOf(state: DashboardState, now: number): Tile[] {
  const { stats } = state.model!;
  const { kpis } = stats;
  const cells = completeCells(stats);
  const current = readingOf(stats, now);
  const average = cells.revenue.map((revenue, index) =>
    cells.orders[index] ? revenue / cells.orders[index]! : 0,
  );
  const tile = (
    label: string,
    value: string,
    figure: Figure,
    options: Partial<Tile> & { scale?: number } = {},
  ): Tile => {
    const by = change(state.readings, current, figure);
    const trend = options.trend ?? course(state.readings, figure);
    return {
      label,
      value,
      change: by === undefined ? undefined : by * (options.scale ?? 1),
      rising: options.rising ?? 'good',
      trend,
      floor: options.trend === undefined ? lowest(trend) : 0,
    };
  };
  return [
    tile('Users 5m', compact(kpis.activeUsers['5m']), 'active5m'),
    tile('Users 30m', compact(kpis.activeUsers['30m']), 'active30m'),
    tile('Events/s', rate(kpis.eventsPerSecond), 'eventsPerSecond', { trend: cells.events }),
    tile('Sessions', compact(kpis.sessions), 'sessions'),
    tile('Conversion', percent(kpis.conversion.session), 'conversion', { scale: 100 }),
    tile('Orders', compact(kpis.orders), 'orders', { trend: cells.orders }),
    tile(`Gross ${kpis.revenue.currency}`, money(kpis.revenue.gross, kpis.revenue.currency), 'gross', {
      trend: cells.revenue,
    }),
    tile(`Net ${kpis.revenue.currency}`, money(kpis.revenue.net, kpis.revenue.currency), 'net'),
    tile('Avg order', money(kpis.averageOrderValue, kpis.revenue.currency), 'averageOrder', {
      trend: average,
    }),
    tile('Abandoned', percent(kpis.cartAbandonment), 'abandonment', { scale: 100, rising: 'bad' }),
  ];
}

// A course that only moves a little would look flat from 0 up: it starts just below its lowest value.
function lowest(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const low = least(values);
  return low - (greatest(values) - low) / 4;
}
