const BLOCKS = '▁▂▃▄▅▆▇█';

/**
 * Values as one row of blocks, the newest at the right end; shorter than `width` where there are fewer values.
 * @param floor the value of the lowest block
 */
export function sparkline(values: readonly number[], width: number, floor = 0): string {
  const shown = resample(values, Math.min(width, values.length));
  const range = greatest(shown, floor) - floor;
  return shown
    .map((value) => {
      const level = range === 0 ? 0 : Math.round(((value - floor) / range) * (BLOCKS.length - 1));
      return BLOCKS[Math.max(0, level)];
    })
    .join('');
}

/** Exactly `width` values for the same span of time: held where there are fewer, averaged where there are more. */
export function resample(values: readonly number[], width: number): number[] {
  const { length } = values;
  if (length === 0 || width <= 0) return [];
  return Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * length) / width);
    const to = Math.max(from + 1, Math.floor(((column + 1) * length) / width));
    const bucket = values.slice(from, to);
    return bucket.reduce((sum, value) => sum + value, 0) / bucket.length;
  });
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of up to `width` columns, exact to an eighth; anything above 0 shows at least the thinnest. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const shown = share > 0 ? Math.max(1, eighths) : 0;
  return '█'.repeat(Math.floor(shown / 8)) + EIGHTHS[shown % 8]!;
}

import { greatest } from '../../extremes.ts';
