import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EcomError, errorMessage } from '../../errors.ts';
import { type SplitOptions, split } from '../../ml/evaluation/split.ts';
import { toRows } from '../../ml/matrix.ts';
import { type Interactions } from '../../ml/training-data.ts';
import { csvLine } from '../export/csv.ts';

/**
 * Writes a split as `train.csv` (user, item, weight, time; one line for each item of a session) and `test.csv` (user, item), so
 * that any other library can be tried on it.
 * @param userIds names of the users of the interactions
 * @returns the names of the files
 * @throws EcomError `STORAGE`
 */
export async function exportSplit(
  folder: string,
  interactions: Interactions,
  userIds: readonly (string | undefined)[],
  options: SplitOptions,
): Promise<string[]> {
  const { train, tests } = split(interactions, options);
  function* trainLines() {
    yield csvLine(['user', 'item', 'weight', 'time']);
    for (const { user, item, weight, time } of strongest(train))
      yield csvLine([userIds[user]!, train.itemIds[item]!, weight, time]);
  }
  function* testLines() {
    yield csvLine(['user', 'item']);
    for (const { user, relevant } of tests)
      for (const item of relevant) yield csvLine([userIds[user]!, item]);
  }
  const files = [
    [join(folder, 'train.csv'), trainLines],
    [join(folder, 'test.csv'), testLines],
  ] as const;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const [file, lines] of files)
      await pipeline(Readable.from(lines()), createWriteStream(file, { mode: 0o600 }));
  } catch (error) {
    throw new EcomError('STORAGE', `the split cannot be written: ${errorMessage(error)}`);
  }
  return files.map(([file]) => file);
}

/** The strongest interaction with each item of each session, which is what training counts. */
function* strongest({ sessions, sessionCount, users, items, itemIds, ...columns }: Interactions) {
  const entries = { ...columns, rows: sessions, rowCount: sessionCount, items, itemCount: itemIds.length };
  const { matrix, names } = toRows(entries, Math.max);
  const userOf = new Uint32Array(sessionCount);
  for (let row = 0; row < columns.length; row += 1) userOf[sessions[row]!] = users[row]!;
  for (let row = 0; row < matrix.rows; row += 1) {
    const user = userOf[names[row]!]!;
    for (let at = matrix.starts[row]!; at < matrix.starts[row + 1]!; at += 1)
      yield { user, item: matrix.items[at]!, weight: matrix.weights[at]!, time: matrix.times[at]! };
  }
}
