import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type InteractionMatrix, transpose } from '../../src/ml/matrix.ts';
import { type Interaction, prepare, prepareNamed, withoutSessions } from '../../src/ml/training-data.ts';

const row: fc.Arbitrary<Interaction> = fc.record({
  user: fc.constantFrom('u', 'v', 'w'),
  session: fc.constantFrom('1', '2'),
  item: fc.constantFrom('a', 'b', '__proto__', ''),
  weight: fc.constantFrom(1, 2, 5),
  time: fc.integer({ min: 1, max: 10 }),
});

/** Rows as objects, sorted: their order says nothing. */
function rowsOf({ rows, starts, items, weights, times }: InteractionMatrix, itemIds: readonly string[]) {
  const found = Array.from({ length: rows }, (_, r) =>
    Array.from({ length: starts[r + 1]! - starts[r]! }, (_, i) => {
      const at = starts[r]! + i;
      return [itemIds[items[at]!], weights[at], times[at]];
    }),
  );
  return found.map((entries) => JSON.stringify(entries)).sort();
}

function expected(groups: readonly (readonly (readonly Interaction[])[])[]) {
  const found = groups.map((sessions) => {
    const items = [...new Set(sessions.flat().map(({ item }) => item))].sort();
    return items.map((item) => {
      const own = sessions.map((session) => session.filter((one) => one.item === item));
      const weight = own.reduce((sum, rows) => sum + Math.max(0, ...rows.map((one) => one.weight)), 0);
      return [item, weight, Math.max(...own.flat().map(({ time }) => time))];
    });
  });
  return found.map((entries) => JSON.stringify(entries)).sort();
}

function groupBy(rows: readonly Interaction[], keyOf: (row: Interaction) => string): Interaction[][] {
  return [...new Set(rows.map(keyOf))].map((key) => rows.filter((one) => keyOf(one) === key));
}

const sessionOf = ({ user, session }: Interaction) => `${user} ${session}`;

describe('training data', () => {
  test('sessions have the strongest interaction with each item, users the sum of their sessions', () => {
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const { itemIds, sessions, users, sessionUsers, now } = prepareNamed(rows);
        expect(itemIds).toEqual([...new Set(rows.map(({ item }) => item))].sort());
        expect(rowsOf(sessions, itemIds)).toEqual(expected(groupBy(rows, sessionOf).map((one) => [one])));
        const byUser = groupBy(rows, ({ user }) => user).map((own) => groupBy(own, sessionOf));
        expect(rowsOf(users, itemIds)).toEqual(expected(byUser));
        expect(now).toBe(Math.max(0, ...rows.map(({ time }) => time)));
        expect(sessionUsers).toHaveLength(sessions.rows);
        expect(new Set(sessionUsers).size).toBe(users.rows);
      }),
    );
  });

  test('without some sessions it is what it would be had they never been', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 30 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        (rows, out) => {
          const all = prepareNamed(rows);
          const left = withoutSessions(all, (session) => out[session] === true);
          const names = groupBy(rows, sessionOf);
          const kept = names.filter((_, session) => out[session] !== true).flat();
          expect(rowsOf(left.sessions, left.itemIds)).toEqual(
            expected(groupBy(kept, sessionOf).map((one) => [one])),
          );
          const byUser = groupBy(kept, ({ user }) => user).map((own) => groupBy(own, sessionOf));
          expect(rowsOf(left.users, left.itemIds)).toEqual(expected(byUser));
          expect(left.itemIds).toEqual(all.itemIds);
        },
      ),
    );
  });

  test('a user’s interaction counts half after every half-life, a session’s does not', () => {
    const rows = [0, 1000, 3000].map((time) => ({
      user: 'u',
      session: `${time}`,
      item: `${time}`,
      weight: 4,
      time,
    }));
    const { users, sessions } = prepareNamed(rows, { halfLifeMs: 1000 });
    expect([...users.weights]).toEqual([0.5, 1, 4]);
    expect([...sessions.weights]).toEqual([4, 4, 4]);
  });

  test('leaves out what does not occur, but for the catalogue', () => {
    const data = prepare(
      {
        length: 2,
        users: Uint32Array.of(3, 1),
        userCount: 5,
        sessions: Uint32Array.of(2, 4),
        sessionCount: 6,
        items: Uint32Array.of(2, 2),
        itemIds: [undefined, 'unused', 'a'],
        weights: [1, 1],
        times: Float64Array.of(7, 8),
      },
      { catalogue: new Map([['new', { name: 'New' }]]) },
    );
    expect(data.itemIds).toEqual(['a', 'new']);
    expect(data.texts).toEqual([undefined, { name: 'New' }]);
    expect([data.users.rows, data.sessions.rows]).toEqual([2, 2]);
  });

  test('transposed twice it is the same', () => {
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const { users } = prepareNamed(rows);
        const { times: _, ...plain } = users;
        expect(transpose(transpose(users))).toEqual(plain);
      }),
    );
  });
});
