import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from './support/temp-dir.ts';

const REFUSED = [
  'export const a = (list: number[]) => Math.max(...list);',
  'export const b = (list: number[]) => Math.max(0, ...list, 1);',
  'export const c = (to: number[], list: number[]) => to.push(...list.map(Number));',
  'export const d = (list: number[]) => String.fromCharCode?.(...list);',
  'export const e = (list: number[][]) => ([] as number[]).concat(...list);',
  'export const f = (list: [string, string][][]) => new Map<string, string>(...list);',
  'export const g = (list: number[]) => Math.max.apply(undefined, list);',
  'export const h = (list: number[]) => Reflect.apply(Math.max, undefined, list);',
];
const ALLOWED = [
  'export const i = (list: number[]) => [...list, ...list];',
  'export const j = (one: object, take: (one: object, all: object[]) => void) => take({ ...one }, [...[one]]);',
  'export const k = (change: object, store: { apply(change: object): void }) => store.apply(change);',
  '// biome-ignore lint/plugin: a pair',
  'export const l = (pair: [number, number]) => Math.max(...pair);',
];

test('lint refuses lists as arguments, unless somebody says why', () => {
  const dir = tempDir();
  const { overrides } = JSON.parse(readFileSync('biome.json', 'utf8'));
  const rule = overrides.find(({ includes }: { includes: string[] }) => includes.includes('src/**'));
  const plugins = rule.plugins.map((plugin: string) => resolve(plugin));
  writeFileSync(join(dir, 'biome.json'), JSON.stringify({ plugins }));
  writeFileSync(join(dir, 'lines.ts'), `${[...REFUSED, ...ALLOWED].join('\n')}\n`);
  const biome = resolve('node_modules/.bin/biome');
  const { status, stderr } = spawnSync(biome, ['lint', '--max-diagnostics=100', '.'], {
    cwd: dir,
    encoding: 'utf8',
  });
  const lines = [...stderr.matchAll(/lines\.ts:(\d+):/g)].map(([, line]) => Number(line));
  expect(lines.sort((a, b) => a - b)).toEqual(REFUSED.map((_, i) => i + 1));
  expect(status).toBe(1);
});
