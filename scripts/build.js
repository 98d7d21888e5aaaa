// Builds the program into dist, or into the folder that is named, and says so in one line: whoever installs ecom need not
// read about every file. The line also tells the SQLite driver, which npm leaves out in silence where it cannot be built.
import { createRequire } from 'node:module';
import { build } from 'rolldown';
import { main, reading, start } from '../rolldown.config.js';
import './build-kernels.js';

const require = createRequire(import.meta.url);
const [dir = reading.output.dir] = process.argv.slice(2);
const started = performance.now();
const write = async (config, cleanDir = false) =>
  (await build({ ...config, logLevel: 'warn', output: { ...config.output, dir, cleanDir } })).output;
const first = await write(reading, true);
const name = first[0].fileName;
const output = [...first, ...(await write(start(name))), ...(await write(main(name)))];
const bytes = output.reduce((sum, file) => sum + (file.type === 'chunk' ? file.code.length : 0), 0);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(`built ${dir}: ${(bytes / 1e6).toFixed(1)} MB in ${seconds} s; SQLite by ${driver()}\n`);

function driver() {
  try {
    // Node warns that it may still change.
    process.removeAllListeners('warning');
    // A Node that says whether a transaction is open: its SQLite can be used.
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    if (new DatabaseSync(':memory:').isTransaction === false) return 'node';
  } catch {
    // It has none.
  }
  try {
    new (require('better-sqlite3'))(':memory:').close();
    return 'better-sqlite3';
  } catch {
    return 'libsql, because better-sqlite3 could not be built here: slower, otherwise the same';
  }
}
