import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chart, roundStep } from '../../src/tui/format/chart.ts';
import { fitLine, joinFitting, lineText, lineWidth, span, spread } from '../../src/tui/format/line.ts';
import {
  bytes,
  compact,
  grouped,
  money,
  moneyColumn,
  percent,
  rate,
  tiny,
} from '../../src/tui/format/numbers.ts';
import { paint } from '../../src/tui/format/paint.ts';
import { asRate, completeCells } from '../../src/tui/format/series.ts';
import { bar, resample, sparkline } from '../../src/tui/format/sparkline.ts';
import { table } from '../../src/tui/format/table.ts';
import { displayText, fitText, textWidth, truncate } from '../../src/tui/format/text.ts';
import { cellLabel, duration } from '../../src/tui/format/time.ts';
import { NOW, statsFixture } from './stats-fixture.ts';

const words = fc.array(
  fc.constantFrom(
    'a',
    'Z',
    ' ',
    '9',
    'é',
    '漢',
    '字',
    'カ',
    '한',
    '🧘',
    '👩‍👧',
    '🇩🇪',
    '❤️',
    '—',
    'ß',
    '\u0301',
  ),
  { maxLength: 30 },
);
const foreign = words.map((parts) => displayText(parts.join('')));

describe('text', () => {
  it('is cut and filled to exactly the columns asked for', () => {
    fc.assert(
      fc.property(foreign, fc.integer({ min: 1, max: 40 }), (text, width) => {
        expect(textWidth(fitText(text, width))).toBe(width);
        expect(textWidth(fitText(text, width, 'right'))).toBe(width);
        expect(textWidth(truncate(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('ends with … where something was cut off', () => {
    expect(truncate('Wireless Headphones', 10)).toBe('Wireless …');
    expect(truncate('漢字かな', 8)).toBe('漢字かな');
    expect(truncate('漢字かな', 7)).toBe('漢字か…');
    expect(truncate('漢字かな', 6)).toBe('漢字…');
  });

  it('loses what terminals disagree about and what could control them', () => {
    expect(displayText('Yoga 🧘‍♀️ ❤️ 1️⃣ 👋🏽')).toBe('Yoga 🧘 ❤ 1 👋');
    expect(displayText('🇩🇪 flag')).toBe('DE flag');
    expect(displayText('a\u001b[31mb\r\nc')).toBe('a[31mb c');
    expect(displayText('e\u0301')).toBe('é');
  });
});

describe('lines', () => {
  const line = fc.array(
    foreign.map((text) => span(text)),
    { maxLength: 6 },
  );
  it('are fitted to exactly the columns asked for', () => {
    fc.assert(
      fc.property(line, line, fc.integer({ min: 1, max: 60 }), (left, right, width) => {
        expect(lineWidth(fitLine(left, width))).toBe(width);
        expect(lineWidth(spread(left, right, width))).toBe(width);
      }),
    );
  });

  it('keep what fits and say where something is missing', () => {
    expect(lineText(fitLine([span('abc'), span('def')], 6))).toBe('abcdef');
    expect(lineText(fitLine([span('abc'), span('def')], 5))).toBe('abcd…');
    expect(lineText(fitLine([span('abc'), span('def')], 3))).toBe('ab…');
    expect(lineText(spread([span('name')], [span('12')], 8))).toBe('name  12');
    expect(lineText(joinFitting([[span('aa')], [span('bb')], [span('cc')]], ' ', 5))).toBe('aa bb');
  });

  it('are painted with their styles, colours only where wanted', () => {
    const line = [span('a', { colour: 'green', bold: true }), span('b')];
    expect(paint(line, true)).toBe('\u001b[1;32ma\u001b[0mb');
    expect(paint(line, false)).toBe('\u001b[1ma\u001b[0mb');
  });
});

describe('numbers', () => {
  it.each([
    [grouped('10655622.484', 2), '10,655,622.48'],
    [grouped('-1234'), '-1,234'],
    [grouped('12345678901234567.8912', 2), '12,345,678,901,234,567.89'],
    [compact(0), '0'],
    [compact(99_999), '99,999'],
    [compact(100_000), '100k'],
    [compact(999_999), '1.00M'],
    [compact(1_234_567), '1.23M'],
    [compact(-45_600_000), '-45.6M'],
    [compact(7.2e12), '7.20T'],
    [tiny(100), '100'],
    [tiny(0.5), '0.5'],
    [tiny(1500), '1.5k'],
    [tiny(100_000), '100k'],
    [tiny(-12_340), '-12.3k'],
    [percent(0.0312), '3.1%'],
    [percent(0.0049), '0.49%'],
    [percent(1), '100%'],
    [percent(0), '0%'],
    [percent(null), '–'],
    [rate(0.5), '0.5'],
    [rate(99.98), '100.0'],
    [rate(0.001), '<0.01'],
    [rate(null), '–'],
    [money('1234.5', 'EUR'), '1,234.50'],
    [money('123456.7', 'EUR'), '123,457'],
    [money('1234567', 'EUR'), '1.23M'],
    [money(null, 'EUR'), '–'],
    [money('1234', 'JPY'), '1,234'],
    [money('2.51', 'KWD'), '2.510'],
    [bytes(121 * 2 ** 20), '121 MB'],
    [bytes(null), '–'],
    [duration(240), '240ms'],
    [duration(7300), '7.3s'],
    [duration(240_000), '4m'],
    [duration(86_400_000 * 5200), '5,200d'],
  ])('%s', (actual, expected) => expect(actual).toBe(expected));

  it('never take more than their columns', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 9.9e14, noNaN: true }), (value) => {
        expect(compact(value).length).toBeLessThanOrEqual(6);
        expect(tiny(value).length).toBeLessThanOrEqual(5);
      }),
    );
  });

  it('of money have cents in a column together or not at all', () => {
    expect(moneyColumn(['9.5', '1234'], 'EUR')).toEqual(['9.50', '1,234.00']);
    expect(moneyColumn(['31234.5', '9.5'], 'EUR')).toEqual(['31,235', '10']);
  });
});

describe('sparkline and bar', () => {
  it('draw the lowest and the highest as such', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([0, 0, 0], 8)).toBe('▁▁▁');
    expect(sparkline([], 8)).toBe('');
    expect(bar(1, 4)).toBe('████');
    expect(bar(0.5, 4)).toBe('██');
    expect(bar(0.0001, 4)).toBe('▏');
    expect(bar(0, 4)).toBe('');
  });

  it('resample to any width without inventing values beyond the given ones', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 300 }), (given, width) => {
        const shown = resample(given, width);
        expect(shown).toHaveLength(width);
        expect(Math.max(...shown)).toBeLessThanOrEqual(Math.max(...given) * (1 + 1e-9));
        expect(Math.min(...shown)).toBeGreaterThanOrEqual(Math.min(...given) * (1 - 1e-9));
      }),
    );
  });
});

