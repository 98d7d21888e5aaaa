import { expect, test } from 'vitest';
import { statsText } from '../../../src/commands/stats-text.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { alteredLog, onePartitionShop } from '../../support/altered-log.ts';
import { SETTINGS, type Stores } from '../../support/stores.ts';

const DAY = 24 * 3_600_000;

/** A view of a log where some records have no value, or came from a host whose clock is ahead. */
const withTombstones = ({ log }: Stores): Stores['log'] =>
  alteredLog(log, (record) => {
    if (record.value === 'tombstone') return { ...record, value: null };
    if (record.value === 'ahead') return { ...record, value: null, appendedAt: Date.now() + DAY };
    return record;
  });

test('a record without a value is passed over, counted, and no dead letter, whatever clock it has', async () => {
  const stores = await onePartitionShop('tombstones');
  const event = JSON.stringify({ id: 'e', type: 'page_view', time: Date.now(), userId: 'u' });
  const values = ['tombstone', event, 'tombstone', 'ahead', '', event, 'tombstone'];
  await stores.log.append(values.map((value) => ({ key: 'k', value })));
  const count = async (live: Stores['live']): Promise<void> => {
    const processor = createProcessor({
      ...stores,
      log: withTombstones(stores),
      live,
      settings: SETTINGS,
      batch: 1,
    });
    while ((await processor.step()) > 0);
    await processor.close();
  };
  const told = async (live: Stores['live']) => {
    const query = { period: '1h', limit: 5, now: Date.now(), currency: 'USD' } as const;
    const stats = await readStats({ ...stores, live }, query);
    expect(stats.freshness).toMatchObject({
      ...{ received: 3, duplicates: 1, rejected: 1, tombstones: 4, backlog: 0 },
      rejectedByReason: { 'empty record': 1 },
    });
    return stats;
  };
  await count(stores.live);
  const stats = await told(stores.live);
  expect(statsText(stats, { width: 200, sort: 'revenue', styled: false })).toContain(' · 4 tombstones · ');
  expect((await stores.documents.deadLetters({ limit: 9 })).map(({ reason }) => reason)).toEqual([
    'empty record',
  ]);
  const anew = await stores.live.rebuild();
  await count(anew.live);
  await told(anew.live);
  await anew.close();
  await stores.close();
});
