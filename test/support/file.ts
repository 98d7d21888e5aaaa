import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from './temp-dir.ts';

/** A file of JSON lines, or of texts as they are, that goes with the test. @returns its path */
export function file(...values: readonly unknown[]): string {
  const path = join(tempDir(), 'in.jsonl');
  const lines = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
