import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCondition } from '../../src/commands/condition.ts';
import { compareDecimals } from '../../src/commands/decimal.ts';
import { EcomError } from '../../src/errors.ts';
import { statsFixture } from '../tui/stats-fixture.ts';

const STATS = statsFixture();

function holds(expression: string, answer: object = STATS): boolean {
  return parseCondition(expression).evaluate(answer).holds;
}

function failure(expression: string, answer: object = STATS): EcomError {
  try {
    holds(expression, answer);
  } catch (error) {
    if (error instanceof EcomError) return error;
    throw error;
  }
  throw new Error(`${expression} is no failure`);
}

describe('a condition', () => {
  test.each([
    ['kpis.orders == 432', true],
    ['kpis.orders<433&&kpis.orders>431', true],
    ['kpis.conversion.session < 0.02', false],
    ['kpis.conversion.session < 0.02 || kpis.orders >= 432', true],
    ['!(kpis.orders == 432)', false],
    ['!kpis.orders == 432', false],
    ['kpis.activeUsers.5m > 800', true],
    ['kpis.activeUsers."30m" != 3204', false],
    ['topProducts.0.revenue == 31234.5', true],
    ['topProducts.0.revenue > 31234.49', true],
    ["topProducts.2.name == '日本の抹茶セット 100g'", true],
    ["freshness.rejectedByReason.'price is wrong' >= 90", true],
    ["asOf.basis == 'clock'", true],
    ["window.to > '2026-03-01'", true],
    ['kpis.revenue.net <= kpis.revenue.gross', true],
    ['kpis.revenue.refunds > -1.5e1', true],
    ['schema == "ecom.stats/1"', true],
  ])('%s is %s', (expression, expected) => expect(holds(expression)).toBe(expected));

  test('&& binds closer than ||', () => {
    expect(holds('a == 1 || a == 1 && a == 2', { a: 1 })).toBe(true);
    expect(holds('(a == 1 || a == 1) && a == 2', { a: 1 })).toBe(false);
  });

  test('an ordering against what has no value never holds, == null does', () => {
    const answer = { ratio: null, list: [{ n: 1 }] };
    for (const operator of ['<', '<=', '>', '>=', '==']) {
      expect(holds(`ratio ${operator} 0`, answer)).toBe(false);
      expect(holds(`list.1.n ${operator} 0`, answer)).toBe(false);
    }
    expect(holds('ratio != 0', answer)).toBe(true);
    expect(holds('ratio == null && null == list.7.n', answer)).toBe(true);
    expect(holds('list.0.n != null', answer)).toBe(true);
  });

  test('money compares exactly, beyond what a double can hold', () => {
    const answer = { gross: '12345678901234567.01' };
    expect(holds('gross == 12345678901234567.01', answer)).toBe(true);
    expect(holds('gross > 12345678901234567', answer)).toBe(true);
    expect(holds('gross < 12345678901234567.02', answer)).toBe(true);
    expect(holds('gross == 12345678901234567.010', answer)).toBe(true);
  });

  test('tells the values it was decided by', () => {
    const { values } = parseCondition('kpis.orders > 1 && kpis.revenue.net > 0 && kpis.orders > 2').evaluate(
      STATS,
    );
    expect(values).toEqual(['kpis.orders is 432', 'kpis.revenue.net is 121904.25']);
  });

  test.each([
    ['kpis.order < 3', /kpis has no 'order'/, /^kpis has orders, /],
    ['kpi.orders < 3', /the answer has no 'kpi'/, /^the answer has kpis, /],
    ['kpis < 3', /kpis is no single value/, /events, eventsPerSecond/],
    ['topProducts.first.revenue < 3', /topProducts has no 'first'/, /^topProducts has /],
    ['kpis.orders.length < 3', /kpis.orders has no 'length'/, /an expression is such as/],
    ['kpis.__proto__ == 3', /has no '__proto__'/, /kpis has/],
    ['kpis.constructor == 3', /has no 'constructor'/, /kpis has/],
    ['kpis.orders == 1 || kpis.nothing == 1', /has no 'nothing'/, /kpis has/],
    ['asOf.basis < 3', /cannot be compared by </, /such as/],
    ['kpis.orders', /the expression ends where a comparison/, /such as/],
    ['kpis.orders <', /the expression ends where a path/, /such as/],
    ['kpis.orders < 3 kpis.users > 1', /there is 'kpis.users' where && or \|\|/, /such as/],
    ['(kpis.orders < 3', /where '\)' is expected/, /such as/],
    ['kpis.orders = 3', /cannot read '= 3'/, /such as/],
    ['process.exit(1)', /there is '\('/, /such as/],
    ['', /the expression ends/, /such as/],
    ['('.repeat(2000), /longer than 1000/, /such as/],
  ])('%s is a usage error', (expression, message, hint) => {
    const error = failure(expression);
    expect(error.code).toBe('USAGE');
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  test('never fails in another way, whatever it is given', () => {
    const fragment = fc.constantFrom(
      'kpis',
      '.orders',
      '5',
      '.',
      '<',
      '==',
      '&&',
      '||',
      '!',
      '(',
      ')',
      "'x'",
      ' ',
      'null',
      '-',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragment, { maxLength: 20 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (expression) => {
        try {
          expect(typeof holds(expression)).toBe('boolean');
        } catch (error) {
          if (!(error instanceof EcomError)) throw error;
          expect(error.code).toBe('USAGE');
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('nests deeply', () => {
    expect(holds(`${'('.repeat(450)}a == 1${')'.repeat(450)}`, { a: 1 })).toBe(true);
    expect(holds(`${'!'.repeat(900)}a == 1`, { a: 1 })).toBe(true);
  });
});

/** An expression as text, and what it is for an answer whose values are in hundredths. */
type Answer = Record<string, number | null>;

interface Sample {
  readonly text: string;
  readonly expected: (answer: Answer) => boolean;
}

const NAMES = ['a', 'b', 'c', 'd'];
const COMPARISONS: Record<string, (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

const hundredths = fc.integer({ min: -300, max: 300 });
const leaf: fc.Arbitrary<Sample> = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom(...Object.keys(COMPARISONS)), hundredths)
  .map(([name, comparison, limit]) => ({
    text: `v.${name} ${comparison} ${(limit / 100).toFixed(2)}`,
    expected: (answer) => {
      const value = answer[name]!;
      return value === null ? comparison === '!=' : COMPARISONS[comparison]!(value, limit);
    },
  }));
const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.tuple(tie('sample'), tie('sample'), fc.boolean()).map(([left, right, and]) => ({
      text: `(${left.text}) ${and ? '&&' : '||'} (${right.text})`,
      expected: (answer: Answer) =>
        and
          ? left.expected(answer) && right.expected(answer)
          : left.expected(answer) || right.expected(answer),
    })),
    tie('sample').map((inner) => ({
      text: `!(${inner.text})`,
      expected: (answer: Answer) => !inner.expected(answer),
    })),
  ),
}));

test('a condition is what the obvious evaluation says', () => {
  const values = fc.record(Object.fromEntries(NAMES.map((name) => [name, fc.option(hundredths)])));
  fc.assert(
    fc.property(sample, values, fc.boolean(), ({ text, expected }, answer, asText) => {
      fc.pre(text.length <= 1000);
      const shown = Object.entries(answer).map(([name, value]) => {
        if (value === null) return [name, null];
        return [name, asText ? (value / 100).toFixed(2) : value / 100];
      });
      expect(holds(text, { v: Object.fromEntries(shown) })).toBe(expected(answer));
    }),
    { numRuns: 1000 },
  );
});

test('decimals are ordered as numbers are', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (a, b) => {
        expect(Math.sign(compareDecimals(String(a), String(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      },
    ),
  );
  expect(compareDecimals('0.1', '0.10000000000000000001')).toBe(-1);
  expect(compareDecimals('-0', '0.00')).toBe(0);
});
