import { describe, expect, test } from 'vitest';
import { parseRule, parseRules } from '../../../src/pipeline/alerts/rule.ts';
import { type AlertState, nextState } from '../../../src/pipeline/alerts/state.ts';
import { statsFixture } from '../../tui/stats-fixture.ts';

const stats = statsFixture('30m');
const holds = (when: string, answer = stats) => parseRule('r', when).evaluate(answer);

describe('rules of alerts', () => {
  test('compare a number, a ratio or a share of what was received', () => {
    const { kpis, freshness } = stats;
    expect(holds(`orders>${kpis.orders - 1}`)).toEqual({ value: kpis.orders, holds: true });
    expect(holds(`orders > ${kpis.orders}`).holds).toBe(false);
    expect(holds(`orders>=${kpis.orders}`).holds).toBe(true);
    expect(holds('conversion<7%').holds).toBe(true);
    expect(holds('conversion<0.066').holds).toBe(false);
    const share = freshness.rejected / freshness.received;
    expect(holds('rejected>0.01%')).toEqual({ value: share, holds: share > 0.0001 });
    expect(holds('lag>1').value).toBe(freshness.lagMs! / 1000);
    const empty = { ...stats, freshness: { ...freshness, received: 0 } };
    expect(holds('rejected>1%', empty)).toEqual({ value: null, holds: false });
    const gone = {
      ...stats,
      freshness: { ...freshness, lost: 3, truncated: 5, tombstones: 7, received: 50 },
    };
    expect(holds('lost>2', gone)).toEqual({ value: 3, holds: true });
    expect(holds('truncated>=10%', gone)).toEqual({ value: 0.1, holds: true });
    expect(holds('tombstones>7', gone)).toEqual({ value: 7, holds: false });
  });

  test('compare with the length before', () => {
    const compared = {
      ...stats,
      comparison: {
        window: { from: '', to: '' },
        approximate: [],
        change: {},
        kpis: { ...stats.kpis, orders: stats.kpis.orders * 2 },
        freshness: stats.freshness,
      },
    };
    expect(holds('orders 5m drops 40% vs previous', compared)).toEqual({ value: -0.5, holds: true });
    expect(holds('orders drops by 50%', compared).holds).toBe(true);
    expect(holds('orders drops 51%', compared).holds).toBe(false);
    expect(holds('orders rises 1%', compared).holds).toBe(false);
    expect(holds('orders drops 1%')).toEqual({ value: null, holds: false });
    expect(parseRule('r', 'revenue 5m drops 40% vs previous')).toMatchObject({
      window: '5m',
      compares: true,
    });
    expect(parseRule('r', 'conversion<0.01 for 10m')).toMatchObject({ window: '30m', forMs: 600_000 });
  });

  test.each(['rejected', 'late', 'duplicates', 'truncated', 'tombstones', 'lost'] as const)(
    'compare what was %s with what was so before',
    (metric) => {
      const answer = (now: number, before: number) => ({
        ...stats,
        freshness: { ...stats.freshness, [metric]: now },
        comparison: {
          window: { from: '', to: '' },
          approximate: [],
          change: {},
          kpis: stats.kpis,
          freshness: { ...stats.freshness, [metric]: before },
        },
      });
      expect(holds(`${metric} rises 50%`, answer(6, 4))).toEqual({ value: 0.5, holds: true });
      expect(holds(`${metric} rises 60%`, answer(6, 4)).holds).toBe(false);
      expect(holds(`${metric} drops 50%`, answer(2, 4)).holds).toBe(true);
      // Nothing is a percentage of nothing.
      expect(holds(`${metric} rises 50%`, answer(6, 0))).toEqual({ value: null, holds: false });
    },
  );

  test.each(['backlog', 'lag'])('%s has nothing before to be compared with', (metric) => {
    expect(() => parseRule('r', `${metric} rises 50%`)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining(`${metric} > 100`) }),
    );
  });

  test('refuse what is no rule', () => {
    for (const wrong of [
      '',
      'orders',
      'orders = 3',
      'orders 2m > 3',
      'wealth > 3',
      'orders > 3%',
      'orders>3 for 5',
    ])
      expect(() => parseRule('r', wrong)).toThrow(/alert 'r'/);
    const file = (alerts: unknown) => parseRules(JSON.stringify({ alerts }), 'f.json');
    const when = 'orders<1';
    expect(file([{ name: 'a', when, command: ['true'], webhook: 'https://example.org/x' }])).toHaveLength(1);
    for (const [alerts, why] of [
      [{}, /no list/],
      [[{ when }], /no name/],
      [[{ name: 'a' }], /no 'when'/],
      [[{ name: 'a', when, email: 'x' }], /'email'/],
      [[{ name: 'a', when, command: 'rm -rf' }], /no list of program/],
      [[{ name: 'a', when, webhook: 'ftp://x' }], /no http URL/],
      [
        [
          { name: 'a', when },
          { name: 'a', when },
        ],
        /two alerts/,
      ],
    ] as const)
      expect(() => file(alerts)).toThrow(why);
    expect(() => parseRules('{', 'f.json')).toThrow(/f.json: no JSON/);
  });
});

describe('state of an alert', () => {
  const rule = { name: 'a', when: 'orders<1', forMs: 120_000 };
  function run(looks: readonly [second: number, holds: boolean][]): string[] {
    let state: AlertState | undefined;
    return looks.map(([second, held]) => {
      state = nextState(rule, state, { value: 0, holds: held }, second * 1000);
      return state.state;
    });
  }

  test('fires once it has held long enough, and not when it breaks off', () => {
    expect(
      run([
        [0, true],
        [60, true],
        [119, true],
        [120, true],
      ]),
    ).toEqual(['pending', 'pending', 'pending', 'firing']);
    expect(
      run([
        [0, true],
        [100, true],
        [110, false],
        [120, true],
        [200, true],
      ]),
    ).toEqual(['pending', 'pending', 'ok', 'pending', 'pending']);
  });

  test('goes on firing while it flaps, until it has been calm as long', () => {
    expect(
      run([
        [0, true],
        [120, true],
        [130, false],
        [200, true],
        [210, false],
        [319, false],
        [320, false],
      ]),
    ).toEqual(['pending', 'firing', 'firing', 'firing', 'firing', 'firing', 'ok']);
  });

  test('begins anew where the rule was changed', () => {
    const firing = nextState({ ...rule, forMs: 0 }, undefined, { value: 0, holds: true }, 0);
    expect(firing.state).toBe('firing');
    expect(nextState({ ...rule, when: 'orders<2' }, firing, { value: 1, holds: false }, 10).state).toBe('ok');
  });
});
