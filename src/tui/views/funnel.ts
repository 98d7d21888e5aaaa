import { type Stats } from '../../pipeline/stats/types.ts';
import { bold, dim, fitLine, type Line, span } from '../format/line.ts';
import { compact, percent } from '../format/numbers.ts';
import { bar } from '../format/sparkline.ts';
import { fitText } from '../format/text.ts';
import { type Rect } from '../layout.ts';
import { STEP_NAMES } from '../state.ts';
import { FRAME_HEIGHT, FRAME_WIDTH, frame } from './frame.ts';

const NAME = 8;
const COUNT = 7;
const SHARE = 7;
/** Below this height there is no room for a frame. */
const UNFRAMED = 5;

/** Sessions that reached each step, and the share of the step before that they are. */
export function funnelView(stats: Stats | undefined, rect: Rect): Line[] {
  if (rect.height < UNFRAMED) return unframed(stats, rect);
  const width = rect.width - FRAME_WIDTH;
  const steps = stats === undefined ? [] : funnelLines(stats, width);
  const headed = steps.length > 0 && rect.height - FRAME_HEIGHT > steps.length;
  const note = headed || steps.length === 0 ? '' : 'sessions, share of the step before';
  const empty: Line[] = stats !== undefined && steps.length === 0 ? [[dim('Nothing in this window.')]] : [];
  const lines = [...(headed ? [funnelHeading(width)] : []), ...steps, ...empty];
  return frame('Funnel', note, lines, rect.width, rect.height);
}

function unframed(stats: Stats | undefined, rect: Rect): Line[] {
  const steps = stats === undefined ? [] : funnelLines(stats, rect.width - 2);
  return Array.from({ length: rect.height }, (_, row) =>
    fitLine([span(' '), ...(steps[row] ?? [])], rect.width),
  );
}

/** One line a step: name, bar, sessions, share of the step before, and where there is room, share of the first. */
export function funnelLines(stats: Stats, width: number): Line[] {
  const both = showsBoth(width);
  const barWidth = Math.max(0, width - NAME - COUNT - SHARE - 4 - (both ? SHARE + 1 : 0));
  return stats.funnel.map((step, index) => [
    span(fitText(STEP_NAMES[step.step], NAME)),
    span(' '),
    span(fitText(bar(step.ofFirst ?? 0, barWidth), barWidth), { colour: 'cyan' }),
    span(' '),
    bold(fitText(compact(step.sessions), COUNT, 'right')),
    span(' '),
    index === 0 ? span(' '.repeat(SHARE)) : span(fitText(percent(step.ofPrevious), SHARE, 'right')),
    ...(both ? [span(' '), dim(fitText(percent(step.ofFirst), SHARE, 'right'))] : []),
  ]);
}

/** What the numbers of `funnelLines` are. */
export function funnelHeading(width: number): Line {
  const shares = `${'of prev'.padStart(SHARE + 1)}${showsBoth(width) ? 'overall'.padStart(SHARE + 1) : ''}`;
  return [dim(fitText('sessions', width - shares.length, 'right')), dim(shares)];
}

function showsBoth(width: number): boolean {
  return width >= 48;
}
