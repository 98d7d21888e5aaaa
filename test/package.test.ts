import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFile } from '../src/package-root.ts';
import { DRIVERS } from '../src/pipeline/sqlite/driver.ts';

const manifest = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
  files: string[];
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

test('what is loaded and not bundled is installed with it, and nothing else', () => {
  const src = packageFile('src');
  const loaded = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [...readFileSync(join(src, name), 'utf8').matchAll(/\brequire\('([a-z@][^':]*)'\)/g)])
    .map(([, name]) => name!);
  const drivers = DRIVERS.filter((name) => name !== 'node');
  const installed = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  expect(installed.sort()).toEqual([...new Set([...loaded, ...drivers])].sort());
});

test('every page that a hint names is there, and is shipped', () => {
  const src = packageFile('src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tsx?$/.test(name),
  );
  const named = files.flatMap((name) => {
    const text = readFileSync(join(src, name), 'utf8');
    return [...text.matchAll(/\b(docs\/[\w-]+\.md|[A-Z]+\.md)\b/g)].map(([page]) => page);
  });
  expect(new Set(named)).toContain('docs/formats.md');
  const shipped = manifest.files;
  for (const page of named) {
    expect(existsSync(packageFile(page)), page).toBe(true);
    expect(shipped, page).toContain(page.split('/')[0]);
  }
});
