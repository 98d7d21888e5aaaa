import { ensureDataDir } from '../config.ts';
import { EcomError, errorCode, errorMessage } from '../errors.ts';
import { readRegularFile } from '../pipe.ts';
import { type EventLog } from '../pipeline/event-log/event-log.ts';
import { type FormatChoice } from '../pipeline/events/formats/choose.ts';
import { FORMAT_NAMES, type FormatName } from '../pipeline/events/formats/format.ts';
import { type IngestProgress } from '../pipeline/ingest/appender.ts';
import { type IngestResult, ingest as ingestSource } from '../pipeline/ingest/ingest.ts';
import { parseSpeed } from '../pipeline/ingest/pace.ts';
import { findInput } from '../pipeline/ingest/source.ts';
import { createPatience } from '../pipeline/patience.ts';
import { type CommandContext } from './context.ts';
import { folderOption, withFolder } from './folder-option.ts';
import { isMixed } from './holdings.ts';
import { withNumbers } from './ingest-numbers.ts';
import { createProgressReporter } from './ingest-progress.ts';
import { ingestSummary, printIngestJson, trainingNote } from './ingest-summary.ts';
import { tell, write } from './output.ts';
import { withSpinner } from './spinner.ts';

export interface IngestOptions {
  readonly format: string;
  readonly map?: string;
  readonly speed: string;
  readonly rebase?: 'now';
  readonly json?: boolean;
}

/**
 * Reads a file's events into the log, tells of it when the numbers are ready, and learns recommendations then.
 * @param file path, or `-` for standard input
 * @throws EcomError where it cannot be read or understood; `INTERRUPTED` on Ctrl-C. What was appended until then stays,
 * and the same command goes on from there
 */
export async function ingest(context: CommandContext, file: string, options: IngestOptions): Promise<void> {
  const { config, stdin, stdout, stderr, signal } = context;
  const started = performance.now();
  const speed = readSpeed(options.speed);
  const choice = await readChoice(options);
  const input = await findInput(file, stdin);
  ensureDataDir(config);
  const progress = createProgressReporter(stderr);
  const limitMs = config.patienceSeconds * 1000;
  const patience = createPatience({ limitMs, signal, say: progress.note });
  await withNumbers(config, signal, patience, async (stores, numbers) => {
    const log: EventLog = {
      ...stores.log,
      append: (records, progress, before) => patience(() => stores.log.append(records, progress, before)),
      progress: (source) => patience(() => stores.log.progress(source)),
    };
    let last: IngestProgress | undefined;
    let result: IngestResult;
    try {
      result = await ingestSource({
        log,
        input,
        choice,
        speed,
        rebase: options.rebase === 'now',
        clock: Date.now,
        signal,
        onStart: (start) => progress.start(start, choice.format === 'auto'),
        onProgress(now) {
          last = now;
          progress.update(now);
        },
        afterAppend: numbers.afterAppend,
      });
    } catch (error) {
      progress.stop();
      if (signal.aborted) throw interrupted(last);
      // The part of the file that could be read counts.
      if (last !== undefined && error instanceof EcomError && error.code === 'INPUT') {
        await numbers.finish();
        await numbers.learn(true);
      }
      throw gaveUp(error, last);
    }
    progress.stop();
    const unlessStopped = async <T>(work: Promise<T>): Promise<T> => {
      const done = await work.catch((error: unknown) => {
        throw signal.aborted ? interrupted(last) : gaveUp(error, last);
      });
      if (signal.aborted) throw interrupted(last);
      return done;
    };
    await unlessStopped(numbers.finish());
    const folder = folderOption(config);
    if (result.events > 0 && (await isMixed(stores.live))) tell(stderr, mixed(folder));
    // The numbers are what one waits for: learning from them takes as long again.
    const seconds = (performance.now() - started) / 1000;
    if (!options.json) await write(stdout, ingestSummary(result, seconds, options.rebase === 'now', folder));
    const training = await unlessStopped(
      withSpinner(context, 'learning', () => numbers.learn(result.lines > 0)),
    );
    await write(stderr, withFolder(trainingNote(training), config));
    if (options.json) await printIngestJson(stdout, file, result, training, seconds, config.dataDir);
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
