import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { withDataDir } from '../benchmark/harness.ts';
import { type DeadLetter } from '../src/pipeline/document-store/document-store.ts';
import { decodeRecord } from '../src/pipeline/events/decode.ts';
import { readForeign } from '../src/pipeline/events/foreign.ts';
import { chooseFormat, type OpenFormat } from '../src/pipeline/events/formats/choose.ts';
import { Random } from '../src/pipeline/generator/random.ts';
import { ingest } from '../src/pipeline/ingest/ingest.ts';
import { createRecordMaker } from '../src/pipeline/ingest/records.ts';
import { createRowReader, type Row, splitLines } from '../src/pipeline/ingest/rows.ts';
import { findInput } from '../src/pipeline/ingest/source.ts';
import { createProcessor } from '../src/pipeline/processor/processor.ts';
import { allAnswers } from '../test/support/answers.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../test/support/stores.ts';
import { type Corpus, corpora } from './fuzz-lines.ts';
import { type Part } from './harness.ts';
import { mutate } from './mutations.ts';

/** Lines of one source, a file or a stream. */
const SOURCE_LINES = 5000;
/** Bytes that a source is read by: the rows may not depend on where they are cut. */
const CHUNK_BYTES = 7919;
/** A line that is the same as one before. */
const REPEATED = 0.02;

/** What became of lines, added up over all sources. */
interface Counts {
  lines: number;
  blank: number;
  records: number;
  events: number;
  rejected: number;
}

/** Fuzzed lines of all formats through the ingest and the processor: each ends as an event, a duplicate or a dead letter. */
export const fuzzLines: Part = ({ lines, seed }, note) =>
  withDataDir(async ({ dataDir }) => {
    // Which of two shoppers' orders with one id comes first is certain within a partition only.
    const stores = await openStores(configFor(dataDir, { ECOM_PARTITIONS: '1' }));
    try {
      const processor = createProcessor({ ...stores, settings: SETTINGS });
      const counts: Counts = { lines: 0, blank: 0, records: 0, events: 0, rejected: 0 };
      const problems: string[] = [];
      const all = corpora();
      for (let source = 0; counts.lines < lines; source += 1) {
        const corpus = all[source % all.length]!;
        const name = `source ${source} (${corpus.name})`;
        note(`${name}, ${counts.lines} of ${lines} lines`);
        const count = Math.min(SOURCE_LINES, lines - counts.lines);
        const bytes = makeSource(corpus, new Random(`${seed}/${source}`), count);
        const found = await readSource(stores, corpus, bytes, () => processor.step());
        while ((await processor.step()) > 0);
        problems.push(...found.problems.slice(0, 3).map((problem) => `${name}: ${problem}`));
        for (const key of Object.keys(counts) as (keyof Counts)[]) counts[key] += found.counts[key];
      }
      note('looking at what became of them');
      problems.push(...(await checkStores(stores, counts, note)));
      const { freshness, kpis } = (await allAnswers(stores, Date.now()))[0]!;
      const ends = `${kpis.events} events, ${freshness.duplicates} duplicates, ${freshness.rejected} rejected`;
      const line = `${counts.lines} lines: ${counts.blank} blank or header, ${counts.records} records: ${ends}`;
      const most = Math.round(process.resourceUsage().maxRSS / 1024);
      return [{ line: `${line}; at most ${most} MiB`, problems }];
    } finally {
      await stores.close();
    }
  });

function makeSource({ header, line }: Corpus, random: Random, count: number): Buffer {
  const lines: Buffer[] = header === undefined ? [] : [Buffer.from(header)];
  let ends = 0;
  // A source is recognised by its beginning, which is good.
  while (lines.length + ends < Math.min(count, 50)) lines.push(Buffer.from(line(random)));
  while (lines.length + ends < count) {
    const next = random.chance(REPEATED) ? random.pick(lines.slice(1)) : mutate(line(random), random);
    lines.push(next);
    for (const byte of next) if (byte === 10) ends += 1;
  }
  return Buffer.concat(lines.flatMap((text) => [text, Buffer.from('\n')]));
}

/** Ingests a source, and reads it a second time by hand: every line has to be in a row or blank, every row to give a record. */
async function readSource(
  { log }: Stores,
  { choice, header }: Corpus,
  bytes: Buffer,
  afterAppend: () => Promise<unknown>,
): Promise<{ counts: Counts; problems: string[] }> {
  const texts = splitLines(bytes);
  const format = chooseFormat(choice, texts.slice(0, 1).map(String), 'fuzz');
  const rows = readRows(format, bytes);
  const { problems, blank } = checkRows(rows, texts, header !== undefined);
  const makeRecords = createRecordMaker({ format, name: 'fuzz' });
  let records = 0;
  for (const row of rows) {
    const made = makeRecords(row, Date.now()).length;
    if (made === 0) problems.push(`line ${row.line} became no record`);
    records += made;
    if (format.layout === 'json') problems.push(...readFromTopic(format, row));
  }

  const before = await ends(log);
  const result = await ingest({
    log,
    input: await findInput('-', Readable.from([bytes])),
    choice,
    speed: undefined,
    rebase: false,
    clock: Date.now,
    signal: new AbortController().signal,
    afterAppend: async () => void (await afterAppend()),
  });
  const rejected = Object.values(result.rejected).reduce((sum, n) => sum + n, 0);
  const appended = (await ends(log)) - before;
  if (result.lines !== texts.length) problems.push(`${result.lines} of ${texts.length} lines were read`);
  if (result.events + rejected !== records)
    problems.push(`${result.events + rejected} of ${records} records`);
  if (appended !== records) problems.push(`${appended} of ${records} records are in the log`);
  return {
    counts: { lines: texts.length, blank, records, events: result.events, rejected },
    problems,
  };
}

