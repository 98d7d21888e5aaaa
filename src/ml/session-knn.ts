import { groupBy, latestEntries } from './matrix.ts';
import { createRecommender, type Interest, type ItemModel, type ModelRecommender } from './recommender.ts';
import { type TrainingData } from './training-data.ts';

export interface SessionKnnOptions {
  /** Sessions of an item that are looked at, the latest. @default 500 */
  readonly sample?: number;
  /** Sessions that are taken as alike, the most similar. @default 100 */
  readonly neighbours?: number;
  /** Items of a history that are looked at, the latest. @default 20 */
  readonly historyLength?: number;
  /** Most sessions that are remembered, the latest. @default 100 000 */
  readonly sessions?: number;
  /** Most items of a session, the latest. @default 50 */
  readonly itemsPerSession?: number;
}

export interface SessionKnnModel extends ItemModel {
  /** Items of each session, the newest session first. */
  readonly sessions: readonly Uint32Array[];
}

/**
 * Session neighbours for shoppers of whom nothing but a visit is known: VMIS-kNN (Kersbergen, Sprangers, Schelter,
 * "Serenade: low-latency session-based recommendation in e-commerce at scale", SIGMOD 2022). Of the latest sessions
 * with any of the history's items those are taken that share the most and the latest; each gives its items its similarity,
 * times 1 − 0.1·d where d is how far back the latest shared item lies, times 1 + ln(sessions / sessions with the item).
 */
export function createSessionKnn(options: SessionKnnOptions = {}): ModelRecommender<SessionKnnModel> {
  return createRecommender({
    learn: (data) => sessionModel(data.itemIds, latestSessions(data, options), options),
    save: ({ itemIds, sessions }) =>
      JSON.stringify({ itemIds, sessions: sessions.map((session) => [...session]) }),
    load(json) {
      const { itemIds, sessions } = JSON.parse(json) as { itemIds: string[]; sessions: number[][] };
      return sessionModel(
        itemIds,
        sessions.map((session) => Uint32Array.from(session)),
        options,
      );
    },
  });
}

/** Sessions of two items and more, the newest first; of one time, in the order of their items. */
function latestSessions(
  { sessions }: TrainingData,
  { sessions: most = 100_000, itemsPerSession = 50 }: SessionKnnOptions,
): Uint32Array[] {
  const found: { newest: number; items: Uint32Array; text: string }[] = [];
  const { items, times } = sessions;
  for (let row = 0; row < sessions.rows; row += 1) {
    const entries = latestEntries(sessions, row, itemsPerSession);
    if (entries.length < 2) continue;
    const own = Uint32Array.from(entries, (at) => items[at]!).sort();
    found.push({ newest: times[entries[0]!]!, items: own, text: own.join() });
  }
  found.sort((a, b) => b.newest - a.newest || (a.text < b.text ? -1 : 1));
  return found.slice(0, most).map((session) => session.items);
}

function sessionModel(
  itemIds: readonly string[],
  sessions: readonly Uint32Array[],
  { sample = 500, neighbours = 100, historyLength = 20 }: SessionKnnOptions,
): SessionKnnModel {
  const entries = sessions.flatMap((items, session) => Array.from(items, (item) => [item, session] as const));
  const items = Uint32Array.from(entries, ([item]) => item);
  const { starts, order } = groupBy(items, items.length, itemIds.length);
  const sessionOf = order.map((entry) => entries[entry]![1]);
  const sessionsOf = (item: number) => starts[item + 1]! - starts[item]!;

  function score(history: readonly Interest[], scores: Float64Array): void {
    const latest = history.slice(-historyLength);
    /** By session: its similarity, and how far back the latest shared item lies. */
    const alike = new Map<number, { similarity: number; distance: number }>();
    latest.toReversed().forEach(({ item }, distance) => {
      const position = (latest.length - distance) / latest.length;
      for (let at = starts[item]!; at < Math.min(starts[item + 1]!, starts[item]! + sample); at += 1) {
        const session = sessionOf[at]!;
        const known = alike.get(session);
        if (known === undefined) alike.set(session, { similarity: position, distance });
        else known.similarity += position;
      }
    });
    const nearest = [...alike].sort(([a, one], [b, other]) => other.similarity - one.similarity || a - b);
    for (const [session, { similarity, distance }] of nearest.slice(0, neighbours)) {
      const matching = Math.max(0, 1 - 0.1 * distance);
      for (const item of sessions[session]!)
        scores[item]! += similarity * matching * (1 + Math.log(sessions.length / sessionsOf(item)));
    }
  }
  return {
    itemIds,
    sessions,
    score,
    similar: (item, scores) => score([{ item, weight: 1, time: undefined }], scores),
  };
}
