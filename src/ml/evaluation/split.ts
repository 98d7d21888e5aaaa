import { groupBy } from '../matrix.ts';
import { type History } from '../recommender.ts';
import { type Interactions } from '../training-data.ts';

export interface SplitOptions {
  /**
   * `leave-last-out` holds out the last session of every user that shows enough interest, and what the user did since, unless
   * nothing was before;
   * `temporal` holds out what all users did after one moment.
   */
  readonly method: 'leave-last-out' | 'temporal';
  /** Interest that makes an item relevant: 5 is a purchase. */
  readonly target: number;
  /** Of `temporal`: what share of the interactions is held out. @default 0.1 */
  readonly share?: number;
}

/** Somebody whose next items are to be found. */
export interface TestCase {
  /** The user's number in the interactions. */
  readonly user: number;
  /** What the user did in the training part; not empty. */
  readonly history: History;
  /** Items in which the user has shown interest in the part that is held out; not empty, each known in the training part. */
  readonly relevant: ReadonlySet<string>;
}

export interface Split {
  /** Rows of the interactions to train on. */
  readonly train: Interactions;
  readonly tests: readonly TestCase[];
}

/** Divides interactions into what is learnt and what is to be found. Items that training does not know cannot be found, and are no test. */
export function split(interactions: Interactions, options: SplitOptions): Split {
  const isHeldOut =
    options.method === 'temporal' ? afterCut(interactions, options) : lastSessions(interactions, options);
  const kept: number[] = [];
  const held = new Map<number, number[]>();
  for (let row = 0; row < interactions.length; row += 1) {
    if (isHeldOut[row] === 0) kept.push(row);
    else if (interactions.weights[row]! >= options.target) {
      const rows = held.get(interactions.users[row]!) ?? [];
      held.set(interactions.users[row]!, rows);
      rows.push(row);
    }
  }
  const train = pickRows(interactions, kept);
  const known = new Set(train.items);
  const histories = historiesOf(train, new Set(held.keys()));
  const tests = [...held].flatMap(([user, rows]): TestCase[] => {
    const history = histories.get(user);
    const items = rows.map((row) => interactions.items[row]!).filter((item) => known.has(item));
    const relevant = new Set(items.map((item) => interactions.itemIds[item]!));
    return history === undefined || relevant.size === 0 ? [] : [{ user, history, relevant }];
  });
  return { train, tests: tests.sort((a, b) => a.user - b.user) };
}

/** @returns 1 for each row that is held out */
function afterCut({ length, times }: Interactions, { share = 0.1 }: SplitOptions): Uint8Array {
  const sorted = Float64Array.from({ length }, (_, row) => times[row]!).sort();
  const cut = sorted[Math.min(length - 1, Math.floor(length * (1 - share)))]!;
  return Uint8Array.from({ length }, (_, row) => Number(times[row]! >= cut));
}

/** @returns 1 for each row that is held out */
function lastSessions(interactions: Interactions, { target }: SplitOptions): Uint8Array {
  const { length, users, userCount, sessions, sessionCount, weights, times } = interactions;
  const begin = new Float64Array(sessionCount).fill(Number.POSITIVE_INFINITY);
  const isTarget = new Uint8Array(sessionCount);
  for (let row = 0; row < length; row += 1) {
    const session = sessions[row]!;
    begin[session] = Math.min(begin[session]!, times[row]!);
    if (weights[row]! >= target) isTarget[session] = 1;
  }
  /** By user, the session that is held out; −1 for none. */
  const last = new Int32Array(userCount).fill(-1);
  for (let row = 0; row < length; row += 1) {
    const session = sessions[row]!;
    const best = last[users[row]!]!;
    if (isTarget[session] === 1 && (best < 0 || begin[session]! > begin[best]!)) last[users[row]!] = session;
  }
  // Who has done nothing before is no test, and would be missing from what is learnt.
  const hasHistory = new Uint8Array(userCount);
  for (let row = 0; row < length; row += 1) {
    const session = last[users[row]!]!;
    if (session >= 0 && sessions[row] !== session && times[row]! < begin[session]!)
      hasHistory[users[row]!] = 1;
  }
  return Uint8Array.from({ length }, (_, row) => {
    const session = last[users[row]!]!;
    if (hasHistory[users[row]!] === 0) return 0;
    return Number(sessions[row] === session || times[row]! >= begin[session]!);
  });
}

function pickRows(interactions: Interactions, rows: readonly number[]): Interactions {
  const { users, sessions, items, weights, times } = interactions;
  return {
    ...interactions,
    length: rows.length,
    users: Uint32Array.from(rows, (row) => users[row]!),
    sessions: Uint32Array.from(rows, (row) => sessions[row]!),
    items: Uint32Array.from(rows, (row) => items[row]!),
    weights: Float64Array.from(rows, (row) => weights[row]!),
    times: Float64Array.from(rows, (row) => times[row]!),
  };
}

/** What each of some users did, as `prepare` adds it up: the greatest weight of an item in each session, summed. */
export function historiesOf(interactions: Interactions, of: ReadonlySet<number>): Map<number, History> {
  const { length, users, userCount, sessions, items, itemIds, weights, times } = interactions;
  const { starts, order } = groupBy(users, length, userCount);
  const histories = new Map<number, History>();
  for (const user of of) {
    const found = new Map<number, { sessions: Map<number, number>; time: number }>();
    for (const row of order.subarray(starts[user], starts[user + 1])) {
      const entry = found.get(items[row]!) ?? { sessions: new Map(), time: times[row]! };
      found.set(items[row]!, entry);
      entry.time = Math.max(entry.time, times[row]!);
      entry.sessions.set(sessions[row]!, Math.max(entry.sessions.get(sessions[row]!) ?? 0, weights[row]!));
    }
    const history = [...found].map(([item, entry]) => {
      const weight = [...entry.sessions.values()].reduce((sum, one) => sum + one, 0);
      return { id: itemIds[item]!, weight, time: entry.time };
    });
    if (history.length > 0)
      histories.set(
        user,
        history.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1)),
      );
  }
  return histories;
}
