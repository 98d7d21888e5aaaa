import asciichart from 'asciichart';
import { greatest } from '../../extremes.ts';
import { type Colour, dim, fitLine, type Line, span, spread } from './line.ts';
import { tiny } from './numbers.ts';
import { resample } from './sparkline.ts';

export interface ChartOptions {
  readonly width: number;
  /** Rows in all, the one below the axis included; 3 or more. */
  readonly height: number;
  /** What stands below the two ends. */
  readonly from: string;
  readonly to: string;
  readonly colour: Colour;
}

const LABEL_WIDTH = 5;
const MOST_LABELS = 4;

/** A line chart of values ≥ 0 at equal distances, from 0 up, with an axis labelled by round numbers. */
export function chart(values: readonly number[], options: ChartOptions): Line[] {
  const { width, height, from, to, colour } = options;
  const columns = width - LABEL_WIDTH - 1;
  const steps = height - 2;
  // Every so many rows have a label, and it is those that shall be round.
  const labelled = Math.max(1, Math.ceil(steps / MOST_LABELS));
  const step = roundStep((greatest(values, 0) * labelled) / steps) / labelled;
  const label = (row: number): string => (row % labelled === 0 ? tiny(step * row) : '').padStart(LABEL_WIDTH);
  const points = resample(values, columns);
  const plot =
    points.length === 0
      ? []
      : asciichart
          .plot([...points, points.at(-1)!], {
            min: 0,
            max: step * steps,
            height: steps,
            offset: 2,
            format: (_value, fromTop) => label(steps - fromTop),
          })
          .split('\n');
  // asciichart crosses the axis where the line begins, and always in its top row.
  const crossings = plot.filter((row) => row[LABEL_WIDTH] === '┼').length;
  if (crossings > 1) plot[0] = plot[0]!.replace('┼', '┤');
  const rows = plot.map((row) =>
    fitLine(
      [dim(row.slice(0, LABEL_WIDTH + 1)), span(row.slice(LABEL_WIDTH + 1).trimEnd(), { colour })],
      width,
    ),
  );
  const indent = ' '.repeat(LABEL_WIDTH + 1);
  return [...rows, spread([dim(`${indent}${from}`)], [dim(to)], width)];
}

const ROUND = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** The smallest round number that is not below a value; 1 for 0 and what is as good as 0. */
export function roundStep(value: number): number {
  if (!(value > 1e-9)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = ROUND.find((candidate) => candidate * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}
