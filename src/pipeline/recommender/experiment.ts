import { type AlgorithmName } from '../../ml/algorithm-names.ts';
import { hash } from './published.ts';
import { type RecommendSettings } from './settings.ts';

/** Which part of an experiment a shopper is in, and what serves it. */
export interface Assignment {
  /** `hold-out`, or the algorithm's name. */
  readonly arm: string;
  readonly algorithm: AlgorithmName;
}

const HOLD_OUT = 'hold-out';

/**
 * Divides shoppers by a hash of their id, so that one always gets the same. Who is asked for with an algorithm, and a session
 * without a shopper, takes part in no experiment.
 */
export function assign(
  audience: { readonly user: string } | object,
  algorithm: AlgorithmName | 'auto',
  { holdOut, arms }: Pick<RecommendSettings, 'holdOut' | 'arms'>,
): Assignment {
  if (algorithm !== 'auto') return { arm: algorithm, algorithm };
  if (!('user' in audience)) return { arm: 'hybrid', algorithm: 'hybrid' };
  const { user } = audience;
  if (shareOf(`hold-out ${user}`) < holdOut) return { arm: HOLD_OUT, algorithm: 'trending' };
  let place = shareOf(`arm ${user}`) * arms.reduce((sum, { share }) => sum + share, 0);
  for (const { algorithm: own, share } of arms) {
    if (place < share) return { arm: own, algorithm: own };
    place -= share;
  }
  return { arm: 'hybrid', algorithm: 'hybrid' };
}

/** 0 up to 1, the same for the same text. */
function shareOf(text: string): number {
  // FNV-1a alone spreads texts that differ in their last letters badly over the high bits: the finaliser of MurmurHash3.
  let bits = hash(text);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

/** The id of a list: its arm, the model's version, and what no other list has. */
export function newRecommendationId(arm: string, version: number): string {
  // Unique, not secret: the cryptographic generator takes longer to load than a list to make.
  const random = Math.floor(Math.random() * 2 ** 48);
  return `${arm}.${version}.${random.toString(16).padStart(12, '0')}`;
}
