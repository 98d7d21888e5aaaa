import { greatest } from '../extremes.ts';
import { decimalsOf } from '../pipeline/events/money.ts';
import { type Activity, type Cohort, type Insights } from '../pipeline/stats/insights-types.ts';
import { bold, dim, type Line, span } from '../tui/format/line.ts';
import { compact, grouped, percent } from '../tui/format/numbers.ts';
import { displayText, fitText } from '../tui/format/text.ts';
import { stretch } from '../tui/format/time.ts';
import { drawLines, textColumns } from './text.ts';

export const INSIGHT_SECTIONS = ['activity', 'cohorts', 'segments', 'search', 'products'] as const;
export type InsightSection = (typeof INSIGHT_SECTIONS)[number];

export interface InsightsTextOptions {
  readonly section: InsightSection | undefined;
  /** Columns of the terminal. */
  readonly width: number;
  readonly styled: boolean;
}

/** From nothing to most. */
const SHADES = [' ', '·', '░', '▒', '▓', '█'] as const;
/** Days after the first that a table of cohorts shows. */
const SHOWN_DAYS = [1, 2, 3, 5, 7, 10, 14, 21, 30] as const;
const FEW_DAYS = [1, 3, 7, 14, 30] as const;
const SHOWN_COHORTS = 14;

/** How shoppers behave, as text for people, ending with a line feed. No line is wider than `width`, from 40 columns on. */
export function insightsText(answer: Insights, { section, width, styled }: InsightsTextOptions): string {
  const columns = textColumns(width);
  const sections: Readonly<Record<InsightSection, () => Line[]>> = {
    activity: () => [
      heading('When they come', 'events by hour and weekday'),
      ...activityLines(answer.activity),
    ],
    cohorts: () => [
      heading('Whether they come back', 'share of those who came first on a day'),
      ...cohortLines(answer.cohorts, answer.currency, columns),
    ],
    segments: () => [
      heading('Who buys', 'all buyers, by how lately, how often and for how much'),
      ...segmentLines(answer, columns),
    ],
    search: () => [heading('What they search for', ''), ...searchLines(answer, columns)],
    products: () => [
      heading('What they pass by', 'many views, few carts'),
      ...overlookedLines(answer, columns),
    ],
  };
  const shown = section === undefined ? INSIGHT_SECTIONS : [section];
  const lines: Line[] = [
    [
      bold(answer.window.label === 'custom' ? 'Period' : `Window ${answer.window.label}`),
      dim(` · ${stretch(answer.window.from, answer.window.to, answer.timeZone)}`),
    ],
    ...(answer.simulated
      ? [[span('SIMULATED', { bold: true, colour: 'yellow' as const }), dim(' · with invented shoppers')]]
      : []),
    ...shown.flatMap((name) => [[], ...sections[name]()]),
  ];
  return drawLines(lines, columns, styled);
}

function heading(title: string, note: string): Line {
  return [bold(title), dim(note === '' ? '' : ` · ${note}`)];
}

function activityLines({ weekdays, events }: Activity): Line[] {
  const most = greatest(events.flat());
  if (most === 0) return [[dim('no events in this period')]];
  const busiest = events.flatMap((row, day) => row.map((count, hour) => ({ day, hour, count })));
  const { day, hour, count } = busiest.reduce((best, one) => (one.count > best.count ? one : best));
  return [
    [dim(`     ${[0, 6, 12, 18].map((at) => String(at).padEnd(12)).join('')}`)],
    ...events.map(
      (row, index): Line => [
        dim(`${weekdays[index]!}  `),
        span(row.map((value) => shade(value, most).repeat(2)).join(''), { colour: 'cyan' }),
      ],
    ),
    [dim(`busiest: ${weekdays[day]!} ${String(hour).padStart(2, '0')}:00, ${grouped(count)} events`)],
  ];
}

function shade(value: number, most: number): string {
  return value === 0 ? SHADES[0] : SHADES[Math.max(1, Math.ceil((value / most) * (SHADES.length - 1)))]!;
}

