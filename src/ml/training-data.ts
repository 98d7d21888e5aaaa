import { type InteractionMatrix, toRows } from './matrix.ts';

/** One observation: somebody did something with an item. */
export interface Interaction {
  readonly user: string;
  /** What the user did together; all that a user did is one where absent. */
  readonly session?: string;
  readonly item: string;
  /** How much interest it shows; above 0. */
  readonly weight: number;
  /** Ms since the epoch. */
  readonly time: number;
}

/** Interactions as columns, in any order. Numbers of users, sessions and items need not all occur. */
export interface Interactions {
  readonly length: number;
  readonly users: Uint32Array;
  readonly userCount: number;
  /** Each belongs to one user. */
  readonly sessions: Uint32Array;
  readonly sessionCount: number;
  /** Indices in `itemIds`. */
  readonly items: Uint32Array;
  /** Those that do not occur in `items` may be absent. */
  readonly itemIds: readonly (string | undefined)[];
  readonly weights: ArrayLike<number>;
  readonly times: ArrayLike<number>;
}

/** What is known of an item besides who took it. */
export interface ItemText {
  readonly name?: string | undefined;
  readonly category?: string | undefined;
  readonly brand?: string | undefined;
}

/** All that recommenders learn from. Columns of both matrices are indices in `itemIds`. */
export interface TrainingData {
  /** Ascending: those of the interactions and those of the catalogue. */
  readonly itemIds: readonly string[];
  /** A row a user; the sum of the weights of the user's sessions, each halved by its age where that is wanted. */
  readonly users: InteractionMatrix;
  /** A row a session, visit or order; the greatest weight in it. So reloading a page shows no more interest. */
  readonly sessions: InteractionMatrix;
  /** By row of `sessions`: the row of its user in `users`. */
  readonly sessionUsers: Uint32Array;
  readonly texts: readonly (ItemText | undefined)[];
  /** Time of the newest interaction, ms since the epoch; 0 where there is none. */
  readonly now: number;
  /** After so many ms a user's interaction counts half. */
  readonly halfLifeMs: number;
}

export interface TrainingOptions {
  /** After so many ms a user's interaction counts half. @default for ever */
  readonly halfLifeMs?: number;
  /** Items with what is known of them, such as those that nobody has taken yet. */
  readonly catalogue?: ReadonlyMap<string, ItemText>;
}

/** Sorts interactions by session and by user. The same ones in any order give the same, but for the order of rows. */
export function prepare(interactions: Interactions, options: TrainingOptions = {}): TrainingData {
  const { halfLifeMs = Number.POSITIVE_INFINITY, catalogue = new Map<string, ItemText>() } = options;
  const { length, sessions, sessionCount, users, userCount, weights, times } = interactions;
  const { itemIds, items } = numberItems(interactions, catalogue);
  const itemCount = itemIds.length;
  const { matrix, names } = toRows(
    { length, rows: sessions, rowCount: sessionCount, items, itemCount, weights, times },
    Math.max,
  );
  const userOf = new Uint32Array(sessionCount);
  for (let row = 0; row < length; row += 1) userOf[sessions[row]!] = users[row]!;
  const texts = itemIds.map((id) => catalogue.get(id));
  return gather(
    { itemIds, texts },
    matrix,
    names.map((session) => userOf[session]!),
    userCount,
    halfLifeMs,
  );
}

/** The data without some sessions; users of whom nothing is left are left out. Item numbers stay the same. */
export function withoutSessions(
  { itemIds, texts, sessions, sessionUsers, users, halfLifeMs }: TrainingData,
  isLeftOut: (session: number) => boolean,
): TrainingData {
  const kept = Array.from({ length: sessions.rows }, (_, row) => row).filter((row) => !isLeftOut(row));
  const { matrix } = toRows({ ...pick(sessions, kept), rowCount: kept.length }, Math.max);
  const owners = Uint32Array.from(kept, (row) => sessionUsers[row]!);
  return gather({ itemIds, texts }, matrix, owners, users.rows, halfLifeMs);
}

