import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Readable } from 'node:stream';
import { EcomError } from '../errors.ts';
import { findInput, type Input, type InputOptions } from '../pipeline/ingest/source.ts';

/** A file to read, as it was named. */
export interface NamedInput {
  readonly file: string;
  readonly input: Input;
}

/**
 * Finds all files before the first of them is read. A pattern that the shell has left alone stands for the files it matches.
 * @throws EcomError `NOT_FOUND`, `INPUT` or `USAGE` where one cannot be read
 */
export async function findInputs(
  names: readonly string[],
  stdin: Readable,
  options: InputOptions,
): Promise<NamedInput[]> {
  const files = (await Promise.all(names.map(matching))).flat();
  if (files.filter((file) => file === '-').length > 1)
    throw new EcomError('USAGE', 'standard input is named twice', { hint: 'name - once' });
  return Promise.all(files.map(async (file) => ({ file, input: await findInput(file, stdin, options) })));
}

/** `*` and `?` in a file's name, as a shell has them; the files in the order of their names. */
async function matching(pattern: string): Promise<string[]> {
  const [folder, name] = [dirname(pattern), basename(pattern)];
  if (!/[*?]/.test(name) || existsSync(pattern)) return [pattern];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = entries
    .filter((entry) => !entry.isDirectory() && matches(entry.name, name))
    .map((entry) => (pattern.includes('/') ? join(folder, entry.name) : entry.name));
  if (found.length > 0) return found.sort();
  throw new EcomError('NOT_FOUND', `no file is called ${pattern}`, {
    hint: '* stands for any letters of a name and ? for one; check with ls',
  });
}

/** Goes back to the last `*` only, so that the work is bounded by the product of the lengths. */
function matches(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  let [at, from] = [0, 0];
  let [star, tried] = [-1, 0];
  while (at < name.length) {
    if (from < pattern.length && pattern[from] === '*') {
      [star, tried] = [from, at];
      from += 1;
    } else if (from < pattern.length && (pattern[from] === '?' || pattern[from] === name[at])) {
      at += 1;
      from += 1;
    } else if (star !== -1) {
      tried += 1;
      [at, from] = [tried, star + 1];
    } else return false;
  }
  return pattern.slice(from).replaceAll('*', '') === '';
}