async function ends(log: Stores['log']): Promise<number> {
  return (await log.bounds()).reduce((sum, { end }) => sum + end, 0);
}

function readRows(format: OpenFormat, bytes: Buffer): Row[] {
  const reader = createRowReader(format, 0);
  const rows: Row[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
    for (const block of reader.push(bytes.subarray(at, at + CHUNK_BYTES))) rows.push(...block.rows);
  for (const block of reader.end()) rows.push(...block.rows);
  return rows;
}

/** Whether rows cover all lines but blank ones and the header, each once. */
function checkRows(
  rows: readonly Row[],
  texts: readonly (string | Uint8Array)[],
  header: boolean,
): { problems: string[]; blank: number } {
  const problems: string[] = [];
  let blank = 0;
  let next = 1;
  const skipTo = (line: number): void => {
    for (; next < line; next += 1) {
      blank += 1;
      const text = texts[next - 1]!;
      const isNothing = typeof text === 'string' && text.trim() === '';
      if (!isNothing && !(header && next === 1)) problems.push(`line ${next} is in no row`);
    }
  };
  for (const { line, lastLine } of rows) {
    if (line < next) problems.push(`line ${line} is in two rows`);
    skipTo(line);
    next = lastLine + 1;
  }
  skipTo(texts.length + 1);
  return { problems, blank };
}

/** The same line as a record that others wrote to a topic. */
function readFromTopic(format: Extract<OpenFormat, { layout: 'json' }>, { raw, line }: Row): string[] {
  const isForeign = format.name !== 'native';
  const made = isForeign ? readForeign(raw, { format, source: 'fuzz', id: `0:${line}` }) : [raw];
  for (const value of made) decodeRecord(value, { partition: 0, offset: line, appendedAt: Date.now() });
  return made.length > 0 ? [] : [`line ${line} became no record of a topic`];
}

/** Whether all that was appended is counted and kept, each once, and counts the same again. */
async function checkStores(stores: Stores, counts: Counts, note: (text: string) => void): Promise<string[]> {
  const problems: string[] = [];
  const expect = (what: string, found: number, wanted: number): void => {
    if (found !== wanted) problems.push(`${what}: ${found}, not ${wanted}`);
  };
  const now = Date.now();
  const answers = await allAnswers(stores, now);
  const { freshness, kpis } = answers[0]!;
  expect('received', freshness.received, counts.records);
  expect('events, duplicates and rejected', sumOf(kpis.events, freshness), counts.records);
  expect('backlog', freshness.backlog ?? -1, 0);
  expect('events read back', await countEvents(stores, note), kpis.events);
  const letters = await readLetters(stores);
  expect('dead letters', letters.length, freshness.rejected);
  for (const { reason, detail, source } of letters) {
    if (reason === '' || /[\0-\x1f\x7f-\x9f]/.test(reason + detail + source))
      problems.push(`a dead letter says ${JSON.stringify([reason, detail, source]).slice(0, 200)}`);
  }
  note('counting again');
  const anew = await stores.live.rebuild();
  const again = createProcessor({ ...stores, live: anew.live, settings: SETTINGS, reader: 'again' });
  while ((await again.step()) > 0) note('counting again');
  if (!(await anew.replace())) problems.push('counted again, it ends before what was counted');
  await anew.close();
  const different = differences(await allAnswers(stores, now), answers);
  problems.push(...different.map((path) => `counted again, ${path} differs`));
  return problems;
}

function sumOf(events: number, { duplicates, rejected }: { duplicates: number; rejected: number }): number {
  return events + duplicates + rejected;
}

async function countEvents({ documents, log }: Stores, note: (text: string) => void): Promise<number> {
  let count = 0;
  for (let partition = 0; partition < log.partitions; partition += 1) {
    for (let from = 0; ; ) {
      const { events, next } = await documents.readEvents(partition, from, 5000);
      count += events.length;
      if (next === from) break;
      from = next;
      note(`reading events back: ${count}`);
    }
  }
  return count;
}

async function readLetters({ documents }: Stores): Promise<Omit<DeadLetter, 'bytes'>[]> {
  const found: Omit<DeadLetter, 'bytes'>[] = [];
  for (;;) {
    const after = found.at(-1);
    const letters = await documents.deadLettersAfter(after, 5000);
    if (letters.length === 0) return found;
    for (const { bytes: _, ...letter } of letters) found.push(letter);
  }
}

/** Where two values of JSON differ, the first few places. */
function differences(a: unknown, b: unknown, path = 'stats'): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  const isTree = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null;
  if (!isTree(a) || !isTree(b)) return [`${path} (${JSON.stringify(a)}, ${JSON.stringify(b)})`];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => differences(a[name], b[name], `${path}.${name}`)).slice(0, 8);
}
