import { describe, expect, it } from 'vitest';
import { type Layout, layOut, type Rect, SMALLEST, TILE_COUNT } from '../../src/tui/layout.ts';

const sizes: [number, number][] = [];
for (let columns = SMALLEST.columns; columns <= 240; columns += 3) {
  for (const rows of [10, 11, 12, 13, 14, 16, 18, 20, 22, 24, 25, 30, 36, 40, 45, 50, 60, 80, 120]) {
    sizes.push([columns, rows]);
  }
}

function parts(layout: Layout): Rect[] {
  const { header, tiles, panels, health, footer } = layout;
  return [header, tiles.rect, ...panels.map(({ rect }) => rect), ...(health ? [health] : []), footer];
}

describe('layOut', () => {
  it('puts everything inside the screen and nothing over something else, at every size', () => {
    for (const [columns, rows] of sizes) {
      const layout = layOut({ columns, rows })!;
      const taken = new Set<number>();
      for (const { x, y, width, height } of parts(layout)) {
        const inside =
          x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= columns && y + height <= rows - 1;
        expect(inside, `${columns}×${rows}: ${JSON.stringify({ x, y, width, height })}`).toBe(true);
        for (let row = y; row < y + height; row += 1) {
          for (let column = x; column < x + width; column += 1) taken.add(row * columns + column);
        }
      }
      const area = parts(layout).reduce((sum, { width, height }) => sum + width * height, 0);
      expect(taken.size, `${columns}×${rows} overlaps`).toBe(area);
    }
  });

  it('gives every panel room for its frame and two lines, and all key figures a place', () => {
    for (const [columns, rows] of sizes) {
      const { tiles, panels } = layOut({ columns, rows })!;
      for (const { id, rect } of panels) {
        expect(rect.height, `${columns}×${rows} ${id}`).toBeGreaterThanOrEqual(id === 'funnel' ? 3 : 5);
        expect(rect.width, `${columns}×${rows} ${id}`).toBeGreaterThanOrEqual(30);
      }
      const inner = tiles.rect.height - (tiles.framed ? 2 : 0);
      expect(Math.floor(inner / tiles.lines) * tiles.perRow).toBeGreaterThanOrEqual(TILE_COUNT);
    }
  });

  it('leaves no row unused where there is room for panels', () => {
    for (const [columns, rows] of sizes.filter(([, height]) => height >= 24)) {
      const layout = layOut({ columns, rows })!;
      const area = parts(layout).reduce((sum, { width, height }) => sum + width * height, 0);
      expect(area, `${columns}×${rows}`).toBe(columns * (rows - 1));
    }
  });

  it('shows charts, funnel and products at 80×24, and everything at 160×50', () => {
    const ids = (columns: number, rows: number) =>
      layOut({ columns, rows })!
        .panels.map(({ id }) => id)
        .sort();
    expect(ids(80, 24)).toEqual(['events', 'funnel', 'products', 'revenue']);
    expect(layOut({ columns: 80, rows: 24 })!.health).toBeDefined();
    expect(ids(160, 50)).toEqual([
      'categories',
      'components',
      'events',
      'funnel',
      'products',
      'quality',
      'revenue',
    ]);
  });

  it('gives up below the smallest size', () => {
    expect(layOut({ columns: SMALLEST.columns - 1, rows: 50 })).toBeUndefined();
    expect(layOut({ columns: 200, rows: SMALLEST.rows - 1 })).toBeUndefined();
  });
});
