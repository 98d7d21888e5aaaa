import { createPopularity } from '../popularity.ts';
import { type TrainingData } from '../training-data.ts';

/** Popularity by item number, relative to the greatest. */
export function trendingScores(data: TrainingData, halfLifeMs: number): Float64Array {
  const popularity = createPopularity({ halfLifeMs });
  popularity.fit(data);
  const { scores } = popularity.model!;
  const greatest = scores.reduce((most, score) => Math.max(most, score), 0);
  return greatest === 0 ? scores : scores.map((score) => score / greatest);
}
