import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFile } from '../src/package-root.ts';

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
  const shipped: string[] = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')).files;
  for (const page of named) {
    expect(existsSync(packageFile(page)), page).toBe(true);
    expect(shipped, page).toContain(page.split('/')[0]);
  }
});