describe('chart', () => {
  it('has the size asked for, whatever the values', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 100 });
    const size = fc.tuple(fc.integer({ min: 20, max: 120 }), fc.integer({ min: 3, max: 20 }));
    fc.assert(
      fc.property(values, size, (given, [width, height]) => {
        const lines = chart(given, { width, height, from: '11:30', to: '12:00', colour: 'cyan' });
        expect(lines).toHaveLength(given.length === 0 ? 1 : height);
        for (const line of lines) expect(lineWidth(line)).toBe(width);
      }),
    );
  });

  it('labels its axis with round numbers from 0 up', () => {
    const lines = chart([10, 90, 50], { width: 12, height: 5, from: 'a', to: 'b', colour: 'cyan' }).map(
      lineText,
    );
    expect(lines.map((line) => line.slice(0, 6))).toEqual(['   90┤', '   60┤', '   30┤', '    0┼', '      ']);
    expect(lines.at(-1)).toBe('      a    b');
  });

  it.each([
    [0, 1],
    [0.7, 0.8],
    [33, 40],
    [100, 100],
    [101, 150],
  ])('rounds a step of %d up to %d', (value, step) => expect(roundStep(value)).toBeCloseTo(step, 9));
});

describe('series', () => {
  it('has a cell for every interval of the window but the one that is still filling', () => {
    for (const [window, count] of [
      ['5m', 29],
      ['30m', 29],
      ['1h', 59],
      ['24h', 23],
      ['7d', 167],
      ['30d', 29],
    ] as const) {
      const { events, from, to, cellMs } = completeCells(statsFixture(window));
      expect(events, window).toHaveLength(count);
      expect(to).toBe(Math.floor(NOW / cellMs) * cellMs);
      expect(from).toBe(to - count * cellMs);
    }
  });

  it('draws intervals without events as zeros at their place in time', () => {
    const stats = statsFixture('30m');
    const series = [stats.series[2]!, stats.series[9]!];
    const { events, from, cellMs } = completeCells({ ...stats, series });
    const times = events.flatMap((count, index) => (count > 0 ? [from + index * cellMs] : []));
    expect(times).toEqual(series.map(({ time }) => Date.parse(time)));
  });

  it('shows the interval that is filling, scaled to its length, while there is nothing else', () => {
    const stats = statsFixture('30m');
    const series = [{ time: '2026-03-01T12:00:00.000Z', events: 500, orders: 1, revenue: '10.00' }];
    const { events, revenue } = completeCells({ ...stats, series });
    expect(events.at(-1)).toBe(6000);
    expect(revenue.at(-1)).toBe(120);
  });

  it('ends with the newest event where that is the basis', () => {
    const stats = statsFixture('all');
    const history = completeCells({ ...stats, asOf: { ...stats.asOf, basis: 'latest-event' } });
    expect(history.to).toBe(Date.UTC(2026, 2, 2));
    expect(history.from).toBe(Date.parse(stats.series[0]!.time));
  });

  it('is a rate in the unit in which the busiest interval has at least one', () => {
    expect(asRate([600, 1200], 60_000)).toEqual({ unit: 's', values: [10, 20] });
    expect(asRate([3, 30], 60_000)).toEqual({ unit: 'min', values: [3, 30] });
    expect(asRate([3], 86_400_000)).toEqual({ unit: 'day', values: [3] });
    expect(asRate([0, 0], 60_000)).toEqual({ unit: 's', values: [0, 0] });
  });

  it('labels cells by what tells them apart', () => {
    const start = Date.UTC(2026, 2, 1, 9, 30);
    expect(cellLabel(start, 10_000, 300_000, 'UTC')).toBe('09:30:00');
    expect(cellLabel(start, 60_000, 1_800_000, 'UTC')).toBe('09:30');
    expect(cellLabel(start, 3_600_000, 7 * 86_400_000, 'UTC')).toBe('03-01 09:30');
    expect(cellLabel(start, 86_400_000, 30 * 86_400_000, 'UTC')).toBe('2026-03-01');
    expect(cellLabel(start, 60_000, 1_800_000, 'Asia/Kolkata')).toBe('15:00');
  });
});

describe('table', () => {
  it('keeps its columns aligned under wide characters', () => {
    const rows = ['plain', '漢字', 'a name that is much too long for its column', '🧘'].map((name) => [
      name,
      '1,234',
    ]);
    const columns = [
      { title: 'Product', width: 'flexible' },
      { title: 'views', width: 7, align: 'right' },
    ] as const;
    const lines = table(columns, rows, 24).map(lineText);
    expect(lines).toEqual([
      'Product            views',
      'plain              1,234',
      '漢字               1,234',
      'a name that is…    1,234',
      '🧘                 1,234',
    ]);
  });
});
