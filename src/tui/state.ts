import {
  type FUNNEL_STEPS,
  SORT_KEYS,
  type SortKey,
  type Stats,
  WINDOW_LABELS,
  type WindowLabel,
} from '../pipeline/stats/types.ts';
import { type TerminalSize } from './layout.ts';
import { addReading, type Reading } from './readings.ts';
import { type DashboardModel } from './source.ts';

/** Everything that a frame is drawn from. */
export interface DashboardState {
  readonly title: string;
  readonly size: TerminalSize;
  /** What was asked for; the model may still be of the window before. */
  readonly window: WindowLabel;
  readonly sort: SortKey | undefined;
  readonly help: boolean;
  /** Whether recommendations are shown, in the place of the top products. */
  readonly recommendations: boolean;
  /** The newest that could be read; `undefined` before the first. */
  readonly model: DashboardModel | undefined;
  /** When the model was read, ms since the epoch. */
  readonly readAt: number;
  /** Why the last reading failed. */
  readonly problem: string | undefined;
  /** Earlier readings of the same window, oldest first. */
  readonly readings: readonly Reading[];
}

/** What a key does: a new state, or one of two things that no state can express. */
export type KeyEffect = DashboardState | 'quit' | 'redraw';

export interface KeyPress {
  readonly input: string;
  readonly ctrl: boolean;
  readonly escape: boolean;
  readonly left: boolean;
  readonly right: boolean;
}

/** Takes a reading in; a problem with an earlier one is over. */
export function withModel(state: DashboardState, model: DashboardModel, now: number): DashboardState {
  const same = model.stats.window.label === state.model?.stats.window.label;
  const readings = addReading(same ? state.readings : [], model.stats, now);
  return { ...state, model, readings, readAt: now, problem: undefined };
}

export function pressKey(state: DashboardState, key: KeyPress): KeyEffect {
  const { input } = key;
  if (key.ctrl) return input === 'c' ? 'quit' : input === 'l' ? 'redraw' : state;
  if (key.escape) return { ...state, help: false };
  if (key.right || input === 'w') return { ...state, window: neighbour(WINDOW_LABELS, state.window, 1) };
  if (key.left || input === 'W') return { ...state, window: neighbour(WINDOW_LABELS, state.window, -1) };
  if (input === 'q' || input === 'Q') return 'quit';
  if (input === '?' || input === 'h') return { ...state, help: !state.help };
  if (input === 'r') return { ...state, recommendations: !state.recommendations };
  if (input === 's') return { ...state, sort: neighbour(SORT_KEYS, sortInEffect(state), 1) };
  const window = /^[1-9]$/.test(input) ? WINDOW_LABELS[Number(input) - 1] : undefined;
  return window === undefined ? state : { ...state, window };
}

/** What the top lists are ordered by: as asked, else what suits the shop's data. */
export function sortInEffect({ sort, model }: Pick<DashboardState, 'sort' | 'model'>): SortKey {
  return sort ?? (model === undefined ? 'revenue' : naturalSort(model.stats));
}

/** The order of the top lists where none is asked for: the first of these that any product has. */
export function naturalSort({ topProducts }: Pick<Stats, 'topProducts'>): SortKey {
  const natural = ['revenue', 'units', 'carts'] as const;
  return natural.find((key) => topProducts.some((product) => Number(product[key]) > 0)) ?? 'views';
}

/** Steps of the funnel in order, by the name that people know them by. */
export const STEP_NAMES: Readonly<Record<(typeof FUNNEL_STEPS)[number], string>> = {
  view: 'View',
  cart: 'Cart',
  checkout: 'Checkout',
  purchase: 'Purchase',
};

function neighbour<T>(list: readonly T[], current: T, step: 1 | -1): T {
  return list[(list.indexOf(current) + step + list.length) % list.length]!;
}
