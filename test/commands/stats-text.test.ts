import { describe, expect, test } from 'vitest';
import { statsText } from '../../src/commands/stats-text.ts';
import { WINDOW_LABELS } from '../../src/pipeline/stats/types.ts';
import { textWidth } from '../../src/tui/format/text.ts';
import { statsFixture } from '../tui/stats-fixture.ts';

describe('stats as text', () => {
  test.each([40, 60, 80, 100, 160])('is never wider than %i columns', (width) => {
    for (const window of WINDOW_LABELS) {
      for (const line of statsText(statsFixture(window), { width, styled: false }).split('\n')) {
        expect(textWidth(line), line).toBeLessThanOrEqual(width);
      }
    }
  });

  test.each([80, 120])('looks as it did at %i columns', async (width) => {
    await expect(statsText(statsFixture(), { width, styled: false })).toMatchFileSnapshot(
      `golden/stats-${width}.txt`,
    );
  });

  test('has its styles only where they are wanted, and no others', () => {
    const stats = statsFixture();
    const plain = statsText(stats, { width: 80, styled: false });
    const styled = statsText(stats, { width: 80, styled: true });
    expect(plain).not.toContain('\u001b');
    expect(styled).toContain('\u001b[1mTop products');
    const bare = styled.replaceAll(/\u001b\[[\d;]*m/g, '');
    expect(bare.replaceAll(/ +\n/g, '\n')).toBe(plain);
  });

  test('says that a history is as of its newest event, and names other currencies', () => {
    const stats = statsFixture('all');
    const text = statsText(
      {
        ...stats,
        asOf: { ...stats.asOf, basis: 'latest-event' },
        kpis: {
          ...stats.kpis,
          revenue: {
            ...stats.kpis.revenue,
            others: [{ currency: 'EUR', gross: '20.00', net: '15.00', refunds: '5.00' }],
          },
        },
      },
      { width: 80, styled: false },
    );
    expect(text).toContain('All time · up to 2026-03-01 12:00 UTC, the newest event');
    expect(text).toContain('newest event 2026-03-01 12:00 UTC');
    expect(text).toContain('Also 15.00 EUR net, 20.00 gross');
  });

  test('says whose lists of recommendations are, and what else is counted by ids', () => {
    const stats = statsFixture();
    const other = { values: 0 } as NonNullable<typeof stats.breakdown>['other'];
    const breakdown = {
      by: 'recommender',
      currency: 'USD',
      rows: [],
      other,
    } as unknown as NonNullable<typeof stats.breakdown>;
    const freshness = { ...stats.freshness, aliases: 2, lateLinks: 1, leftToOrder: 3 };
    const text = statsText({ ...stats, freshness, breakdown }, { width: 100, styled: false });
    expect(text).toContain('lists are told by user and device, not by person');
    expect(text).toContain('2 former ids taken for devices: users by them stay apart');
    expect(text).toContain('1 login too late for older events of its device');
    expect(text).toContain('3 lines of orders do not say what --where asks: taken by themselves');
  });

  test.each([
    [1, 'SIMULATED · all of these shoppers are invented'],
    [0.123, 'SIMULATED · 12.3% of these events are those of invented shoppers'],
    [0, 'SIMULATED · other periods of this shop have invented shoppers'],
    [null, 'SIMULATED · other periods of this shop have invented shoppers'],
  ])('says that %s of the numbers are simulated', (simulatedShare, line) => {
    const stats = { ...statsFixture(), simulated: true, simulatedShare };
    expect(statsText(stats, { width: 80, styled: false }).split('\n')).toContain(line);
  });

  test('leaves out what there is nothing of', () => {
    const stats = statsFixture();
    const text = statsText(
      { ...stats, funnel: [], topProducts: [], topCategories: [], series: [] },
      { width: 80, styled: false },
    );
    expect(text).not.toMatch(/Funnel|Top products|Top categories/);
  });
});
