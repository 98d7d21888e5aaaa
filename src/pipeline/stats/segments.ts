/** Segments of buyers, best first. */
export const SEGMENTS = [
  { name: 'champions', meaning: 'bought lately, often and for much' },
  { name: 'loyal', meaning: 'buy often or for much, and not long ago' },
  { name: 'new', meaning: 'bought lately, and little so far' },
  { name: 'promising', meaning: 'bought not long ago, less than others' },
  { name: 'at risk', meaning: 'bought often or for much, and long ago' },
  { name: 'asleep', meaning: 'bought little, and long ago' },
  { name: 'lost', meaning: 'bought little, and longest ago' },
] as const;

export type SegmentName = (typeof SEGMENTS)[number]['name'];

/**
 * The segment of a buyer by scores from 1 to 5, each a fifth of all buyers: recency, frequency, money (RFM: Hughes,
 * Strategic Database Marketing, 1994; the names are the customary ones).
 */
export function segmentOf(recency: number, frequency: number, money: number): SegmentName {
  const worth = (frequency + money) / 2;
  if (recency >= 4 && worth >= 4) return 'champions';
  if (recency >= 3 && worth >= 3) return 'loyal';
  if (recency >= 4) return 'new';
  if (recency === 3) return 'promising';
  if (worth >= 3) return 'at risk';
  return recency === 2 ? 'asleep' : 'lost';
}
