import { isUtf8 } from 'node:buffer';
import { type Config } from '../config.ts';
import { EcomError } from '../errors.ts';
import { greatest } from '../extremes.ts';
import {
  type DeadLetter,
  type DocumentStore,
  type Place,
} from '../pipeline/document-store/document-store.ts';
import { openDocumentStore } from '../pipeline/document-store/open.ts';
import { writeJson } from '../pipeline/events/foreign.ts';
import { stripControls } from '../pipeline/events/text.ts';
import { openLiveStore } from '../pipeline/live-store/open.ts';
import { COLUMNS } from '../pipeline/metrics/columns.ts';
import { visibleText } from '../visible-text.ts';
import { type CommandContext } from './context.ts';
import { withFolder } from './folder-option.ts';
import { printJson, write } from './output.ts';
import { requireData } from './require-data.ts';
import { openTarget } from './target.ts';

export interface ListOptions {
  readonly reason?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** Prints the reasons for which lines were rejected, with counts, and the newest of them. */
export async function list({ config, stdout }: CommandContext, options: ListOptions): Promise<void> {
  const { reasons, letters, cleared } = await withDocuments(config, async (documents) => ({
    reasons: await documents.deadLetterReasons(),
    letters: await documents.deadLetters({ reason: options.reason, limit: options.limit }),
    cleared: await documents.clearedDeadLetters(),
  }));
  const truncated = await countTruncated(config);
  if (options.json) {
    const total = reasons.reduce((sum, { count }) => sum + count, 0);
    await printJson(stdout, {
      schema: 'ecom.dead-letters/1',
      total,
      reasons,
      letters: letters.map(listed),
      truncated,
      cleared,
    });
  } else {
    await write(stdout, withFolder(listText(reasons, letters, options.reason), config));
    if (cleared > 0) await write(stdout, `${clearedText(cleared)}: they are counted, without their bytes\n`);
    if (truncated > 0) await write(stdout, truncatedText(truncated));
  }
}

function clearedText(count: number): string {
  const letters = count === 1 ? 'dead letter is' : 'dead letters are';
  return `${count.toLocaleString('en-US')} ${letters} no longer kept whole`;
}

/** Events that are counted, and lost what an event does not hold. */
async function countTruncated(config: Config): Promise<number> {
  const live = await openLiveStore(config);
  try {
    const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }] });
    return Number(tallies[0]!.totals.get(COLUMNS.truncated) ?? 0);
  } finally {
    await live.close();
  }
}

function truncatedText(count: number): string {
  const events = count === 1 ? 'event was' : 'events were';
  return `${count.toLocaleString('en-US')} ${events} truncated: counted, without fields that no event has or what is beyond the bounds\n`;
}

/**
 * Prints one dead letter with its original bytes.
 * @param id partition:offset, and :index of one of several events in a record
 */
export async function show(
  { config, stdout }: CommandContext,
  id: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const place = placeIn(id);
  if (place === undefined) {
    throw new EcomError('USAGE', `'${stripControls(id)}' is no id of a dead letter`, {
      hint: 'ids are partition:offset or partition:offset:index, such as 0:1234, as ecom dead-letters list shows them',
    });
  }
  const letter = await withDocuments(config, (documents) => documents.deadLetter(place));
  if (letter === undefined) {
    throw new EcomError('NOT_FOUND', `there is no dead letter ${id}`, {
      hint: 'see which there are: ecom dead-letters list',
    });
  }
  const bytes = Buffer.from(letter.bytes);
  const text = letter.cleared !== true && isUtf8(bytes) ? bytes.toString('utf8') : null;
  if (options.json) {
    const size = bytes.length;
    await printJson(stdout, {
      schema: 'ecom.dead-letter/1',
      ...listed(letter),
      size,
      text,
      base64: bytes.toString('base64'),
    });
    return;
  }
  const { time, reason, detail, source } = letter;
  const lines = [
    `id      ${letterId(letter)}`,
    `reason  ${stripControls(reason)}`,
    `detail  ${stripControls(detail)}`,
    `source  ${stripControls(source)}`,
    `taken   ${new Date(time).toISOString()}`,
    ...(letter.cleared === true
      ? ['bytes   no longer kept: it was beyond ECOM_DEAD_LETTERS_MIB or ECOM_DEAD_LETTERS_DAYS']
      : [`bytes   ${bytes.length}${text === null ? ', not UTF-8' : ''}`, '', visible(bytes)]),
  ];
  await write(stdout, `${lines.join('\n')}\n`);
}

export interface ExportLettersOptions {
  readonly reason?: string;
  /** File, `-` for standard output. */
  readonly out: string;
}

/** Letters in one read. */
const READ = 500;

