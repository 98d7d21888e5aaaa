import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openView } from '../../../src/commands/view.ts';
import { ensureDataDir } from '../../../src/config.ts';
import { createGenerator } from '../../../src/pipeline/generator/generator.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const START = Date.UTC(2026, 0, 5);
const ROBOT = 'Googlebot/2.1';
const PERSON = 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0';

function eventsOf(seed: number, count: number) {
  const options = { rate: 2, start: START, dirty: 0, rhythm: 'flat', currency: 'USD' } as const;
  const generator = createGenerator({ ...options, seed: `robots ${seed}` });
  return Array.from({ length: count }, () => generator.next());
}

function withAgent(value: string, agent: string): string {
  const event = JSON.parse(value) as { properties?: object };
  return JSON.stringify({ ...event, properties: { ...event.properties, user_agent: agent } });
}

/** The numbers that have nothing to do with how much arrived. */
async function numbersOf(
  records: readonly { readonly key: string; readonly value: string }[],
  robots = false,
) {
  const config = configFor(tempDir());
  ensureDataDir(config);
  const stores = await openStores(config);
  await stores.log.append([...records]);
  const processor = createProcessor({ ...stores, settings: SETTINGS, batch: 50 });
  while ((await processor.step()) > 0);
  const view = robots ? await openView(config, [], true) : undefined;
  if (view !== undefined) await view.catchUp(new AbortController().signal);
  const request = {
    period: 'all',
    limit: 50,
    now: START + 90 * 60_000,
    currency: 'USD',
    by: 'country',
  } as const;
  const stats = await readStats(view ?? stores, request);
  await Promise.all([view?.close(), stores.close()]);
  const { kpis, funnel, eventsByType, topProducts, topCategories, breakdown, freshness } = stats;
  const rows = breakdown!.rows.map(({ events, robots: sent, ...row }) => ({
    ...row,
    events: events! - (robots ? 0 : sent!),
  }));
  const { robots: told, received, duplicates, rejected } = freshness;
  // What happened this very minute goes by the newest event.
  const { eventsPerSecond: _, ...rest } = kpis;
  return {
    numbers: { rest, funnel, eventsByType, topProducts, topCategories, rows: sorted(rows) },
    told,
    received,
    duplicates,
    rejected,
  };
}

function sorted<T extends { readonly value: string }>(rows: readonly T[]): T[] {
  return rows.filter(({ value }) => value !== '').sort((a, b) => (a.value < b.value ? -1 : 1));
}

test('the numbers are those of a shop where robots have sent nothing, or are like others where they are asked for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1000),
      fc.array(fc.boolean(), { minLength: 200, maxLength: 300 }),
      async (seed, isRobot) => {
        const events = eventsOf(seed, isRobot.length).map(({ key, value }, i) => ({
          key,
          value: withAgent(value, isRobot[i] ? ROBOT : PERSON),
        }));
        const people = events.filter((_, i) => !isRobot[i]);
        const sent = isRobot.filter(Boolean).length;
        const [all, alone] = [await numbersOf(events), await numbersOf(people)];
        const some = all.numbers.rows.filter(({ events: left }) => left > 0);
        expect({ ...all.numbers, rows: some }).toEqual(alone.numbers);
        expect(all).toMatchObject({ told: sent, received: events.length });
        const like = await numbersOf(
          events.map(({ key, value }) => ({ key, value: value.replace(ROBOT, PERSON) })),
        );
        const included = await numbersOf(events, true);
        expect(included.numbers).toMatchObject(like.numbers);
        expect(included).toMatchObject({ told: sent, received: events.length });
      },
    ),
    { numRuns: 5 },
  );
});
