import { greatest } from '../../extremes.ts';
import { bold, dim, type Line, span } from '../format/line.ts';
import { fitText } from '../format/text.ts';
import { type Layout, type Rect } from '../layout.ts';
import { FRAME_HEIGHT, FRAME_WIDTH, frame } from './frame.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['← →  w', 'window: 5m … all'],
  ['1 … 7', 'window by number'],
  ['s', 'order of the top lists'],
  ['r', 'recommendations, or the top products'],
  ['Ctrl-L', 'draw again'],
  ['?  Esc', 'close this help'],
  ['q', 'quit'],
];

const NOTES = [
  '▲▼   change within the last minute',
  'Abandoned: closed sessions with a cart and no purchase',
  'Funnel: share of the previous step, and of the first (overall)',
  'Charts: complete intervals; times are the shop’s',
];

/** The keys and what the marks mean, as large as they need and the screen allows, in its middle. */
export function helpView({ columns, height }: Pick<Layout, 'columns' | 'height'>): {
  rect: Rect;
  lines: Line[];
} {
  const lines: Line[] = [
    ...KEYS.map(([key, meaning]): Line => [bold(fitText(key, 9)), span(meaning)]),
    [],
    ...NOTES.map((note): Line => [dim(note)]),
  ];
  const width = Math.min(columns, greatest(NOTES.map((note) => note.length)) + FRAME_WIDTH);
  const rows = Math.min(height, lines.length + FRAME_HEIGHT);
  const rect = {
    x: Math.floor((columns - width) / 2),
    y: Math.floor((height - rows) / 2),
    width,
    height: rows,
  };
  return { rect, lines: frame('Help', '', lines, width, rows) };
}
