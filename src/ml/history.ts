import { type Interest } from './recommender.ts';

/** Weight of an item of a history relative to the one after it. */
export const RECENCY = 0.8;

/** What of a history counts how much: the number of an item, and its weight. */
export interface Weighed {
  readonly item: number;
  readonly weight: number;
}

/**
 * Weighs a history: every item by the interest that was shown in it, damped as ln(1 + weight) because the tenth purchase says less
 * than the first, times `recency` for each moment that came after it. Items of one time share a moment; an item without a
 * time is one by itself.
 */
export function weighHistory(history: readonly Interest[], recency: number): Weighed[] {
  const weighed: Weighed[] = [];
  let factor = 1;
  for (let i = history.length - 1; i >= 0; i -= 1) {
    const { item, weight, time } = history[i]!;
    const after = history[i + 1];
    if (after !== undefined && (time === undefined || time !== after.time)) factor *= recency;
    weighed.push({ item, weight: factor * Math.log1p(weight) });
  }
  return weighed;
}
