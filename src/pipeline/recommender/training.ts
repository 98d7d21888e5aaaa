import { type AlgorithmName } from '../../ml/algorithm-names.ts';
import { createAlgorithm } from '../../ml/algorithms.ts';
import { cutCatalogue } from '../../ml/catalogue.ts';
import { type Evaluation, evaluate } from '../../ml/evaluation/evaluate.ts';
import { type SplitOptions, split } from '../../ml/evaluation/split.ts';
import {
  type BlendedComponent,
  type Component,
  learntBefore,
  quickComponents,
  slowComponents,
} from '../../ml/hybrid/components.ts';
import { createHybrid } from '../../ml/hybrid/hybrid.ts';
import { type HybridModel, type HybridWeights, loadHybrid, UNTUNED } from '../../ml/hybrid/model.ts';
import { listModel, scaleOf } from '../../ml/list-model.ts';
import { type Progress } from '../../ml/recommender.ts';
import { type Interactions, type ItemText, prepare, type TrainingData } from '../../ml/training-data.ts';

/** What one training learns from. It can be sent to another thread. */
export interface TrainingRequest {
  /**
   * `full` measures the hybrid's weights and learns all that it blends; `quick` learns anew what takes seconds, and blends it with
   * what the last full training in this room left, by the weights of then; `fold-in` does so for the products that are named
   * alone, and gives a hybrid without lists of others.
   */
  readonly level: 'full' | 'quick' | 'fold-in';
  /**
   * The hybrid of a full training in another room, as JSON: where there was none in this one, it stands for what takes long to
   * learn.
   */
  readonly trained?: string;
  /** Ids of the products that are folded in. */
  readonly products?: ReadonlySet<string>;
  readonly interactions: Interactions;
  readonly texts: ReadonlyMap<string, ItemText>;
  readonly halfLifeMs: number;
  /** Algorithms to learn besides the hybrid, each for itself; only where `full`. */
  readonly algorithms: readonly AlgorithmName[];
  readonly threads: number;
  /** Most products that are learnt of, the most active ones. */
  readonly mostProducts: number;
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
  /** As for a training. */
  readonly mostProducts: number;
}

export interface AlgorithmEvaluation {
  readonly algorithm: AlgorithmName;
  readonly fitMs: number;
  /** What is in a shopper's history may be recommended, and is to be found. */
  readonly withHistory: Evaluation;
  /** Only what is new to the shopper. */
  readonly withoutHistory: Evaluation;
}

export interface EvaluationResult {
  readonly algorithms: readonly AlgorithmEvaluation[];
  /** Products with interactions that they were tried on. */
  readonly products: number;
  /** As of a training. */
  readonly productsLeftOut: number;
}

export interface TrainingResult {
  /** JSON by algorithm; the hybrid is always among them, unless there is nothing yet to fold products into. */
  readonly models: ReadonlyMap<AlgorithmName, string>;
  readonly interactions: number;
  readonly users: number;
  readonly products: number;
  /** Products with interactions that nothing was learnt of: the catalogue is too large, and these are the least active. */
  readonly productsLeftOut: number;
  /** Products whose content was compared by their rarer words only, because too many have the others. */
  readonly productsByRarerWords: number;
  /** Users whom ALS did not learn of, because they are too many, those who took the least; of a full training. */
  readonly usersLeftOutOfAls: number;
}

/** Name of what was learnt in another room. */
const TRAINED = 'trained';

interface Learnt {
  readonly component: Component;
  readonly scale: number;
}

/** Trains in the thread that it is called in, and keeps what a quick training can use. */
export interface TrainingRoom {
  train(request: TrainingRequest, progress: Progress): TrainingResult;
}

