/** How good one ranking is, each from 0 to 1. */
export interface RankingQuality {
  /** Found of the relevant items. */
  readonly recall: number;
  /** Discounted by rank, 1 / log2(rank + 1), relative to the best ranking (Järvelin and Kekäläinen, TOIS 2002). */
  readonly ndcg: number;
  /** Whether any relevant item was found. */
  readonly hitRate: number;
  /** 1 / rank of the first that was found. */
  readonly mrr: number;
}

export const QUALITIES = ['ndcg', 'recall', 'hitRate', 'mrr'] as const satisfies (keyof RankingQuality)[];

/**
 * @param ranked best first, each once
 * @param relevant not empty
 * @param k how many of the ranked are looked at
 */
export function qualityAt<Item>(
  ranked: readonly Item[],
  relevant: ReadonlySet<Item>,
  k: number,
): RankingQuality {
  let [found, gain, first] = [0, 0, 0];
  ranked.slice(0, k).forEach((id, i) => {
    if (!relevant.has(id)) return;
    found += 1;
    gain += 1 / Math.log2(i + 2);
    if (first === 0) first = i + 1;
  });
  let ideal = 0;
  for (let i = 0; i < Math.min(k, relevant.size); i += 1) ideal += 1 / Math.log2(i + 2);
  return {
    recall: found / relevant.size,
    ndcg: gain / ideal,
    hitRate: Number(found > 0),
    mrr: first === 0 ? 0 : 1 / first,
  };
}

/** A mean with the half-width of its 95 % confidence interval; `null` where one value says nothing of the spread. */
export interface Estimate {
  readonly mean: number;
  readonly halfWidth: number | null;
}

/** By the normal approximation: 1.96 standard errors. @param values not empty */
export function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, halfWidth: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, halfWidth: 1.96 * Math.sqrt(variance / values.length) };
}
