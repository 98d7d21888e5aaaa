import { type AlgorithmName } from '../../ml/algorithm-names.ts';
import { type Part } from '../../ml/hybrid/model.ts';

/** What a recommendation was mostly made from. */
export type Source = Part | 'pinned' | AlgorithmName;

/** What may be recommended. */
export interface Candidate {
  readonly productId: string;
  /** Scores of different algorithms do not compare. */
  readonly score: number;
  readonly source: Source;
  /** Place in the list of what is trending, from 1; where that is the source. */
  readonly rank?: number;
}

export interface Recommendation extends Candidate {
  /** The products of the shopper's that it goes with, the strongest first. */
  readonly because: readonly Evidence[];
}

export interface Evidence {
  readonly productId: string;
  /** Shoppers who took both; 0 where they only look alike. */
  readonly support: number;
  /** What the shopper did with it. */
  readonly action: 'bought' | 'viewed';
}