function cohortLines(cohorts: readonly Cohort[], currency: string, width: number): Line[] {
  if (cohorts.length === 0) return [[dim('nobody came for the first time in this period')]];
  const fits = (list: readonly number[]): boolean => 40 + list.length * 7 <= width;
  const days = fits(SHOWN_DAYS) ? SHOWN_DAYS : FEW_DAYS;
  const row = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? fitText(cell, 10) : fitText(cell, i < 4 ? 9 : 6, 'right'))).join(' ');
  return [
    [dim(row(['first day', 'shoppers', 'buyers', `${currency} each`, ...days.map((day) => `day ${day}`)]))],
    ...cohorts.slice(-SHOWN_COHORTS).map((cohort): Line => {
      const { day, shoppers, buyers, lifetimeValue, returned } = cohort;
      const shares = days.map((at) => {
        const count = returned[at];
        return count === undefined ? '' : percent(count / shoppers);
      });
      return [
        span(
          row([
            day,
            grouped(shoppers),
            grouped(buyers),
            grouped(lifetimeValue ?? 0, decimalsOf(currency)),
            ...shares,
          ]),
        ),
      ];
    }),
    ...(cohorts.length > SHOWN_COHORTS
      ? [[dim(`and ${grouped(cohorts.length - SHOWN_COHORTS)} days before, which --json has too`)]]
      : []),
  ];
}

function segmentLines({ segments }: Insights, width: number): Line[] {
  if (segments.every(({ buyers }) => buyers === 0)) return [[dim('nobody has bought yet')]];
  const most = greatest(segments.map(({ buyers }) => buyers));
  const bar = Math.max(4, Math.min(20, width - 70));
  return segments.map(({ segment, meaning, buyers, share }) => [
    span(fitText(segment, 10)),
    span(` ${fitText(grouped(buyers), 9, 'right')} ${fitText(percent(share), 6, 'right')} `),
    span(fitText('█'.repeat(Math.round((buyers / most) * bar)), bar), { colour: 'cyan' }),
    dim(` ${meaning}`),
  ]);
}

function searchLines({ search }: Insights, width: number): Line[] {
  if (search.searches === 0) return [[dim('no searches in this period')]];
  const half = Math.floor((width - 4) / 2);
  const list = (rows: Insights['search']['queries'], count: 'searches' | 'withoutResults'): string[] =>
    rows.map(
      (row) => `${fitText(displayText(row.query), half - 8)} ${fitText(compact(row[count]), 7, 'right')}`,
    );
  const [all, empty] = [
    list(search.queries, 'searches'),
    list(search.queriesWithoutResults, 'withoutResults'),
  ];
  return [
    [
      span(`${grouped(search.searches)} searches, `),
      span(`${grouped(search.withoutResults)} without results (${percent(search.shareWithoutResults)})`),
    ],
    [dim(fitText('most', half + 4)), dim('most without results')],
    ...Array.from(
      { length: Math.max(all.length, empty.length) },
      (_, i): Line => [span(fitText(all[i] ?? '', half)), span('    '), span(empty[i] ?? '')],
    ),
  ];
}

function overlookedLines({ overlooked }: Insights, width: number): Line[] {
  if (overlooked.length === 0) return [[dim('no product was viewed often enough to tell')]];
  const label = Math.max(16, width - 30);
  return [
    [
      dim(
        `${fitText('', label)} ${fitText('views', 9, 'right')} ${fitText('carts', 8, 'right')} ${fitText('of views', 9, 'right')}`,
      ),
    ],
    ...overlooked.map(
      ({ productId, name, views, carts, cartRate }): Line => [
        span(fitText(displayText(name ?? productId), label)),
        span(` ${fitText(grouped(views), 9, 'right')} ${fitText(grouped(carts), 8, 'right')}`),
        span(` ${fitText(percent(cartRate), 9, 'right')}`),
      ],
    ),
  ];
}
