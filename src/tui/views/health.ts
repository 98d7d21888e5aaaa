import { type Stats } from '../../pipeline/stats/types.ts';
import {
  type Colour,
  dim,
  fitLine,
  joinFitting,
  type Line,
  lineWidth,
  span,
  spread,
} from '../format/line.ts';
import { bytes, compact } from '../format/numbers.ts';
import { bar } from '../format/sparkline.ts';
import { table } from '../format/table.ts';
import { displayText, fitText } from '../format/text.ts';
import { duration } from '../format/time.ts';
import { type Rect } from '../layout.ts';
import { type DashboardComponent, type DashboardModel } from '../source.ts';
import { FRAME_HEIGHT, FRAME_WIDTH, frame } from './frame.ts';

/** One line: what was late, double, rejected or not counted yet at the left, the components at the right. */
export function healthLine(model: DashboardModel | undefined, width: number): Line {
  if (model === undefined) return fitLine([], width);
  const { freshness } = model.stats;
  const inner = width - 2;
  const { alerts = [] } = model.stats;
  const facts: Line[] = [
    ...alerts.map(({ name }): Line => [span(`▲ ${displayText(name)}`, { bold: true, colour: 'red' })]),
    fact('backlog', freshness.backlog, freshness.backlog === 0 ? undefined : 'yellow'),
    ...(freshness.leftToOrder > 0 ? [fact('lines without it', freshness.leftToOrder, 'yellow')] : []),
    fact('rejected', freshness.rejected, freshness.rejected > 0 ? 'yellow' : undefined),
    fact('late', freshness.late),
    fact('duplicates', freshness.duplicates + freshness.duplicateOrders),
    ...reasons(freshness.rejectedByReason)
      .slice(0, 3)
      .map(([reason, count]): Line => [dim(`${reason} ${compact(count)}`)]),
  ];
  const named = workersSpans(model.components);
  const enough =
    lineWidth(joinFitting(facts.slice(0, 4 + alerts.length), '  ', inner)) + lineWidth(named) + 2 <= inner;
  const workers = enough ? named : model.components.map(({ state }) => stateSpan(state));
  return [
    span(' '),
    ...spread(joinFitting(facts, '  ', inner - lineWidth(workers) - 2), workers, inner),
    span(' '),
  ];
}

/** How many components run, and which do not. */
function workersSpans(components: readonly DashboardComponent[]): Line {
  const running = components.filter(({ state }) => state === 'running').length;
  const others = components.filter(({ state }) => state !== 'running');
  return [
    ...(running > 0 ? [stateSpan('running'), dim(` ${running} running`)] : []),
    ...others.flatMap(({ name, state }) => [span('  '), stateSpan(state), dim(` ${displayText(name)}`)]),
  ];
}

function fact(name: string, count: number | null, colour?: Colour): Line {
  return [dim(`${name} `), span(count === null ? '?' : compact(count), { colour })];
}

/** How whole and how fresh the numbers are, and why events were rejected. */
export function qualityView(stats: Stats | undefined, rect: Rect): Line[] {
  const width = rect.width - FRAME_WIDTH;
  const lines = stats === undefined ? [] : [...qualityLines(stats, width), ...reasonLines(stats, width)];
  const note = stats === undefined ? '' : `${compact(stats.freshness.received)} received`;
  return frame(
    'Data quality',
    note,
    clipWithRest(lines, rect.height - FRAME_HEIGHT),
    rect.width,
    rect.height,
  );
}

function qualityLines({ freshness }: Stats, width: number): Line[] {
  const lag = freshness.lagMs === null ? 'none yet' : `${duration(freshness.lagMs)} ago`;
  const warn = (count: number): { colour: Colour | undefined } => ({
    colour: count > 0 ? 'yellow' : undefined,
  });
  const { backlog } = freshness;
  const pairs: readonly (readonly [string, Line])[] = [
    ['Newest event', [span(lag)]],
    ['Not counted yet', [span(backlog === null ? '?' : compact(backlog), warn(backlog ?? 1))]],
    ['Late', [span(compact(freshness.late))]],
    ['Rejected', [span(compact(freshness.rejected), warn(freshness.rejected))]],
    ['Duplicate events', [span(compact(freshness.duplicates))]],
    ['Duplicate orders', [span(compact(freshness.duplicateOrders))]],
    // What is filtered by is said of their order by others, if at all.
    ...(freshness.leftToOrder > 0
      ? [['Lines without it', [span(compact(freshness.leftToOrder), warn(1))]] as const]
      : []),
  ];
  const perRow = width >= 50 ? 2 : 1;
  const column = Math.floor((width - (perRow - 1) * 4) / perRow);
  const cells = pairs.map(([name, value]) => spread([dim(name)], value, column));
  if (perRow === 1) return cells;
  return cells.flatMap((cell, i): Line[] =>
    i % 2 === 0 ? [[...cell, span('    '), ...(cells[i + 1] ?? [])]] : [],
  );
}

function reasonLines({ freshness }: Stats, width: number): Line[] {
  const listed = reasons(freshness.rejectedByReason);
  if (listed.length === 0) return [[dim('Nothing was rejected.')]];
  const most = listed[0]?.[1] ?? 0;
  const barWidth = Math.max(0, Math.floor(width * 0.3));
  return listed.map(([reason, count]) =>
    spread(
      [span(reason)],
      [
        span(' '),
        span(fitText(bar(count / most, barWidth), barWidth), { colour: 'yellow' }),
        span(fitText(compact(count), 8, 'right')),
      ],
      width,
    ),
  );
}

/** Reasons of rejection, the most frequent first. */
export function reasons(byReason: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(byReason)
    .map(([reason, count]): [string, number] => [displayText(reason), count])
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}

/** Workers with their state, restarts and memory. */
export function componentsView(model: DashboardModel | undefined, rect: Rect): Line[] {
  const width = rect.width - FRAME_WIDTH;
  const components = model?.components ?? [];
  const lines =
    model === undefined || components.length > 0
      ? componentLines(components, width)
      : [[dim('Nothing runs on this data folder: ecom up starts it.')]];
  return frame('Components', '', clipWithRest(lines, rect.height - FRAME_HEIGHT), rect.width, rect.height);
}

function componentLines(components: readonly DashboardComponent[], width: number): Line[] {
  const rows = components.map(({ name, state, restarts, rss }) => [
    stateSpan(state),
    displayText(name),
    state,
    span(String(restarts), restarts > 0 ? { colour: 'yellow' } : {}),
    bytes(rss),
  ]);
  const columns = [
    { title: '', width: 1 },
    { title: 'Component', width: 'flexible' },
    { title: 'state', width: 8 },
    { title: 'restarts', width: 8, align: 'right' },
    { title: 'memory', width: 7, align: 'right' },
  ] as const;
  return table(columns, rows, width);
}

function stateSpan(state: string): ReturnType<typeof span> {
  switch (state) {
    case 'running':
      return span('●', { colour: 'green' });
    case 'stopped':
      return dim('○');
    case 'failed':
      return span('✖', { colour: 'red' });
    default:
      return span('◐', { colour: 'yellow' });
  }
}

/** The lines that fit; where some do not, the last one says how many. */
function clipWithRest(lines: readonly Line[], room: number): readonly Line[] {
  if (lines.length <= room || room < 1) return lines;
  return [...lines.slice(0, room - 1), [dim(`+${lines.length - room + 1} more`)]];
}
