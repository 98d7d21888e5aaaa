import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of a file of this package, wherever the bundler has put the code that asks. */
export function packageFile(...path: string[]): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir);
  // biome-ignore lint/plugin: parts of a path that the code names
  return join(dir, ...path);
}
