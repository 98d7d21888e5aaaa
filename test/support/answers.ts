import { messagesWait } from '../../src/pipeline/live-store/waiting.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { type Stores } from './stores.ts';

/** All that stats tell, in every window. */
export async function allAnswers(stores: Stores, now: number): Promise<Stats[]> {
  const answers: Stats[] = [];
  for (const window of ['all', '30d', '7d', '24h', '1h', '30m', '5m'] as const) {
    answers.push(await readStats(stores, { period: window, limit: 50, now, currency: 'USD' }));
  }
  return answers;
}

/** How many records are counted. On a log whose offsets have gaps it is what the positions say, which is no less. */
export async function countedRecords({ live }: Stores, now: number): Promise<number> {
  const { freshness } = await readStats(
    { live, log: { bounds: async () => undefined } },
    { period: 'all', limit: 1, now, currency: 'USD' },
  );
  return freshness.received;
}

/** Whether all that the log holds is counted. */
export async function isCounted({ log, live }: Stores): Promise<boolean> {
  const positions = new Map((await live.positions()).map(({ partition, position }) => [partition, position]));
  const isRead = (await log.bounds()).every(
    ({ begin, end }, partition) => (positions.get(partition) ?? begin) >= end,
  );
  return isRead && !(await messagesWait(live, log.partitions));
}
