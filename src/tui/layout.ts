/** A part of the screen, in columns and rows from its top left corner. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type PanelId = 'events' | 'revenue' | 'funnel' | 'products' | 'categories' | 'quality' | 'components';

export interface Panel {
  readonly id: PanelId;
  readonly rect: Rect;
}

/** How the key figures are arranged. */
export interface Tiles {
  readonly rect: Rect;
  readonly perRow: number;
  /** Rows of one tile: 1 label and value side by side, 2 with a sparkline beside the value, 3 with one below it. */
  readonly lines: 1 | 2 | 3;
  readonly framed: boolean;
}

export interface Layout {
  readonly columns: number;
  /** Rows that are drawn: one less than the terminal has. */
  readonly height: number;
  readonly header: Rect;
  readonly tiles: Tiles;
  readonly panels: readonly Panel[];
  /** One line on data quality and components, where they have no panels. */
  readonly health: Rect | undefined;
  readonly footer: Rect;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export const SMALLEST: TerminalSize = { columns: 40, rows: 10 };
export const TILE_COUNT = 10;

const MIN_PANEL = 7;
const MIN_LONE_PANEL = 5;
const FRAME = 2;

/** What is drawn where in a terminal of a size; `undefined` where it is too small to draw anything useful. */
export function layOut({ columns, rows }: TerminalSize): Layout | undefined {
  if (columns < SMALLEST.columns || rows < SMALLEST.rows) return undefined;
  const height = rows - 1;
  const tiles = arrangeTiles(columns, height);
  const top = tiles.rect.y + tiles.rect.height;
  const aboveHealth = arrangePanels({ x: 0, y: top, width: columns, height: height - 2 - top });
  const panelled = ['quality', 'components'].every((id) => aboveHealth.some((panel) => panel.id === id));
  const panels = panelled
    ? arrangePanels({ x: 0, y: top, width: columns, height: height - 1 - top })
    : aboveHealth;
  return {
    columns,
    height,
    header: { x: 0, y: 0, width: columns, height: 1 },
    tiles,
    panels,
    health: panelled ? undefined : { x: 0, y: height - 2, width: columns, height: 1 },
    footer: { x: 0, y: height - 1, width: columns, height: 1 },
  };
}

function arrangeTiles(columns: number, height: number): Tiles {
  const perRow = columns >= 154 ? 10 : columns >= 78 ? 5 : columns >= 60 ? 3 : 2;
  const tileRows = Math.ceil(TILE_COUNT / perRow);
  const lines = perRow >= 5 && height >= 36 ? 3 : 2;
  const framedHeight = tileRows * lines + FRAME;
  // Framed only where a row of panels still fits below, with the header, the health line and the footer.
  const framed = perRow > 2 && height >= 3 + framedHeight + MIN_PANEL;
  if (framed) {
    return { rect: { x: 0, y: 1, width: columns, height: framedHeight }, perRow, lines, framed };
  }
  const flatPerRow = columns >= 120 ? 5 : columns >= 80 ? 4 : columns >= 60 ? 3 : 2;
  const rect = { x: 0, y: 1, width: columns, height: Math.ceil(TILE_COUNT / flatPerRow) };
  return { rect, perRow: flatPerRow, lines: 1, framed };
}

function arrangePanels(region: Rect): Panel[] {
  if (region.width >= 120 && region.height >= 32) return widePanels(region);
  return region.width >= 60 ? pairedPanels(region) : stackedPanels(region);
}

/** Charts above; below, the funnel, the data's quality and the components at the left, the top lists at the right. */
function widePanels(region: Rect): Panel[] {
  const charts = clamp(Math.round(region.height * 0.38), 9, 18);
  const [upper, lower] = splitRows(region, [charts, region.height - charts]) as [Rect, Rect];
  const left = Math.round(region.width * 0.42);
  const [leftHalf, rightHalf] = splitColumns(lower, [left, region.width - left]) as [Rect, Rect];
  const funnel = 7;
  const components = 7;
  const categories = clamp(Math.round(lower.height * 0.36), 6, 13);
  return [
    ...place(['events', 'revenue'], halves(upper)),
    ...place(
      ['funnel', 'quality', 'components'],
      splitRows(leftHalf, [funnel, lower.height - funnel - components, components]),
    ),
    ...place(['products', 'categories'], splitRows(rightHalf, [lower.height - categories, categories])),
  ];
}

/** Rows of two panels, or three where there are columns for them: as many rows as fit. */
function pairedPanels(region: Rect): Panel[] {
  const rows = Math.min(3, Math.floor(region.height / MIN_PANEL));
  if (region.height < MIN_LONE_PANEL) return unframedFunnel(region);
  if (rows <= 1) return place(['events', 'products'], halves(region));
  const lists: readonly PanelId[] =
    region.width >= 120 ? ['funnel', 'products', 'categories'] : ['funnel', 'products'];
  const charts =
    rows === 2 ? Math.floor(region.height / 2) : Math.max(MIN_PANEL, Math.floor(region.height * 0.36));
  const listRows =
    rows === 2 ? region.height - charts : Math.max(MIN_PANEL, Math.floor(region.height * 0.34));
  const [upper, middle, lower] = splitRows(region, [charts, listRows, region.height - charts - listRows]);
  return [
    ...place(['events', 'revenue'], halves(upper!)),
    ...place(lists, lists.length === 3 ? thirds(middle!) : halves(middle!)),
    ...(rows === 3
      ? place(region.width >= 120 ? ['quality', 'components'] : ['quality', 'categories'], halves(lower!))
      : []),
  ];
}

/** One panel below the other: the most telling ones first in the queue for room, drawn in the usual order. */
function stackedPanels(region: Rect): Panel[] {
  const wanted: readonly [PanelId, number][] = [
    ['products', 6],
    ['events', 7],
    ['funnel', 6],
    ['revenue', 7],
    ['quality', 8],
  ];
  let left = region.height;
  const fitting = wanted.filter(([, height]) => {
    if (left < height) return false;
    left -= height;
    return true;
  });
  if (fitting.length === 0) return unframedFunnel(region);
  const order: readonly PanelId[] = ['events', 'revenue', 'funnel', 'products', 'quality'];
  const sorted = [...fitting].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  const heights = sorted.map(([id, height]) => (id === 'products' ? height + left : height));
  return place(
    sorted.map(([id]) => id),
    splitRows(region, heights),
  );
}

/** What little room there is below the key figures shows the steps of the funnel, if at least three of them fit. */
function unframedFunnel(region: Rect): Panel[] {
  return region.height >= 3 ? [{ id: 'funnel', rect: region }] : [];
}

function place(ids: readonly PanelId[], rects: readonly Rect[]): Panel[] {
  return ids.map((id, index) => ({ id, rect: rects[index]! }));
}

function halves(rect: Rect): Rect[] {
  const half = Math.floor(rect.width / 2);
  return splitColumns(rect, [half, rect.width - half]);
}

function thirds(rect: Rect): Rect[] {
  const side = Math.floor(rect.width * 0.3);
  return splitColumns(rect, [side, rect.width - 2 * side, side]);
}

function splitRows(rect: Rect, heights: readonly number[]): Rect[] {
  let { y } = rect;
  return heights.map((height) => {
    const part = { ...rect, y, height };
    y += height;
    return part;
  });
}

function splitColumns(rect: Rect, widths: readonly number[]): Rect[] {
  let { x } = rect;
  return widths.map((width) => {
    const part = { ...rect, x, width };
    x += width;
    return part;
  });
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
