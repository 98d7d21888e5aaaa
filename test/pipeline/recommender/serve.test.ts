import { describe, expect, test } from 'vitest';
import { assign } from '../../../src/pipeline/recommender/experiment.ts';
import { PARTS, partOf } from '../../../src/pipeline/recommender/published.ts';
import { DEFAULT_SETTINGS, toSettings } from '../../../src/pipeline/recommender/settings.ts';

test('products are spread over the parts', () => {
  const counts = new Array<number>(PARTS).fill(0);
  for (let i = 0; i < 1600; i += 1) counts[partOf(`product-${i}`)]! += 1;
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(Math.max(...counts)).toBeLessThan(200);
});

describe('an experiment', () => {
  const shoppers = Array.from({ length: 20_000 }, (_, i) => ({ user: `${i}` }));

  test('divides shoppers by shares, each always alike', () => {
    const settings = toSettings({
      holdOut: 0.1,
      arms: [
        { algorithm: 'hybrid', share: 2 },
        { algorithm: 'als', share: 1 },
      ],
    });
    const counts = new Map<string, number>();
    for (const shopper of shoppers) {
      const { arm, algorithm } = assign(shopper, 'auto', settings);
      expect(assign(shopper, 'auto', settings).arm).toBe(arm);
      expect(algorithm).toBe(arm === 'hold-out' ? 'trending' : arm);
      counts.set(arm, (counts.get(arm) ?? 0) + 1);
    }
    const shareOf = (arm: string) => counts.get(arm)! / shoppers.length;
    expect(shareOf('hold-out')).toBeCloseTo(0.1, 1);
    expect(Math.abs(shareOf('hybrid') - 0.6)).toBeLessThan(0.02);
    expect(Math.abs(shareOf('als') - 0.3)).toBeLessThan(0.02);
  });

  test('leaves out whoever is asked for with an algorithm, and sessions of nobody', () => {
    const settings = toSettings({ holdOut: 1 });
    expect(assign({ user: 'u' }, 'als', settings)).toEqual({ arm: 'als', algorithm: 'als' });
    expect(assign({ session: [] }, 'auto', settings).algorithm).toBe('hybrid');
    expect(assign({ user: 'u' }, 'auto', DEFAULT_SETTINGS).algorithm).toBe('hybrid');
  });
});

test('products to ignore are named, or by how they begin', () => {
  const { isIgnored } = toSettings({ ignoreProducts: ['POST', 'gift_*'] });
  expect(['POST', 'gift_0001', 'POSTER', 'a gift_', 'post'].map(isIgnored)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('what a source names no product for is never learnt of', () => {
  expect(DEFAULT_SETTINGS.isIgnored('(not set)')).toBe(true);
  expect(toSettings({ ignoreProducts: ['POST'] }).isIgnored('(not set)')).toBe(true);
});
