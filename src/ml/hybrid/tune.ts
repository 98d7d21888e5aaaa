import { greatest } from '../../extremes.ts';
import { qualityAt } from '../evaluation/metrics.ts';
import { weighHistory } from '../history.ts';
import { addList, type ListModel, scaleOf } from '../list-model.ts';
import { groupBy } from '../matrix.ts';
import { bestItems, type Interest, type Progress } from '../recommender.ts';
import { type TrainingData, withoutSessions } from '../training-data.ts';
import { type BlendedComponent } from './components.ts';
import { HYBRID_RECENCY, type HybridQuality, type HybridWeights, scaleTo, UNTUNED } from './model.ts';
import { trendingScores } from './trending.ts';

/** Most users whose last session is held out. */
const USERS = 1000;
/** With fewer than so many, what is measured is chance. */
const ENOUGH_USERS = 30;
/** Candidates of each algorithm for a user. */
const CANDIDATES = 100;
const GRID = [0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 4];
const SWEEPS = 4;
const K = 10;
const DAY = 86_400_000;
const HALF_LIVES = [1, 3, 14, 60, 365].map((days) => days * DAY);

/** A held-out session: what may be recommended, what each part says of it, and what was taken. */
interface Case {
  readonly candidates: Uint32Array;
  /** By part, then by candidate. */
  readonly scores: readonly Float64Array[];
  readonly isOld: Uint8Array;
  readonly relevant: ReadonlySet<number>;
  readonly relevantNew: ReadonlySet<number>;
}

/**
 * Measures how much each part of the hybrid should count: on the last sessions of users, held out of what the parts learn from,
 * by the NDCG@10 of lists without and with what is in the history. Where too few users came back, nothing is measured.
 */
export function tune(
  data: TrainingData,
  components: readonly BlendedComponent[],
  progress: Progress,
): { readonly weights: HybridWeights; readonly quality: HybridQuality | undefined } {
  const last = lastSessions(data);
  const heldOut = new Set(last.map(({ session }) => session));
  const train = withoutSessions(data, (session) => heldOut.has(session));
  const models = components.map(({ name, learn }, i) => ({
    name,
    model: learn(train, (done) => progress((i + done) / (components.length + 1))),
  }));
  const scaled = models.map(({ model }) => ({ model, scale: scaleOf(model) }));
  const halfLifeMs = bestHalfLife(train, data, last);
  const trending = trendingScores(train, halfLifeMs);
  const { starts, order } = groupBy(data.sessionUsers, data.sessions.rows, data.users.rows);
  const toCase = createCases(data, scaled, trending);
  const cases = last.map(({ user, session }) =>
    toCase(order.subarray(starts[user], starts[user + 1]), session),
  );
  const users = cases.filter(({ relevantNew }) => relevantNew.size > 0).length;
  if (users < ENOUGH_USERS) return { weights: UNTUNED, quality: undefined };
  const found = climb(cases, models.length);
  const weights = {
    related: Object.fromEntries(models.map(({ name }, i) => [name, found[i]!])),
    again: found.at(-2)!,
    trending: found.at(-1)!,
    halfLifeMs,
  };
  const trendingOnly = found.map((_, i) => Number(i === found.length - 1));
  const ndcg = quality(cases, found, models.length, true) / users;
  const trendingNdcg = quality(cases, trendingOnly, models.length, true) / users;
  return { weights, quality: { users, ndcg, trendingNdcg } };
}

/** The last session of users with more than one, those of whom it is the latest: the next will be like them. */
function lastSessions({ sessions, sessionUsers, users }: TrainingData): { user: number; session: number }[] {
  const count = new Uint32Array(users.rows);
  const last = new Int32Array(users.rows).fill(-1);
  const newest = (session: number) => sessions.times[sessions.starts[session]!]!;
  sessionUsers.forEach((user, session) => {
    count[user]! += 1;
    if (last[user]! < 0 || newest(session) >= newest(last[user]!)) last[user] = session;
  });
  const returning = [...last.keys()].filter((user) => count[user]! > 1);
  returning.sort((a, b) => newest(last[b]!) - newest(last[a]!) || a - b);
  // Half of them at most: what is only ever taken last has to be learnt as well.
  return returning
    .slice(0, Math.min(USERS, Math.ceil(returning.length / 2)))
    .map((user) => ({ user, session: last[user]! }));
}

function bestHalfLife(train: TrainingData, data: TrainingData, last: readonly { session: number }[]): number {
  const quality = HALF_LIVES.map((halfLifeMs) => {
    const scores = trendingScores(train, halfLifeMs);
    const top = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, K);
    return last.reduce((sum, { session }) => sum + qualityAt(top, relevantOf(data, session), K).ndcg, 0);
  });
  return HALF_LIVES[quality.indexOf(greatest(quality))]!;
}

