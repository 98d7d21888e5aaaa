import { type Stats } from '../../pipeline/stats/types.ts';
import { chart } from '../format/chart.ts';
import { type Colour, dim, fitLine, type Line } from '../format/line.ts';
import { money, rate } from '../format/numbers.ts';
import { asRate, type Cells, cellName, completeCells } from '../format/series.ts';
import { cellLabel } from '../format/time.ts';
import { type Rect } from '../layout.ts';
import { FRAME_HEIGHT, FRAME_WIDTH, frame } from './frame.ts';

/** Events over the window, as a rate in a readable unit of time. */
export function eventsView(stats: Stats | undefined, rect: Rect): Line[] {
  if (stats === undefined) return frame('Events', '', [], rect.width, rect.height);
  const cells = completeCells(stats);
  const { unit, values } = asRate(cells.events, cells.cellMs);
  const note = values.length === 0 ? '' : `last ${rate(values.at(-1)!)}`;
  return drawChart(`Events / ${unit}`, note, values, cells, stats, rect, 'cyan');
}

/** Gross revenue over the window, per cell. */
export function revenueView(stats: Stats | undefined, rect: Rect): Line[] {
  if (stats === undefined) return frame('Revenue', '', [], rect.width, rect.height);
  const cells = completeCells(stats);
  const note =
    cells.revenue.length === 0
      ? ''
      : `last ${money(String(cells.revenue.at(-1)!), stats.kpis.revenue.currency)}`;
  const title = `${stats.kpis.revenue.currency} / ${cellName(cells.cellMs)}`;
  return drawChart(`Revenue ${title}`, note, cells.revenue, cells, stats, rect, 'green');
}

function drawChart(
  title: string,
  note: string,
  values: readonly number[],
  cells: Cells,
  stats: Stats,
  rect: Rect,
  colour: Colour,
): Line[] {
  const width = rect.width - FRAME_WIDTH;
  const height = rect.height - FRAME_HEIGHT;
  if (values.length === 0 || stats.freshness.newestEvent === null) {
    return frame(title, '', emptyLines(stats, width, height), rect.width, rect.height);
  }
  const { from, to } = chartEnds(cells, stats.timeZone);
  return frame(title, note, chart(values, { width, height, from, to, colour }), rect.width, rect.height);
}

/** What stands below the two ends of a chart: the start of its first and of its last cell. */
export function chartEnds({ from, to, cellMs }: Cells, zone: string): { from: string; to: string } {
  const label = (start: number): string => cellLabel(start, cellMs, to - from, zone);
  return { from: label(from), to: label(to - cellMs) };
}

function emptyLines(stats: Stats, width: number, height: number): Line[] {
  const texts =
    stats.freshness.newestEvent === null
      ? ['No events yet.', 'ecom ingest FILE reads a shop’s events,', 'ecom up simulates a shop.']
      : ['No complete interval in this window yet.'];
  const top = Math.max(0, Math.floor((height - texts.length) / 2));
  return [
    ...Array.from({ length: top }, (): Line => []),
    ...texts.map((text) => fitLine([dim(text)], width)),
  ];
}
