import { createAls } from '../src/ml/als/als.ts';
import { quickComponents } from '../src/ml/hybrid/components.ts';
import { createHybrid } from '../src/ml/hybrid/hybrid.ts';
import { UNTUNED } from '../src/ml/hybrid/model.ts';
import { seededRandom } from '../src/ml/random.ts';
import { prepare, type TrainingData } from '../src/ml/training-data.ts';
import { type Benchmark, type Figure } from './harness.ts';

const USERS = 1_000_000;
const ITEMS = 100_000;
const INTERACTIONS = 5_000_000;

/**
 * Memory of models of a million shoppers and a hundred thousand products; to be run alone, for a process does not give back all
 * that it once had. The worker under `ecom up` never has so much: it remembers the latest 500 000 interactions.
 */
export const modelMemory: Benchmark = async ({ scale, note }) => {
  const data = makeData(Math.round(INTERACTIONS * scale));
  note(`interactions: ${resident()} MB resident`);
  const als = createAls({ iterations: 1, threads: 2 });
  als.fit(data);
  const alsJson = als.save().length;
  note(`ALS: ${resident()} MB resident`);
  const hybrid = createHybrid({ weights: UNTUNED, components: quickComponents(data) });
  hybrid.fit(data);
  const hybridJson = hybrid.save().length;
  const detail = `${data.users.items.length} pairs of ${data.users.rows} shoppers and ${data.itemIds.length} products`;
  return [
    figure('most memory, interactions and ALS', peak(), detail),
    figure('ALS model as JSON', alsJson / 1e6, 'item factors; shoppers are solved when they ask'),
    figure('hybrid as JSON', hybridJson / 1e6, 'up to 50 neighbours of each product'),
  ];
};

function figure(name: string, value: number, detail: string): Figure {
  return { name, value: Math.round(value), unit: 'MB', detail };
}

function resident(): number {
  return Math.round(process.memoryUsage().rss / 1e6);
}

/** Most that was ever resident, MB. */
function peak(): number {
  return process.resourceUsage().maxRSS / 1e3;
}

/** Zipf-like popularity; each shopper has about as much. */
function makeData(length: number): TrainingData {
  const random = seededRandom(11);
  const users = Uint32Array.from({ length }, () => Math.floor(random() * USERS));
  return prepare({
    length,
    users,
    userCount: USERS,
    sessions: users,
    sessionCount: USERS,
    items: Uint32Array.from({ length }, () => Math.min(ITEMS - 1, Math.floor(ITEMS ** random()) - 1)),
    itemIds: Array.from({ length: ITEMS }, (_, item) => `product-${item}`),
    weights: new Float32Array(length).fill(1),
    times: Float64Array.from({ length }, (_, row) => 1.7e12 + row),
  });
}
