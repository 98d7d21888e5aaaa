import { fitLine, type Line, span } from '../format/line.ts';
import { type Layout, layOut, type Panel, type Rect, SMALLEST } from '../layout.ts';
import { type DashboardState } from '../state.ts';
import { eventsView, revenueView } from './charts.ts';
import { funnelView } from './funnel.ts';
import { footerLine, headerLine } from './header.ts';
import { componentsView, healthLine, qualityView } from './health.ts';
import { helpView } from './help.ts';
import { recommendationsView } from './recommendations.ts';
import { tilesView } from './tiles.ts';
import { categoriesView, productsView } from './top-lists.ts';

/** Lines at their place; later blocks lie over earlier ones. */
export interface Block {
  readonly id: string;
  readonly rect: Rect;
  readonly lines: readonly Line[];
}

/** Everything on the screen, as text: a pure function of the state and the time. */
export function presentScreen(state: DashboardState, now: number): Block[] {
  const layout = layOut(state.size);
  if (layout === undefined) return [tooSmall(state)];
  const line = (id: string, rect: Rect, content: Line): Block => ({ id, rect, lines: [content] });
  const blocks: Block[] = [
    line('header', layout.header, headerLine(state, now, layout.columns)),
    { id: 'tiles', rect: layout.tiles.rect, lines: tilesView(state, layout.tiles, now) },
    ...layout.panels.map((panel) => ({
      id: panel.id,
      rect: panel.rect,
      lines: panelLines(panel, state, now),
    })),
    line('footer', layout.footer, footerLine(state, now, layout.columns)),
  ];
  if (layout.health !== undefined) {
    blocks.push(line('health', layout.health, healthLine(state.model, layout.columns)));
  }
  if (state.help) blocks.push(helpBlock(layout));
  return blocks;
}

function panelLines({ id, rect }: Panel, state: DashboardState, now: number): Line[] {
  const stats = state.model?.stats;
  switch (id) {
    case 'events':
      return eventsView(stats, rect);
    case 'revenue':
      return revenueView(stats, rect);
    case 'funnel':
      return funnelView(stats, rect);
    case 'products':
      return state.recommendations ? recommendationsView(state, now, rect) : productsView(state, rect);
    case 'categories':
      return categoriesView(state, rect);
    case 'quality':
      return qualityView(stats, rect);
    case 'components':
      return componentsView(state.model, rect);
  }
}

function helpBlock(layout: Layout): Block {
  return { id: 'help', ...helpView(layout) };
}

function tooSmall({ size: { columns, rows } }: DashboardState): Block {
  const text = `terminal too small (${columns}×${rows}): ${SMALLEST.columns}×${SMALLEST.rows} needed, q quits`;
  return {
    id: 'too-small',
    rect: { x: 0, y: 0, width: Math.max(1, columns), height: 1 },
    lines: [fitLine([span(text)], Math.max(1, columns))],
  };
}