/** The entries of some rows, numbered in their order. */
function pick({ starts, items, weights, times, columns }: InteractionMatrix, rows: readonly number[]) {
  const length = rows.reduce((sum, row) => sum + starts[row + 1]! - starts[row]!, 0);
  const picked = {
    length,
    itemCount: columns,
    rows: new Uint32Array(length),
    items: new Uint32Array(length),
    weights: new Float32Array(length),
    times: new Float64Array(length),
  };
  let size = 0;
  rows.forEach((row, i) => {
    const [from, to] = [starts[row]!, starts[row + 1]!];
    picked.rows.fill(i, size, size + to - from);
    picked.items.set(items.subarray(from, to), size);
    picked.weights.set(weights.subarray(from, to), size);
    picked.times.set(times.subarray(from, to), size);
    size += to - from;
  });
  return picked;
}

/** Adds up sessions by user. */
function gather(
  items: Pick<TrainingData, 'itemIds' | 'texts'>,
  sessions: InteractionMatrix,
  owners: Uint32Array,
  userCount: number,
  halfLifeMs: number,
): TrainingData {
  let now = 0;
  for (let at = 0; at < sessions.times.length; at += 1) now = Math.max(now, sessions.times[at]!);
  const rows = new Uint32Array(sessions.items.length);
  for (let row = 0; row < sessions.rows; row += 1)
    rows.fill(owners[row]!, sessions.starts[row]!, sessions.starts[row + 1]!);
  const weights = new Float32Array(sessions.weights);
  for (let at = 0; at < weights.length && halfLifeMs !== Number.POSITIVE_INFINITY; at += 1)
    weights[at] = weights[at]! * 2 ** ((sessions.times[at]! - now) / halfLifeMs);
  const entries = {
    ...sessions,
    length: rows.length,
    itemCount: sessions.columns,
    rowCount: userCount,
    weights,
    rows,
  };
  const { matrix, names } = toRows(entries, (a, b) => a + b);
  const rowOf = new Uint32Array(userCount);
  names.forEach((user, row) => {
    rowOf[user] = row;
  });
  return {
    ...items,
    sessions,
    sessionUsers: owners.map((user) => rowOf[user]!),
    users: matrix,
    now,
    halfLifeMs,
  };
}

/** Prepares interactions with names. */
export function prepareNamed(list: Iterable<Interaction>, options?: TrainingOptions): TrainingData {
  return prepare(toColumns([...list]), options);
}

/** Numbers users, sessions and items in the order in which they occur. */
export function toColumns(rows: readonly Interaction[]): Interactions {
  const users = numbering(rows, ({ user }) => user);
  const sessions = numbering(rows, ({ user, session = '' }) => `${user.length} ${user}${session}`);
  const items = numbering(rows, ({ item }) => item);
  return {
    length: rows.length,
    users: users.numbers,
    userCount: users.names.length,
    sessions: sessions.numbers,
    sessionCount: sessions.names.length,
    items: items.numbers,
    itemIds: items.names,
    weights: rows.map(({ weight }) => weight),
    times: rows.map(({ time }) => time),
  };
}

function numbering<T>(rows: readonly T[], nameOf: (row: T) => string) {
  const known = new Map<string, number>();
  const numbers = Uint32Array.from(rows, (row) => {
    const name = nameOf(row);
    const number = known.get(name) ?? known.size;
    known.set(name, number);
    return number;
  });
  return { numbers, names: [...known.keys()] };
}

/** The ids that occur or that the catalogue has, ascending, and each row's number among them. */
function numberItems(
  { length, items, itemIds }: Interactions,
  catalogue: ReadonlyMap<string, ItemText>,
): { itemIds: string[]; items: Uint32Array } {
  const occurs = new Uint8Array(itemIds.length);
  for (let row = 0; row < length; row += 1) occurs[items[row]!] = 1;
  const taken = itemIds.filter((_, item) => occurs[item] === 1) as string[];
  const sorted = [...new Set([...taken, ...catalogue.keys()])].sort((a, b) => (a < b ? -1 : 1));
  const numberOf = new Map(sorted.map((id, number) => [id, number]));
  const numbers = Uint32Array.from(itemIds, (id) => (id === undefined ? 0 : (numberOf.get(id) ?? 0)));
  const numbered = new Uint32Array(length);
  for (let row = 0; row < length; row += 1) numbered[row] = numbers[items[row]!]!;
  return { itemIds: sorted, items: numbered };
}

/** What one interaction weighs on average: the measure of what is much. 1 where there is none. */
export function typicalWeight({ sessions: { weights } }: TrainingData): number {
  return weights.length === 0 ? 1 : weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
}
