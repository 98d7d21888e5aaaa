import { ALGORITHMS } from '../src/ml/algorithm-names.ts';
import { createAlgorithm } from '../src/ml/algorithms.ts';
import { evaluate } from '../src/ml/evaluation/evaluate.ts';
import { split, type TestCase } from '../src/ml/evaluation/split.ts';
import { type Recommender } from '../src/ml/recommender.ts';
import { prepare } from '../src/ml/training-data.ts';
import { EventColumns } from '../src/pipeline/events/columns.ts';
import { decodeRecord, isRejected } from '../src/pipeline/events/decode.ts';
import { createCatalogue } from '../src/pipeline/generator/catalogue.ts';
import { createChoice } from '../src/pipeline/generator/choice.ts';
import { createGenerator, PRODUCTS } from '../src/pipeline/generator/generator.ts';
import { Random } from '../src/pipeline/generator/random.ts';
import { newSession } from '../src/pipeline/generator/session.ts';
import { createTastes } from '../src/pipeline/generator/taste.ts';
import { createInteractionMemory } from '../src/pipeline/recommender/interactions.ts';
import { type Benchmark, type Figure } from './harness.ts';

const NO_BYTES = Buffer.alloc(0);
const EVENTS = 400_000;
/** Events a second: a thousand people come to such a shop again and again. */
const RATE = 5;
const SEED = 'tastes';
const K = 10;
/** Draws that tell how often a shopper turns to which product. */
const DRAWS = 5_000;

/**
 * How near each algorithm comes to knowing what shoppers like, in a simulated shop whose tastes are known: NDCG@10 of what
 * shoppers looked at in their last session, against that of an oracle that ranks by what the shopper is drawn to.
 */
export const tastes: Benchmark = async ({ scale, note }) => {
  const memory = createInteractionMemory();
  const columns = new EventColumns();
  for (const event of simulate(Math.round(EVENTS * scale))) {
    columns.begin(NO_BYTES);
    columns.add(event, 0, 0);
    memory.add(columns, 0);
  }
  const interactions = memory.interactions();
  const { train, tests } = split(interactions, { method: 'leave-last-out', target: 1 });
  const data = prepare(train, { catalogue: memory.texts() });
  note(`${train.length} interactions of ${data.users.rows} shoppers, ${tests.length} last sessions`);
  const options = { ks: [K], excludeHistory: false };
  const quality = (model: Pick<Recommender, 'recommend'>): number =>
    evaluate(model, tests, train, options).at[0]!.ndcg.mean;
  const oracle = quality(oracleOf(tests, memory.userIds()));
  const figures: Figure[] = [{ name: 'NDCG@10, oracle', value: rounded(oracle), unit: '' }];
  for (const name of ALGORITHMS) {
    const model = createAlgorithm(name, 2);
    model.fit(data);
    const value = quality(model);
    note(`${name}: ${value.toFixed(4)}`);
    figures.push({
      name: `NDCG@10, ${name}`,
      value: rounded(value),
      unit: '',
      baseline: rounded(oracle),
      ratio: value / oracle,
    });
  }
  return figures;
};

function* simulate(count: number) {
  const start = Date.UTC(2026, 0, 5);
  const generator = createGenerator({
    seed: SEED,
    rate: RATE,
    start,
    dirty: 0,
    rhythm: 'flat',
    currency: 'USD',
  });
  for (let offset = 0; offset < count; offset += 1) {
    const { value, time } = generator.next();
    const event = decodeRecord(value, { partition: 0, offset, appendedAt: time });
    if (isRejected(event)) throw new Error(event.reason);
    yield event;
  }
}

/** Ranks products by how often a shopper with the same taste turns to them. */
function oracleOf(
  tests: readonly TestCase[],
  userIds: readonly (string | undefined)[],
): Pick<Recommender, 'recommend'> {
  const catalogue = createCatalogue(SEED, PRODUCTS);
  const tasteOf = createTastes(catalogue, SEED);
  const choice = createChoice(catalogue, new Random('oracle'));
  const users = new Map(tests.map(({ history, user }) => [history, userIds[user]!]));
  return {
    recommend(history, { limit }) {
      const id = users.get(history)!.slice('u:'.length);
      const visitor = { id, signedIn: true, returning: true, country: 'DE' };
      const session = newSession(id, visitor, tasteOf(id), 'browse', 0);
      const counts = new Map<string, number>();
      for (let i = 0; i < DRAWS; i += 1) {
        const { id: product } = catalogue.products[choice.productOf(session, choice.category(session))]!;
        counts.set(product, (counts.get(product) ?? 0) + 1);
      }
      const best = [...counts]
        .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
        .slice(0, limit);
      return { ids: best.map(([product]) => product), scores: best.map(([, count]) => count) };
    },
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
