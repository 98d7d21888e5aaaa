import { ensureDataDir } from '../config.ts';
import { EcomError, errorCode, errorMessage } from '../errors.ts';
import { readRegularFile } from '../pipe.ts';
import { type FormatChoice } from '../pipeline/events/formats/choose.ts';
import { FORMAT_NAMES, type FormatName } from '../pipeline/events/formats/format.ts';
import { type IngestResult } from '../pipeline/ingest/ingest.ts';
import { parseSpeed } from '../pipeline/ingest/pace.ts';
import { type InputOptions } from '../pipeline/ingest/source.ts';
import { createPatience, type Patience } from '../pipeline/patience.ts';
import { type CommandContext } from './context.ts';
import { folderOption, withFolder } from './folder-option.ts';
import { duplicatesIn, isMixed } from './holdings.ts';
import { findInputs, type NamedInput } from './ingest-files.ts';
import { withNumbers } from './ingest-numbers.ts';
import { rejectedLines } from './ingest-progress.ts';
import { createFileReader, type FileReader } from './ingest-reader.ts';
import {
  duplicatesNote,
  ingestSummary,
  nextStep,
  ordersSummary,
  printIngestJson,
  trainingNote,
} from './ingest-summary.ts';
import { moreOrders, readOrderCounts } from './order-notes.ts';
import { tell, write } from './output.ts';
import { withSpinner } from './spinner.ts';

export interface IngestOptions {
  readonly format: string;
  readonly map?: string;
  readonly speed: string;
  readonly rebase?: 'now';
  readonly json?: boolean;
  readonly follow?: boolean;
}

/** What became of one file. */
interface Ingested {
  readonly file: string;
  readonly result: IngestResult;
  readonly seconds: number;
}

/**
 * Reads the events of files into the log, tells of it when the numbers are ready, and learns recommendations then. A file that turns
 * out to be unreadable keeps the others from nothing.
 * @param files paths, or patterns, or `-` for standard input
 * @throws EcomError where one cannot be read or understood; `INTERRUPTED` on Ctrl-C. What was appended until then stays,
 * and the same command goes on from there
 */
export async function ingest(
  context: CommandContext,
  files: readonly string[],
  options: IngestOptions,
): Promise<void> {
  const { config, stdin, stdout, stderr, signal } = context;
  const rebase = options.rebase === 'now';
  const choice = await readChoice(options, config.layout.timeZone);
  const reader = createFileReader(context, { choice, speed: readSpeed(options.speed), rebase });
  const warn = (text: string): void => reader.note(`warning: ${text}`);
  const encoding = choice.map?.encoding;
  if (options.follow) return follow(context, files, options, reader, { warn, encoding });
  const inputs = await findInputs(files, stdin, { warn, encoding });
  ensureDataDir(config);
  const patience = patienceOf(context, reader);
  await withNumbers(config, signal, patience, async (stores, numbers) => {
    const before = await patience(() => duplicatesIn(stores.live));
    const ordersBefore = await patience(() => readOrderCounts(stores.live));
    const done: Ingested[] = [];
    const failures: EcomError[] = [];
    const unlessStopped = async <T>(work: Promise<T>): Promise<T> => {
      const result = await work.catch((error: unknown) => {
        throw reader.failure(error);
      });
      if (signal.aborted) throw reader.failure(signal.reason);
      return result;
    };
    for (const { file, input } of inputs) {
      const started = performance.now();
      try {
        const result = await reader.read(input, stores.log, numbers, patience);
        // The last one waits for the numbers of all.
        if (input === inputs.at(-1)?.input) await unlessStopped(numbers.finish());
        done.push({ file, result, seconds: (performance.now() - started) / 1000 });
      } catch (error) {
        if (signal.aborted || !(error instanceof EcomError) || error.code !== 'INPUT')
          throw reader.failure(error);
        failures.push(error);
        if (inputs.length > 1) reader.note(`error: ${error.message}`);
      }
    }
    if (failures.length > 0) {
      if (done.length === 0 && !reader.changed()) throw failureOf(failures, inputs.length);
      // The part of a file that could be read counts.
      await unlessStopped(numbers.finish());
    }
    const duplicates = (await patience(() => duplicatesIn(stores.live))) - before;
    const folder = folderOption(config);
    if (done.some(({ result }) => result.events > 0) && (await isMixed(stores.live)))
      tell(stderr, mixed(folder));
    // The numbers are what one waits for: learning from them takes as long again.
    const orders = moreOrders(await patience(() => readOrderCounts(stores.live)), ordersBefore);
    if (!options.json) {
      for (const { result, seconds } of done)
        await write(stdout, ingestSummary(result, seconds, rebase, folder));
      if (done.length > 0) {
        const lines = done.reduce(
          (sum, { result }) => sum + result.events + rejectedLines(result.rejected),
          0,
        );
        await write(stdout, duplicatesNote(duplicates, lines) + ordersSummary(orders) + nextStep(folder));
      }
    }
    const learning = withSpinner(context, 'learning', () => numbers.learn(reader.changed()));
    const training = await unlessStopped(learning);
    await write(stderr, withFolder(trainingNote(training), config));
    if (options.json) {
      for (const { file, result, seconds } of done)
        await printIngestJson(
          stdout,
          file,
          { ...result, duplicates },
          training,
          seconds,
          config.dataDir,
          orders,
          inputs.length > 1,
        );
    }
    if (failures.length > 0) throw failureOf(failures, inputs.length);
  });
}

