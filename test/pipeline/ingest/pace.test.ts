import { describe, expect, test } from 'vitest';
import { createPace, parseSpeed } from '../../../src/pipeline/ingest/pace.ts';

const NOW = 1_000_000;

describe('the pace of a replay', () => {
  test('as fast as it goes, times stay', () => {
    const pace = createPace({ speed: undefined, rebase: false, clock: () => NOW });
    expect(pace.shift).toBeUndefined();
    expect(pace.wait(5)).toBe(0);
  });

  test('rebased, the newest event happens now and the distances stay', () => {
    const pace = createPace({ speed: undefined, rebase: true, newest: 700, clock: () => NOW });
    expect([700, 600].map((time) => pace.shift!(time))).toEqual([NOW, NOW - 100]);
    expect(pace.wait(NOW)).toBe(0);
  });

  test('with a speed, an event waits for its distance from the first, divided by the speed', () => {
    let now = NOW;
    const pace = createPace({ speed: 60, rebase: false, clock: () => now });
    expect(pace.wait(5_000)).toBe(0);
    expect(pace.wait(65_000)).toBe(1000);
    now += 400;
    expect(pace.wait(65_000)).toBe(600);
    expect(pace.wait(0)).toBeLessThan(0);
  });

  test('with a speed and rebased, an event happens when it is due', () => {
    let now = NOW;
    const pace = createPace({ speed: 60, rebase: true, clock: () => now });
    expect(pace.shift!(5_000)).toBe(NOW);
    now += 100;
    expect(pace.shift!(65_000)).toBe(NOW + 1000);
    expect(pace.wait(pace.shift!(65_000))).toBe(900);
  });
});

test('parseSpeed', () => {
  expect(['max', '60x', '1X', '0.5x', '10'].map(parseSpeed)).toEqual([undefined, 60, 1, 0.5, 10]);
  for (const text of ['', 'x', '0x', '-1x', 'fast', '1e3x']) expect(parseSpeed(text)).toBeNaN();
});
