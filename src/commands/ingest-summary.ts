import { stripControls } from '../pipeline/events/text.ts';
import { type IngestResult } from '../pipeline/ingest/ingest.ts';
import { visibleLine } from '../visible-text.ts';
import { type Training } from './ingest-numbers.ts';
import { count, rejectedLines } from './ingest-progress.ts';
import { leftOutText } from './model-text.ts';
import { type OrderCounts, orderNotes } from './order-notes.ts';
import { printJson } from './output.ts';

/** What an ingest has appended, and what came of it. */
export interface CountedIngest extends IngestResult {
  /** How many lines were counted meanwhile, of all files of the command, that had been counted before. */
  readonly duplicates: number;
}

/**
 * What an ingest has done, for people.
 * @param folder what the commands that it names need to mean the same data folder
 */
export function ingestSummary(
  result: IngestResult,
  seconds: number,
  rebase: boolean,
  folder: string,
): string {
  const { name, format, lines, knownLines, events, rejected, leftOut, times, encoding, unfound } = result;
  const { placeholderIds, links, aliases, withoutProduct } = result;
  const out: string[] = [];
  if (lines === 0 && knownLines > 0) {
    out.push(`${name}: already ingested, nothing changed (${count(knownLines)} lines, format ${format})`);
    if (rebase)
      out.push('  a file counts once in a data folder; to replay it, use another one: --data-dir DIR');
  } else {
    const known = knownLines > 0 ? `, after ${count(knownLines)} known ones` : '';
    out.push(
      `${name}: ${count(lines)} ${lines === 1 ? 'line' : 'lines'}${known}, format ${format}, in ${seconds.toFixed(1)} s`,
    );
    out.push(
      `  ${count(events)} ${events === 1 ? 'event' : 'events'}${times === undefined ? '' : `, ${day(times.from)} to ${day(times.to)}`}`,
    );
    if (links > 0)
      out.push(
        `  ${count(links)} ${links === 1 ? 'login that links' : 'logins that link'} a device to a user`,
      );
    if (aliases > 0)
      out.push(
        `  ${count(aliases)} ${aliases === 1 ? 'call names a former id' : 'calls name former ids'}, taken for that of a device: who acts as a user by it counts as another person`,
      );
    if (placeholderIds > 0)
      out.push(
        `  ${count(placeholderIds)} with a placeholder such as 'undefined' for an id, counted without it`,
      );
    if (withoutProduct > 0)
      out.push(
        `  ${count(withoutProduct)} ${withoutProduct === 1 ? 'line of an order names no product: its money counts' : 'lines of orders name no product: their money counts'}, as '(not set)' where a price is given`,
      );
    const total = rejectedLines(rejected);
    if (unfound.length > 0)
      out.push(`  in no record: ${unfound.join(', ')} of the map; nothing is read there`);
    if (encoding !== undefined)
      out.push(`  read as ${encoding}, as it is no UTF-8; a map can name another ("encoding")`);
    if (total > 0) {
      out.push(`  ${count(total)} rejected: ${byReason(rejected)}`);
      out.push(`  see them with: ecom dead-letters list${folder}`);
    }
    if (Object.keys(leftOut).length > 0)
      out.push(`  fields that no event has are left out: ${byName(leftOut)}`);
  }
  return `${out.map(visibleLine).join('\n')}\n`;
}

/** How many of the lines that were read had been counted before, if any. */
export function duplicatesNote(duplicates: number, lines: number): string {
  if (duplicates <= 0) return '';
  const text = `${count(duplicates)} counted before: ${duplicates === 1 ? 'it does' : 'they do'} not count again`;
  return `  ${text}${2 * duplicates > lines ? '; most of it is known from other files' : ''}\n`;
}

/** What all that was read has added of orders and refunds that are not in the numbers as one might think. */
export function ordersSummary(orders: OrderCounts): string {
  const notes = orderNotes(orders);
  return notes.length === 0 ? '' : `${visibleLine(notes.join(', '))}\n`;
}

/** What to do when all is read. */
export function nextStep(folder: string): string {
  return `${visibleLine(`next: ecom stats --window all${folder}`)}\n`;
}

/** What is to be said of the training; nothing where all went well. */
export function trainingNote({ state, reason, hint, productsLeftOut = 0 }: Training): string {
  if (state === 'failed') {
    const advice = hint === undefined ? 'ecom train' : `${stripControls(hint)}; then ecom train`;
    return `warning: everything is counted, but nothing was learnt for recommendations: ${stripControls(reason!)}\n  try: ${advice}\n`;
  }
  return productsLeftOut === 0 ? '' : `note: recommendations leave out ${leftOutText(productsLeftOut)}\n`;
}

/** The same as one JSON object, `ecom.ingest/1`. @param orders of all files together @param compact where others follow: one a line */
export async function printIngestJson(
  stdout: NodeJS.WriteStream,
  file: string,
  result: CountedIngest,
  training: Training,
  seconds: number,
  dataDir: string,
  orders: OrderCounts,
  compact = false,
): Promise<void> {
  const {
    format,
    source,
    lines,
    knownLines,
    events,
    rejected,
    leftOut,
    times,
    duplicates,
    encoding,
    unfound,
  } = result;
  const { placeholderIds, links, aliases, withoutProduct } = result;
  const answer = {
    schema: 'ecom.ingest/1',
    file,
    format,
    source,
    state: lines === 0 && knownLines > 0 ? 'unchanged' : knownLines > 0 ? 'resumed' : 'ingested',
    lines,
    knownLines,
    events,
    duplicates,
    encoding: encoding ?? 'utf-8',
    unfound,
    rejected: { total: rejectedLines(rejected), reasons: rejected },
    leftOut,
    orders,
    placeholderIds,
    links,
    aliases,
    withoutProduct,
    times:
      times === undefined
        ? null
        : { from: new Date(times.from).toISOString(), to: new Date(times.to).toISOString() },
    training: {
      state: training.state,
      reason: training.reason ?? null,
      hint: training.hint ?? null,
      productsLeftOut: training.productsLeftOut ?? null,
    },
    seconds: Math.round(seconds * 1000) / 1000,
    dataDir,
  };
  await printJson(stdout, answer, compact || undefined);
}

function byReason(rejected: IngestResult['rejected']): string {
  return Object.entries(rejected)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, lines]) => `${count(lines)} ${reason}`)
    .join(', ');
}

function byName(leftOut: IngestResult['leftOut']): string {
  return Object.entries(leftOut)
    .sort(([, a], [, b]) => b - a)
    .map(
      ([name, events]) =>
        `${name === '' ? "''" : name} (${count(events)} ${events === 1 ? 'event' : 'events'})`,
    )
    .join(', ');
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