/** Reads a file and whatever is written to it, and the files that take its name, until the signal aborts. */
async function follow(
  context: CommandContext,
  files: readonly string[],
  options: IngestOptions,
  reader: FileReader,
  how: Pick<InputOptions, 'warn' | 'encoding'>,
): Promise<void> {
  const { config, stdin, signal } = context;
  if (files.length > 1 || options.rebase !== undefined || options.speed !== 'max') {
    throw new EcomError('USAGE', '--follow takes one file, and neither --rebase nor --speed', {
      hint: 'follow each file by a command of its own',
    });
  }
  const [{ input }] = (await findInputs(files, stdin, { ...how, follow: true })) as [NamedInput];
  ensureDataDir(config);
  const patience = patienceOf(context, reader);
  await withNumbers(config, signal, patience, async (stores, numbers) => {
    while (!signal.aborted) {
      try {
        const result = await reader.read(input, stores.log, numbers, patience);
        reader.note(`${result.name}: another file has its name, or it begins anew`);
      } catch (error) {
        if (!signal.aborted) throw reader.failure(error);
      }
    }
    const came = reader.appended();
    reader.note(
      `stopped${came === '' ? '' : ` after ${came}`}; the same command goes on from there${reader.changed() ? ', ecom train learns from what came' : ''}`,
    );
  });
}

function patienceOf({ config, signal }: CommandContext, reader: FileReader): Patience {
  return createPatience({ limitMs: config.patienceSeconds * 1000, signal, say: reader.note });
}

function failureOf(failures: readonly EcomError[], files: number): EcomError {
  if (files === 1) return failures[0]!;
  return new EcomError('INPUT', `${failures.length} of ${files} files could not be read to their end`, {
    hint: 'each is named above; what could be read is ingested, and running again goes on from there',
  });
}

function mixed(folder: string): string {
  return `note: simulated events are counted together with others here; ecom stats${folder} tells their share, ecom reset${folder} empties the data folder`;
}

function readSpeed(text: string): number | undefined {
  const speed = parseSpeed(text);
  if (!Number.isNaN(speed)) return speed;
  throw new EcomError('USAGE', `--speed is '${text}'`, {
    hint: 'use max, or a multiple of real time such as 60x',
  });
}

/** @param timeZone of times that name none, where a map names none either */
async function readChoice({ format, map }: IngestOptions, timeZone: string): Promise<FormatChoice> {
  const known = ['auto', ...FORMAT_NAMES];
  if (!known.includes(format)) {
    throw new EcomError('USAGE', `there is no format '${format}'`, {
      hint: `use one of: ${known.join(', ')}`,
    });
  }
  if (map === undefined) return { format: format as FormatName | 'auto' };
  if (format !== 'auto' && format !== 'csv') {
    throw new EcomError('USAGE', `--map describes the file, and --format says ${format}`, {
      hint: 'leave out one of them',
    });
  }
  let text: string;
  try {
    text = readRegularFile(map);
  } catch (error) {
    if (error instanceof EcomError) throw error;
    const missing = errorCode(error) === 'ENOENT';
    throw new EcomError(
      missing ? 'NOT_FOUND' : 'INPUT',
      missing ? `there is no map file ${map}` : `${map} cannot be read: ${errorMessage(error)}`,
      { hint: 'docs/formats.md describes the file, with an example' },
    );
  }
  const { parseCsvMap } = await import('../pipeline/events/formats/csv-map.ts');
  return { format: 'csv', map: parseCsvMap(text, map, timeZone) };
}
