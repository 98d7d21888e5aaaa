import { describe, expect, it } from 'vitest';
import { SORT_KEYS, WINDOW_LABELS } from '../../src/pipeline/stats/types.ts';
import { addReading, change, course, type Reading, readingOf } from '../../src/tui/readings.ts';
import { type DashboardState, type KeyPress, naturalSort, pressKey, withModel } from '../../src/tui/state.ts';
import { modelFixture, NOW, stateFixture, statsFixture } from './stats-fixture.ts';

const NO_KEY: KeyPress = { input: '', ctrl: false, escape: false, left: false, right: false };

function press(state: DashboardState, ...keys: (string | Partial<KeyPress>)[]): DashboardState {
  return keys.reduce<DashboardState>((before, key) => {
    const effect = pressKey(before, { ...NO_KEY, ...(typeof key === 'string' ? { input: key } : key) });
    if (typeof effect === 'string') throw new Error(`${JSON.stringify(key)} means ${effect}`);
    return effect;
  }, state);
}

describe('keys', () => {
  it('go through the windows and round', () => {
    const state = stateFixture({ window: '5m' });
    const seen = WINDOW_LABELS.map((_, count) => press(state, ...Array(count).fill('w')).window);
    expect(seen).toEqual(WINDOW_LABELS);
    expect(press(state, { left: true }).window).toBe('all');
    expect(press(state, { right: true }).window).toBe('30m');
    expect(press(state, { left: true }, { right: true }).window).toBe('5m');
  });

  it('pick a window by number; a number without one does nothing', () => {
    WINDOW_LABELS.forEach((label, index) => {
      expect(press(stateFixture(), String(index + 1)).window).toBe(label);
    });
    const state = stateFixture();
    expect(press(state, '9', '0', 'x')).toEqual(state);
  });

  it('change between recommendations and the top products', () => {
    expect(press(stateFixture(), 'r').recommendations).toBe(true);
    expect(press(stateFixture(), 'r', 'r').recommendations).toBe(false);
  });

  it('go through the orders of the lists from the one in effect', () => {
    const state = stateFixture({ sort: undefined });
    expect(naturalSort(statsFixture())).toBe('revenue');
    const seen = SORT_KEYS.map((_, count) => press(state, ...Array(count + 1).fill('s')).sort);
    expect(seen).toEqual([...SORT_KEYS.slice(1), 'revenue']);
  });

  it('open and close the help', () => {
    expect(press(stateFixture(), '?').help).toBe(true);
    expect(press(stateFixture(), '?', '?').help).toBe(false);
    expect(press(stateFixture(), '?', { escape: true }).help).toBe(false);
    expect(press(stateFixture(), '?', 'w')).toMatchObject({ help: true, window: '1h' });
  });

  it('quit and redraw', () => {
    expect(pressKey(stateFixture(), { ...NO_KEY, input: 'q' })).toBe('quit');
    expect(pressKey(stateFixture({ help: true }), { ...NO_KEY, input: 'q' })).toBe('quit');
    expect(pressKey(stateFixture(), { ...NO_KEY, input: 'c', ctrl: true })).toBe('quit');
    expect(pressKey(stateFixture(), { ...NO_KEY, input: 'l', ctrl: true })).toBe('redraw');
    expect(pressKey(stateFixture(), { ...NO_KEY, input: 'w', ctrl: true })).toEqual(stateFixture());
  });
});

describe('a model', () => {
  it('ends a problem and is remembered as a reading, of its own window only', () => {
    const before = stateFixture({ problem: 'locked', readings: [] });
    const first = withModel(before, modelFixture('30m'), NOW);
    expect(first).toMatchObject({ problem: undefined, readAt: NOW });
    const second = withModel(first, modelFixture('30m', NOW + 3000, 1.1), NOW + 3000);
    expect(second.readings.map(({ at }) => at)).toEqual([NOW, NOW + 3000]);
    const other = withModel(second, modelFixture('1h'), NOW + 6000);
    expect(other.readings.map(({ at }) => at)).toEqual([NOW + 6000]);
  });

  it('is ordered by what its products have', () => {
    const { topProducts } = statsFixture();
    const without = (...keys: ('revenue' | 'units' | 'carts')[]) => ({
      topProducts: topProducts.map((product) => ({
        ...product,
        ...Object.fromEntries(keys.map((key) => [key, key === 'revenue' ? '0.00' : 0])),
      })),
    });
    expect(naturalSort(without('revenue'))).toBe('units');
    expect(naturalSort(without('revenue', 'units'))).toBe('carts');
    expect(naturalSort(without('revenue', 'units', 'carts'))).toBe('views');
    expect(naturalSort({ topProducts: [] })).toBe('views');
  });
});

describe('readings', () => {
  const at = (seconds: number, orders: number): Reading => ({
    ...readingOf(statsFixture(), NOW + seconds * 1000),
    orders,
  });

  it('are kept at a distance, and old ones are forgotten', () => {
    let readings: readonly Reading[] = [];
    for (let ms = 0; ms < 600_000; ms += 450) readings = addReading(readings, statsFixture(), NOW + ms);
    expect(readings).toHaveLength(150);
    const gaps = readings.slice(1).map((reading, index) => reading.at - readings[index]!.at);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2000);
  });

  it('tell a change within the last minute, or since the first where that is younger', () => {
    const readings = [at(0, 100), at(20, 110), at(40, 130), at(60, 160)];
    expect(change(readings, at(3, 101), 'orders')).toBeUndefined();
    expect(change(readings, at(30, 125), 'orders')).toBe(25);
    expect(change(readings, at(81, 170), 'orders')).toBe(60);
    expect(change([], at(0, 1), 'orders')).toBeUndefined();
  });

  it('have no change where a ratio has no value', () => {
    const none = { ...at(0, 1), conversion: null };
    expect(change([none], at(30, 2), 'conversion')).toBeUndefined();
    expect(change([at(0, 1)], { ...at(30, 2), conversion: null }, 'conversion')).toBeUndefined();
  });

  it('show a course only once it moves', () => {
    expect(course([at(0, 1), at(2, 1), at(4, 1)], 'orders')).toEqual([]);
    expect(course([at(0, 1), at(2, 1), at(4, 2)], 'orders')).toEqual([1, 1, 2]);
  });
});