/** The items of a session in which most interest was shown. */
function relevantOf({ sessions: { starts, items, weights } }: TrainingData, session: number): Set<number> {
  const [from, to] = [starts[session]!, starts[session + 1]!];
  const most = greatest(weights.subarray(from, to));
  return new Set(items.subarray(from, to).filter((_, i) => weights[from + i] === most));
}

/** Makes a case of a session and all sessions of its user. What is as long as the catalogue is made once for all cases. */
function createCases(
  data: TrainingData,
  models: readonly { readonly model: ListModel; readonly scale: number }[],
  trending: Float64Array,
): (own: Uint32Array, session: number) => Case {
  const scores = models.map(() => new Float64Array(data.itemIds.length));
  const again = new Float64Array(data.itemIds.length);
  const all = [...scores, again, trending];
  const trendiest = bestItems(trending, CANDIDATES);
  return (own, session) => {
    const history = historyOf(data, own, session);
    const weighed = weighHistory(history, HYBRID_RECENCY);
    models.forEach(({ model, scale }, i) => {
      scores[i]!.fill(0);
      for (const { item, weight } of weighed) addWithoutSelf(model, item, weight * scale, scores[i]!);
    });
    again.fill(0);
    const most = greatest(weighed.map(({ weight }) => weight));
    for (const { item, weight } of weighed) again[item] = weight * (1 / most);
    const best = [...scores, again].flatMap((part) => bestItems(part, CANDIDATES));
    const old = new Set(history.map(({ item }) => item));
    const relevant = relevantOf(data, session);
    const list = Uint32Array.from(new Set([...best, ...trendiest])).sort();
    return {
      candidates: list,
      scores: all.map((part) => Float64Array.from(list, (item) => part[item]!)),
      isOld: Uint8Array.from(list, (item) => Number(old.has(item))),
      relevant,
      relevantNew: new Set([...relevant].filter((item) => !old.has(item))),
    };
  };
}

function addWithoutSelf({ lists }: ListModel, item: number, weight: number, scores: Float64Array): void {
  const before = scores[item]!;
  addList(lists.of(item), weight, scores);
  scores[item] = before;
}

/** What a user did in all sessions but one, the latest last. */
function historyOf({ sessions }: TrainingData, own: Uint32Array, without: number): Interest[] {
  const found = new Map<number, { item: number; weight: number; time: number }>();
  for (const session of own) {
    if (session === without) continue;
    for (let at = sessions.starts[session]!; at < sessions.starts[session + 1]!; at += 1) {
      const item = sessions.items[at]!;
      const known = found.get(item) ?? { item, weight: 0, time: 0 };
      known.weight += sessions.weights[at]!;
      known.time = Math.max(known.time, sessions.times[at]!);
      found.set(item, known);
    }
  }
  return [...found.values()].sort((a, b) => a.time - b.time || a.item - b.item);
}

/**
 * Coordinate ascent: one weight after another is set to what is best, until none gets better. First those that decide which
 * new items are found, then that of taking again what is old.
 */
function climb(cases: readonly Case[], related: number): number[] {
  const again = related;
  let weights = [...new Array<number>(related).fill(1), 0.5, 0.1];
  const discover = weights.flatMap((_, i) => (i === again ? [] : [i]));
  const stages: [number[], (tried: readonly number[]) => number][] = [
    [discover, (tried) => quality(cases, tried, related, true)],
    [[again], (tried) => quality(cases, tried, related, false)],
  ];
  for (const [places, measure] of stages) {
    let best = measure(weights);
    for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
      const before = best;
      for (const i of places) {
        for (const value of GRID) {
          const tried = weights.with(i, value);
          if (tried.slice(0, related).every((weight) => weight === 0)) continue;
          const reached = measure(tried);
          if (reached <= best) continue;
          best = reached;
          weights = tried;
        }
      }
      if (best === before) break;
    }
  }
  return weights;
}

/** The sum of NDCG over all cases. @param isNew whether only what is not in the history may be recommended, and is to be found */
function quality(
  cases: readonly Case[],
  weights: readonly number[],
  related: number,
  isNew: boolean,
): number {
  let sum = 0;
  for (const { candidates, scores, isOld, relevant, relevantNew } of cases) {
    const wanted = isNew ? relevantNew : relevant;
    if (wanted.size === 0) continue;
    const total = new Float64Array(candidates.length);
    for (let part = 0; part < related; part += 1) addTimes(total, scores[part]!, weights[part]!);
    scaleTo(1, total);
    for (let part = related; part < weights.length; part += 1) addTimes(total, scores[part]!, weights[part]!);
    if (isNew) for (let i = 0; i < total.length; i += 1) if (isOld[i] === 1) total[i] = 0;
    const top = bestItems(total, K).map((place) => candidates[place]!);
    sum += qualityAt(top, wanted, K).ndcg;
  }
  return sum;
}

function addTimes(sums: Float64Array, values: Float64Array, factor: number): void {
  if (factor === 0) return;
  for (let i = 0; i < sums.length; i += 1) sums[i]! += factor * values[i]!;
}
