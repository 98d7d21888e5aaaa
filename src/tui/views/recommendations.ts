import { dim, type Line } from '../format/line.ts';
import { type TableColumn, table } from '../format/table.ts';
import { displayText, truncate } from '../format/text.ts';
import { duration } from '../format/time.ts';
import { type Rect } from '../layout.ts';
import { type DashboardRecommendations } from '../source.ts';
import { type DashboardState } from '../state.ts';
import { FRAME_HEIGHT, FRAME_WIDTH, frame } from './frame.ts';

/** Width from which on the rank is shown. */
const RANKED = 44;
const RANK = 2;
/** Columns that a name in a title takes at most. */
const LONGEST_USER = 20;

/** What is recommended now, and why: to one shopper, or to everybody. */
export function recommendationsView({ model }: DashboardState, now: number, { width, height }: Rect): Line[] {
  const found = model?.recommendations;
  const inner = width - FRAME_WIDTH;
  const user = found?.user;
  const title = user === undefined ? 'Trending' : `For ${truncate(displayText(user), LONGEST_USER)}`;
  const rows = found === undefined ? [] : itemRows(found, inner, height - FRAME_HEIGHT - 1);
  const lines = rows.length > 0 ? rows : nothing(model === undefined);
  return frame(title, found === undefined ? '' : noteOn(found, now), lines, width, height);
}

function nothing(reading: boolean): Line[] {
  return reading
    ? []
    : [[dim('Nothing is learnt yet: that takes some')], [dim('seconds of events, and the recommender.')]];
}

/** Which model, and how old its lists are. */
function noteOn({ version, time }: DashboardRecommendations, now: number): string {
  const age = `${duration(Math.max(0, now - time))} old`;
  return version === 0 ? age : `model ${version}, ${age}`;
}

function itemRows({ user, items }: DashboardRecommendations, width: number, limit: number): Line[] {
  const ranked = width >= RANKED;
  const why = Math.floor((ranked ? width - RANK : width) * 0.48);
  const columns: TableColumn[] = [
    ...(ranked ? [{ title: '', width: RANK, align: 'right', style: { dim: true } } as const] : []),
    { title: 'Product', width: 'flexible' },
    { title: user === undefined ? 'Goes with' : 'Because', width: why },
  ];
  const rows = items
    .slice(0, limit)
    .map((item, i) => [...(ranked ? [String(i + 1)] : []), displayText(item.name), displayText(item.why)]);
  return rows.length === 0 ? [] : table(columns, rows, width);
}