/** Writes the dead letters as JSON lines: what could be read as `event`, to be mended and sent again, the rest as text. */
export async function exportLetters(
  context: CommandContext,
  { reason, out }: ExportLettersOptions,
): Promise<void> {
  const { config, stderr } = context;
  await withDocuments(config, async (documents) => {
    const target = await openTarget(out, context);
    let cleared = 0;
    try {
      for await (const letters of readAll(documents, reason)) {
        const whole = letters.filter((letter) => letter.cleared !== true);
        cleared += letters.length - whole.length;
        await target.write(whole.map((letter) => `${exportedLetter(letter)}\n`).join(''));
      }
    } finally {
      await target.close();
    }
    if (cleared > 0) await write(stderr, `${clearedText(cleared)}, and passed over\n`);
  });
}

/** All dead letters that were not sent again, in parts. */
export async function* readAll(
  documents: Pick<DocumentStore, 'deadLettersAfter'>,
  reason: string | undefined,
): AsyncIterable<readonly DeadLetter[]> {
  let after: DeadLetter | undefined;
  for (;;) {
    const letters = await documents.deadLettersAfter(after, READ, reason);
    if (letters.length === 0) return;
    yield letters;
    after = letters.at(-1);
  }
}

function exportedLetter(letter: DeadLetter): string {
  const event = eventOf(letter);
  const bytes = Buffer.from(letter.bytes);
  const original = isUtf8(bytes) ? { text: bytes.toString('utf8') } : { base64: bytes.toString('base64') };
  const readable = { ...summary(letter), event };
  // Of what is nested too deeply to be written again, the text is what there is.
  const line = event === undefined ? undefined : writeJson(readable);
  return visibleText(line ?? JSON.stringify({ ...summary(letter), ...original }));
}

/** What the letter says, where that is a JSON object. */
export function eventOf({ bytes }: DeadLetter): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

async function withDocuments<T>(config: Config, work: (documents: DocumentStore) => Promise<T>): Promise<T> {
  requireData(config);
  const documents = await openDocumentStore(config);
  try {
    return await work(documents);
  } finally {
    await documents.close();
  }
}

/** The place that an id names; `undefined` where it is none. */
export function placeIn(id: string): Place | undefined {
  const [, partition, offset, index] = /^(\d{1,3}):(\d{1,15})(?::(\d{1,6}))?$/.exec(id) ?? [];
  if (partition === undefined) return undefined;
  const place = { partition: Number(partition), offset: Number(offset) };
  // The first one of a record has none.
  return index === undefined || Number(index) === 0 ? place : { ...place, index: Number(index) };
}

export function letterId({ partition, offset, index }: Place): string {
  return index === undefined ? `${partition}:${offset}` : `${partition}:${offset}:${index}`;
}

function summary(letter: DeadLetter) {
  const { time, reason, detail, source } = letter;
  return { id: letterId(letter), time: new Date(time).toISOString(), reason, detail, source };
}

function listed(letter: DeadLetter) {
  return { ...summary(letter), cleared: letter.cleared === true };
}

function listText(
  reasons: readonly { reason: string; count: number }[],
  letters: readonly DeadLetter[],
  only: string | undefined,
): string {
  if (reasons.length === 0) return 'no dead letters: every line was a valid event\n';
  const counts = reasons.map(({ count }) => count.toLocaleString('en-US'));
  const width = greatest(counts.map((count) => count.length));
  const out = reasons.map(
    ({ reason }, index) => `${counts[index]!.padStart(width)}  ${stripControls(reason)}`,
  );
  out.push('', only === undefined ? 'newest:' : `newest with '${stripControls(only)}':`);
  if (letters.length === 0) out.push('  none');
  const ids = letters.map(letterId);
  const idWidth = greatest(
    ids.map((id) => id.length),
    0,
  );
  letters.forEach(({ time, reason, detail, source, cleared }, index) => {
    const when = new Date(time).toISOString().slice(0, 19);
    out.push(
      `  ${ids[index]!.padEnd(idWidth)}  ${when}  ${stripControls(source)}  ${stripControls(reason)}: ${cleared ? 'no longer kept whole' : stripControls(detail)}`,
    );
  });
  out.push('', 'one with its original bytes: ecom dead-letters show ID');
  out.push('mended and sent again: ecom dead-letters replay --help');
  return `${out.join('\n')}\n`;
}

const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Bytes as a text that shows, and does not do, what control characters do; bytes that are no UTF-8 as \xNN. */
function visible(bytes: Buffer): string {
  const escaped = (code: number): string =>
    code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  if (isUtf8(bytes)) {
    return bytes.toString('utf8').replace(UNSAFE, (character) => escaped(character.charCodeAt(0)));
  }
  return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, (character) => escaped(character.charCodeAt(0)));
}
