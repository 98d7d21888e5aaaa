import { ensureDataDir } from '../config.ts';
import { EcomError, errorCode, errorMessage } from '../errors.ts';
import { readRegularFile } from '../pipe.ts';
import { type EventLog } from '../pipeline/event-log/event-log.ts';
import { type FormatChoice } from '../pipeline/events/formats/choose.ts';
import { FORMAT_NAMES, type FormatName } from '../pipeline/events/formats/format.ts';
import { type IngestProgress } from '../pipeline/ingest/appender.ts';
import { type IngestResult, ingest as ingestSource } from '../pipeline/ingest/ingest.ts';
import { parseSpeed } from '../pipeline/ingest/pace.ts';
import { type Input } from '../pipeline/ingest/source.ts';
import { createPatience } from '../pipeline/patience.ts';
import { type CommandContext } from './context.ts';
import { folderOption, withFolder } from './folder-option.ts';
import { isMixed } from './holdings.ts';
import { findInputs } from './ingest-files.ts';
import { withNumbers } from './ingest-numbers.ts';
import { createProgressReporter } from './ingest-progress.ts';
import { ingestSummary, nextStep, printIngestJson, trainingNote } from './ingest-summary.ts';
import { tell, write } from './output.ts';
import { withSpinner } from './spinner.ts';

export interface IngestOptions {
  readonly format: string;
  readonly map?: string;
  readonly speed: string;
  readonly rebase?: 'now';
  readonly json?: boolean;
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
  const speed = readSpeed(options.speed);
  const rebase = options.rebase === 'now';
  const choice = await readChoice(options);
  let progress = createProgressReporter(stderr);
  const note = (text: string): void => progress.note(text);
  const inputs = await findInputs(files, stdin, (text) => note(`warning: ${text}`));
  ensureDataDir(config);
  const limitMs = config.patienceSeconds * 1000;
  const patience = createPatience({ limitMs, signal, say: note });
  await withNumbers(config, signal, patience, async (stores, numbers) => {
    const log: EventLog = {
      ...stores.log,
      append: (records, progress, before) => patience(() => stores.log.append(records, progress, before)),
      progress: (source) => patience(() => stores.log.progress(source)),
    };
    let last: IngestProgress | undefined;
    let changed = false;
    const done: Ingested[] = [];
    const failures: EcomError[] = [];

    async function read(input: Input): Promise<IngestResult> {
      last = undefined;
      progress = createProgressReporter(stderr);
      try {
        return await ingestSource({
          log,
          input,
          choice,
          speed,
          rebase,
          clock: Date.now,
          signal,
          onStart: (start) => progress.start(start, choice.format === 'auto'),
          onProgress(now) {
            last = now;
            changed = true;
            progress.update(now);
          },
          afterAppend: numbers.afterAppend,
        });
      } finally {
        progress.stop();
      }
    }

    async function readAll(): Promise<void> {
      for (const { file, input } of inputs) {
        const started = performance.now();
        try {
          const result = await read(input);
          changed ||= result.lines > 0;
          // The last one waits for the numbers of all.
          if (input === inputs.at(-1)?.input) await unlessStopped(numbers.finish());
          done.push({ file, result, seconds: (performance.now() - started) / 1000 });
        } catch (error) {
          if (signal.aborted) throw interrupted(last);
          if (!(error instanceof EcomError) || error.code !== 'INPUT') throw gaveUp(error, last);
          failures.push(error);
          if (inputs.length > 1) note(`error: ${error.message}`);
        }
      }
    }
    const unlessStopped = async <T>(work: Promise<T>): Promise<T> => {
      const result = await work.catch((error: unknown) => {
        throw signal.aborted ? interrupted(last) : gaveUp(error, last);
      });
      if (signal.aborted) throw interrupted(last);
      return result;
    };
    await readAll();
    // The part of a file that could be read counts.
    if (failures.length > 0 && changed) await unlessStopped(numbers.finish());
    if (failures.length > 0 && done.length === 0 && !changed) throw failureOf(failures, inputs.length);
    const folder = folderOption(config);
    if (done.some(({ result }) => result.events > 0) && (await isMixed(stores.live)))
      tell(stderr, mixed(folder));
    // The numbers are what one waits for: learning from them takes as long again.
    if (!options.json) {
      for (const { result, seconds } of done)
        await write(stdout, ingestSummary(result, seconds, rebase, folder));
      if (done.length > 0) await write(stdout, nextStep(folder));
    }
    const training = await unlessStopped(withSpinner(context, 'learning', () => numbers.learn(changed)));
    await write(stderr, withFolder(trainingNote(training), config));
    if (options.json) {
      for (const { file, result, seconds } of done)
        await printIngestJson(stdout, file, result, training, seconds, config.dataDir, inputs.length > 1);
    }
    if (failures.length > 0) throw failureOf(failures, inputs.length);
  });
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

function interrupted(progress: IngestProgress | undefined): EcomError {
  return new EcomError('INTERRUPTED', 'interrupted', { hint: whatIsSafe(progress) });
}

/** What failed for a server that is away leaves something to go on from; anything else stays as it is. */
function gaveUp(error: unknown, progress: IngestProgress | undefined): unknown {
  if (!(error instanceof EcomError) || error.code !== 'UNAVAILABLE') return error;
  return new EcomError('UNAVAILABLE', error.message, { hint: whatIsSafe(progress), cause: error });
}

function whatIsSafe(progress: IngestProgress | undefined): string {
  const lines = (progress?.lines ?? 0).toLocaleString('en-US');
  return `stopped after ${lines} new lines, which are safe; run the same command again to go on from there`;
}

function readSpeed(text: string): number | undefined {
  const speed = parseSpeed(text);
  if (!Number.isNaN(speed)) return speed;
  throw new EcomError('USAGE', `--speed is '${text}'`, {
    hint: 'use max, or a multiple of real time such as 60x',
  });
}

async function readChoice({ format, map }: IngestOptions): Promise<FormatChoice> {
  const known = ['auto', ...FORMAT_NAMES];
  if (!known.includes(format)) {
    throw new EcomError('USAGE', `there is no format '${format}'`, {
      hint: `use one of: ${known.join(', ')}`,
    });
  }
  if (map === undefined) return { format: format as FormatName | 'auto' };
  if (format !== 'auto' && format !== 'csv') {
    throw new EcomError('USAGE', `--map describes a CSV, and --format says ${format}`, {
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
  return { format: 'csv', map: parseCsvMap(text, map) };
}
