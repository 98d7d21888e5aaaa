import { type AlgorithmName } from './algorithm-names.ts';
import { createAls } from './als/als.ts';
import { createContent } from './content.ts';
import { createEase } from './ease.ts';
import { createHybrid } from './hybrid/hybrid.ts';
import { createItemKnn } from './item-knn.ts';
import { createPopularity } from './popularity.ts';
import { type Recommender } from './recommender.ts';
import { createSessionKnn } from './session-knn.ts';
import { createSvd } from './svd.ts';

const DAY_MS = 86_400_000;

/** Every algorithm by its name on the command line, as it is when nothing else is said. */
const FACTORIES: Readonly<Record<AlgorithmName, (threads: number) => Recommender>> = {
  hybrid: (threads) => createHybrid({ threads }),
  popular: () => createPopularity({ halfLifeMs: Number.MAX_SAFE_INTEGER }),
  trending: () => createPopularity({ halfLifeMs: 14 * DAY_MS }),
  'bought-together': () => createItemKnn(),
  'item-knn': () => createItemKnn({ rows: 'users', similarity: 'bm25' }),
  als: (threads) => createAls({ threads }),
  svd: () => createSvd(),
  ease: () => createEase(),
  content: () => createContent(),
  'session-knn': () => createSessionKnn(),
};

/** @param threads that may be used where the algorithm can */
export function createAlgorithm(name: AlgorithmName, threads = 1): Recommender {
  return FACTORIES[name](threads);
}
