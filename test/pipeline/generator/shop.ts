import {
  createGenerator,
  type GeneratedRecord,
  type GeneratorOptions,
} from '../../../src/pipeline/generator/generator.ts';

/** 2026-01-05, a Monday, at midnight. */
export const START = Date.UTC(2026, 0, 5);

export const DEFAULTS: GeneratorOptions = {
  seed: 'test',
  rate: 100,
  start: START,
  dirty: 0,
  rhythm: 'flat',
  currency: 'EUR',
};

/** The first records of a simulated shop. */
export function generate(count: number, options: Partial<GeneratorOptions> = {}): GeneratedRecord[] {
  const generator = createGenerator({ ...DEFAULTS, ...options });
  return Array.from({ length: count }, () => generator.next());
}

/** Counts by key. */
export function countBy<T>(values: Iterable<T>, key: (value: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(key(value), (counts.get(key(value)) ?? 0) + 1);
  return counts;
}
