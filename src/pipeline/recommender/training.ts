import { type AlgorithmName } from '../../ml/algorithm-names.ts';
import { createAlgorithm } from '../../ml/algorithms.ts';
import { type Evaluation, evaluate } from '../../ml/evaluation/evaluate.ts';
import { type SplitOptions, split } from '../../ml/evaluation/split.ts';
import { type Component, quickComponents, slowComponents } from '../../ml/hybrid/components.ts';
import { createHybrid } from '../../ml/hybrid/hybrid.ts';
import { type HybridModel, type HybridWeights, UNTUNED } from '../../ml/hybrid/model.ts';
import { type ListModel, listModel } from '../../ml/list-model.ts';
import { renumber } from '../../ml/neighbour-lists.ts';
import { type Progress } from '../../ml/recommender.ts';
import { type Interactions, type ItemText, prepare } from '../../ml/training-data.ts';

/** What one training learns from. It can be sent to another thread. */
export interface TrainingRequest {
  /**
   * `full` measures the hybrid's weights and learns all that it blends; `quick` learns anew what takes seconds, and blends it with
   * what the last full training of this trainer left, by the weights of then.
   */
  readonly level: 'full' | 'quick';
  readonly interactions: Interactions;
  readonly texts: ReadonlyMap<string, ItemText>;
  readonly halfLifeMs: number;
  /** Algorithms to learn besides the hybrid, each for itself; only where `full`. */
  readonly algorithms: readonly AlgorithmName[];
  readonly threads: number;
}

/** What algorithms are tried on. */
export interface EvaluationRequest {
  readonly interactions: Interactions;
  readonly texts: ReadonlyMap<string, ItemText>;
  readonly halfLifeMs: number;
  readonly algorithms: readonly AlgorithmName[];
  readonly split: SplitOptions;
  readonly ks: readonly number[];
  readonly threads: number;
}

export interface AlgorithmEvaluation {
  readonly algorithm: AlgorithmName;
  readonly fitMs: number;
  /** What is in a shopper's history may be recommended, and is to be found. */
  readonly withHistory: Evaluation;
  /** Only what is new to the shopper. */
  readonly withoutHistory: Evaluation;
}

export interface TrainingResult {
  /** JSON by algorithm; the hybrid is always among them. */
  readonly models: ReadonlyMap<AlgorithmName, string>;
  readonly interactions: number;
  readonly users: number;
  readonly products: number;
}

/** Trains in the thread that it is called in, and keeps what a quick training can use. */
export interface TrainingRoom {
  train(request: TrainingRequest, progress: Progress): TrainingResult;
}

/** Fits every algorithm on one part of the interactions, and lets it find the other. */
export function evaluateAlgorithms(request: EvaluationRequest, progress: Progress): AlgorithmEvaluation[] {
  const { interactions, texts, halfLifeMs, algorithms, ks, threads } = request;
  const { train, tests } = split(interactions, request.split);
  const data = prepare(train, { halfLifeMs, catalogue: texts });
  return algorithms.map((algorithm, i) => {
    const recommender = createAlgorithm(algorithm, threads);
    const begun = performance.now();
    recommender.fit(data, (done) => progress((i + done * 0.8) / algorithms.length));
    const fitMs = Math.round(performance.now() - begun);
    const measure = (excludeHistory: boolean) => evaluate(recommender, tests, train, { ks, excludeHistory });
    const found = { algorithm, fitMs, withHistory: measure(false), withoutHistory: measure(true) };
    progress((i + 1) / algorithms.length);
    return found;
  });
}

export function createTrainingRoom(): TrainingRoom {
  const kept = new Map<string, ListModel>();
  let weights: HybridWeights = UNTUNED;

  /** Learns, and keeps the lists of the last time, which is the one with all data. */
  function keeping({ name, learn }: Component): Component {
    return {
      name,
      learn(data, progress) {
        const model = learn(data, progress);
        kept.set(name, model);
        return model;
      },
    };
  }
  return {
    train({ level, interactions, texts, halfLifeMs, algorithms, threads }, progress) {
      const data = prepare(interactions, { halfLifeMs, catalogue: texts });
      const quick = quickComponents(data);
      const isFull = level === 'full';
      const slow = isFull
        ? slowComponents(threads).map(keeping)
        : [...kept].map(([name, model]): Component => {
            return { name, learn: () => listModel(renumber(model.lists, data.itemIds)) };
          });
      const parts = isFull ? algorithms.filter((name) => name !== 'hybrid') : [];
      const share = 1 / (1 + parts.length);
      const hybrid = createHybrid({
        threads,
        components: [...quick, ...slow],
        ...(isFull ? {} : { weights }),
      });
      hybrid.fit(data, (done) => progress(done * share));
      const { model } = hybrid as { model: HybridModel };
      weights = model.weights;
      const models = new Map<AlgorithmName, string>([['hybrid', hybrid.save()]]);
      parts.forEach((name, i) => {
        const recommender = createAlgorithm(name, threads);
        recommender.fit(data, (done) => progress((1 + i + done) * share));
        models.set(name, recommender.save());
      });
      const products = new Set(data.sessions.items).size;
      return { models, interactions: interactions.length, users: data.users.rows, products };
    },
  };
}