/** Fits every algorithm on one part of the interactions, and lets it find the other. */
export function evaluateAlgorithms(request: EvaluationRequest, progress: Progress): EvaluationResult {
  const { halfLifeMs, algorithms, ks, threads } = request;
  const { interactions, texts, products, leftOut } = cutCatalogue(
    request.interactions,
    request.texts,
    request.mostProducts,
  );
  const { train, tests } = split(interactions, request.split);
  const data = prepare(train, { halfLifeMs, catalogue: texts });
  const found = algorithms.map((algorithm, i) => {
    const recommender = createAlgorithm(algorithm, threads);
    const begun = performance.now();
    recommender.fit(data, (done) => progress((i + done * 0.8) / algorithms.length));
    const fitMs = Math.round(performance.now() - begun);
    const measure = (excludeHistory: boolean) => evaluate(recommender, tests, train, { ks, excludeHistory });
    const measured = { algorithm, fitMs, withHistory: measure(false), withoutHistory: measure(true) };
    progress((i + 1) / algorithms.length);
    return measured;
  });
  return { algorithms: found, products, productsLeftOut: leftOut };
}

export function createTrainingRoom(): TrainingRoom {
  /** What has learnt last, by name, and the scale of its lists then. */
  const quick = new Map<string, Learnt>();
  const slow = new Map<string, Learnt>();
  let weights: HybridWeights = UNTUNED;
  /** What bounds the last training came upon. */
  let roughly = 0;
  let usersLeftOut = 0;

  /** Learns, and is kept as it is after the last time, which is the one with all data. */
  function keeping(component: Component, kept: Map<string, Learnt>): BlendedComponent {
    const { name } = component;
    return {
      name,
      learn(data, progress) {
        const model = component.learn(data, progress);
        kept.set(name, { component, scale: scaleOf(model) });
        roughly = Math.max(roughly, model.roughly ?? 0);
        usersLeftOut = Math.max(usersLeftOut, model.usersLeftOut ?? 0);
        return model;
      },
    };
  }
  function componentsFor(
    level: TrainingRequest['level'],
    data: TrainingData,
    threads: number,
    only: ReadonlySet<number> | undefined,
  ): BlendedComponent[] {
    const refreshed = ({ component: { name, refresh }, scale }: Learnt): BlendedComponent => {
      return { name, scale, learn: (current) => refresh(current, only) };
    };
    if (level === 'fold-in') return [...quick.values(), ...slow.values()].map(refreshed);
    quick.clear();
    roughly = 0;
    usersLeftOut = 0;
    const quickOnes = quickComponents(data).map((component) => keeping(component, quick));
    if (level === 'quick') return [...quickOnes, ...[...slow.values()].map(refreshed)];
    slow.clear();
    return [...quickOnes, ...slowComponents(threads).map((component) => keeping(component, slow))];
  }
  /** Takes a hybrid for all that takes long to learn, with the weight that this had in it. */
  function take(json: string, data: TrainingData): void {
    const before = loadHybrid(json);
    const quickNames = new Set(quickComponents(data).map(({ name }) => name));
    const others = Object.entries(before.weights.related).filter(([name]) => !quickNames.has(name));
    const weight = others.reduce((sum, [, one]) => sum + one, 0);
    slow.set(TRAINED, {
      component: learntBefore(TRAINED, before.lists),
      scale: scaleOf(listModel(before.lists)),
    });
    weights = { ...before.weights, related: { ...before.weights.related, [TRAINED]: weight } };
  }
  return {
    train(
      { level, trained, products: named, halfLifeMs, algorithms, threads, mostProducts, ...learntFrom },
      progress,
    ) {
      const { interactions, texts, products, leftOut } = cutCatalogue(
        learntFrom.interactions,
        learntFrom.texts,
        mostProducts,
      );
      const data = prepare(interactions, { halfLifeMs, catalogue: texts });
      const isFull = level === 'full';
      if (!isFull && slow.size === 0 && trained !== undefined) take(trained, data);
      const only =
        named === undefined
          ? undefined
          : new Set([...data.itemIds.keys()].filter((item) => named.has(data.itemIds[item]!)));
      const components = componentsFor(level, data, threads, only);
      const parts = isFull ? algorithms.filter((name) => name !== 'hybrid') : [];
      const share = 1 / (1 + parts.length);
      const hybrid = createHybrid({
        threads,
        components,
        only,
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
      const size = {
        interactions: interactions.length,
        users: data.users.rows,
        products,
        productsLeftOut: leftOut,
        productsByRarerWords: roughly,
        usersLeftOutOfAls: usersLeftOut,
      };
      return components.length === 0 ? { models: new Map(), ...size } : { models, ...size };
    },
  };
}
