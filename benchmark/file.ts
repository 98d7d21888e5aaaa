import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../src/package-root.ts';
import { FILE_SHAPES, type FileShape } from './file-shapes.ts';
import { type Benchmark, type Figure, withDataDir } from './harness.ts';
import { type Cost, END_AT_OUTPUT, runNode } from './measured-node.ts';

const EVENTS = 1_000_000;

/** What takes the file's lines apart and does nothing else: the least that a program in JavaScript has to do. */
const PARSE_LINES = `
const { openSync, readSync } = require('node:fs');
const { StringDecoder } = require('node:string_decoder');
const [path, layout] = process.argv.slice(1);
const take = layout === 'csv' ? (line) => line.split(',') : JSON.parse;
const file = openSync(path);
const chunk = Buffer.allocUnsafe(1 << 20);
const decoder = new StringDecoder('utf8');
let rest = '';
for (let length; (length = readSync(file, chunk)) > 0; ) {
  const lines = (rest + decoder.write(chunk.subarray(0, length))).split('\\n');
  rest = lines.pop();
  for (const line of lines) take(line);
}
`;

/** Prints `null` where the package is not installed. Nothing of ecom needs it. */
const ASK_DUCKDB = `
const [sql] = process.argv.slice(1);
let duckdb = null;
try { duckdb = require('@duckdb/node-api'); } catch (error) { if (error.code !== 'MODULE_NOT_FOUND') throw error; }
if (duckdb === null) process.stdout.write('null');
else (async () => {
  const connection = await (await duckdb.DuckDBInstance.create(':memory:')).connect();
  process.stdout.write(String((await connection.runAndReadAll(sql)).getRows().length));
})();
`;

/**
 * From a file to its numbers, durably stored: `ecom ingest` in a new data folder, as a user runs it. Beside it, in the same
 * run, what only takes the lines of the same file apart, and DuckDB where that is installed.
 */
export const file: Benchmark = async ({ scale, note, events, shapes = ['generated'] }) => {
  const figures: Figure[] = [];
  for (const name of shapes) {
    const count = Math.max(1, events ?? Math.round(EVENTS * scale * (FILE_SHAPES[name]!.times ?? 1)));
    figures.push(...(await withDataDir(({ dataDir }) => measure(name, count, dataDir, note))));
  }
  return figures;
};

async function measure(
  name: string,
  count: number,
  dataDir: string,
  note: (text: string) => void,
): Promise<Figure[]> {
  const shape = FILE_SHAPES[name]!;
  // Beside the data, which is to be whatever ecom makes of it.
  const path = join(dataDir, `${name}.${shape.layout === 'csv' ? 'csv' : 'jsonl'}`);
  writeLines(path, shape.lines(count));
  note(`${name}: ${count} events, ${(statSync(path).size / 1e6).toFixed(0)} MB`);
  const parsed = await runNode(['-e', PARSE_LINES, path, shape.layout]);
  const duckdb = await runNode(['-e', ASK_DUCKDB, queryOf(shape, path)]);
  const learns = shape.learns !== false;
  const ingested = await ingest(path, join(dataDir, 'shop'), count, learns);
  rmSync(path);

  const parser = shape.layout === 'csv' ? "split(',')" : 'JSON.parse';
  const rate = ({ seconds }: { seconds: number }): number => Math.round(count / seconds);
  const micros = ({ cpuSeconds }: { cpuSeconds: number }): number =>
    Math.round((cpuSeconds / count) * 1e7) / 10;
  const absent = duckdb.stdout === 'null';
  if (absent) note('DuckDB left out: its package @duckdb/node-api is not installed');
  const beside = absent ? '' : `; DuckDB's one query ${rate(duckdb)} events/s, ${micros(duckdb)} µs`;
  const { first } = ingested;
  const learning = learns ? `with learning ${micros(ingested)} µs` : 'without learning';
  note(`${name}: ${rate(first)} events/s, ${micros(first)} µs, ${learning}${beside}`);
  const compare = (title: string, unit: string, value: number, baseline: number, detail?: string): Figure => {
    return {
      name: `${name}, ${title}`,
      value,
      unit,
      baseline,
      ratio: value / baseline,
      ...(detail && { detail }),
    };
  };
  return [
    compare(
      'file to stats',
      'events/s',
      rate(first),
      rate(parsed),
      `${count} events; baseline: ${parser} of every line in bare node${beside}`,
    ),
    compare('CPU, all threads', 'µs/event', micros(first), micros(parsed)),
    ...(learns ? [compare('CPU with learning', 'µs/event', micros(ingested), micros(parsed))] : []),
    compare('peak memory', 'MB', Math.round(ingested.peakMB), Math.round(parsed.peakMB)),
  ];
}

export function writeLines(path: string, lines: Iterable<string>): void {
  const file = openSync(path, 'w');
  let chunk = '';
  for (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < 1 << 20) continue;
    writeSync(file, chunk);
    chunk = '';
  }
  writeSync(file, chunk);
  closeSync(file);
}

async function ingest(path: string, dataDir: string, count: number, learns: boolean): Promise<Cost> {
  const command = (args: string[], env = process.env): Promise<Cost> =>
    runNode([packageFile('bin', 'ecom.js'), ...args, '--data-dir', dataDir], env);
  // For people it tells of the numbers as soon as they are ready, and learns then.
  const cost = await command(
    ['ingest', path],
    learns ? process.env : { ...process.env, [END_AT_OUTPUT]: '1' },
  );
  const { stdout } = await command(['stats', '--window', 'all', '--json']);
  const { kpis } = JSON.parse(stdout) as { kpis: { events: number } };
  // What leaves something out is not fast.
  if (kpis.events !== count) throw new Error(`${kpis.events} of ${count} events of ${path} were counted`);
  return cost;
}

/** Takes apart and adds up all of a file: events and what they are worth, by type. */
function queryOf({ layout }: FileShape, path: string): string {
  const text = `'${path.replaceAll("'", "''")}'`;
  if (layout === 'csv') {
    // Both shapes have a price, by another name.
    return `SELECT count(*), sum(COLUMNS('(?i).*price')::DOUBLE) FROM read_csv(${text}, header = true)`;
  }
  return `SELECT type, count(*), count(DISTINCT coalesce("userId", "anonymousId")), count(DISTINCT "sessionId"),
      sum(list_sum(list_transform(items, item -> item.price * coalesce(item.quantity, 1))))
    FROM read_json(${text}, format = 'newline_delimited', columns = {
      id: 'VARCHAR', type: 'VARCHAR', time: 'BIGINT', "userId": 'VARCHAR', "anonymousId": 'VARCHAR', "sessionId": 'VARCHAR',
      "orderId": 'VARCHAR', items: 'STRUCT("productId" VARCHAR, price DOUBLE, quantity INTEGER)[]'
    }) GROUP BY type`;
}
