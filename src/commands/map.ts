import { writeFileSync } from 'node:fs';
import { EcomError, errorCode, errorMessage } from '../errors.ts';
import { decodeRecord, isRejected } from '../pipeline/events/decode.ts';
import { chooseFormat, isJson, type OpenFormat } from '../pipeline/events/formats/choose.ts';
import { parseCsvMap } from '../pipeline/events/formats/csv-map.ts';
import { jsonTable, separatedTable } from '../pipeline/events/formats/proposal-table.ts';
import { proposeMap } from '../pipeline/events/formats/propose-map.ts';
import { encodeDecoded } from '../pipeline/events/record.ts';
import { createRecordMaker } from '../pipeline/ingest/records.ts';
import { createRowReader, splitLines, withoutMark } from '../pipeline/ingest/rows.ts';
import { settle } from '../pipeline/ingest/settle.ts';
import { findInput, type Input } from '../pipeline/ingest/source.ts';
import { visibleLine } from '../visible-text.ts';
import { type CommandContext } from './context.ts';
import { printJson, tell, write } from './output.ts';

export interface MapOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly encoding?: string;
}

/** Rows that a map is proposed by, and how many of them are shown. */
const LOOKED_AT = 200;
const SHOWN = 3;

/**
 * Proposes a map for a CSV or JSON by its header and first rows, writes it, and shows the first rows as it reads them.
 * @throws EcomError where the file is none that a map could be proposed for, or the map's file is there already
 */
export async function map(context: CommandContext, file: string, options: MapOptions): Promise<void> {
  const { config, stdin, stdout, stderr, signal } = context;
  const { encoding } = options;
  checkEncoding(encoding);
  const input = await findInput(file, stdin, { encoding });
  const source = await input.open(signal);
  try {
    const { head } = source;
    const whole = head.subarray(0, head.lastIndexOf(10) + 1 || head.length);
    const lines = splitLines(whole).flatMap((line, i) =>
      typeof line !== 'string' ? [] : i === 0 ? [withoutMark(line)] : [line],
    );
    const first = lines.slice(0, LOOKED_AT);
    const table = isJson(lines) ? jsonTable(first) : separatedTable(first);
    const proposed = proposeMap(table, encoding ?? source.encoding());
    if (typeof proposed === 'string') {
      throw new EcomError('INPUT', `no column of ${source.name} ${proposed}`, {
        hint: 'the first line has to name the columns: take out what stands before them; or write the map by hand, as docs/formats.md describes',
      });
    }
    const text = `${JSON.stringify(proposed.map, undefined, 2)}\n`;
    const path =
      options.out ??
      (file === '-' ? '-' : `${file.replace(/\.gz$/i, '').replace(/\.[^./\\]*$/, '')}.map.json`);
    const mapped = parseCsvMap(text, path, config.layout.timeZone);
    const chosen = chooseFormat({ format: 'csv', map: mapped }, lines, source.name);
    const { format, open } = await settled(chosen, input, head, signal);
    const remarks = [...proposed.remarks, ...open];
    const rows = readFirst(format, whole, source.name);
    if (path !== '-') save(path, text, options.force === true);
    if (options.json) {
      await printJson(stdout, {
        schema: 'ecom.map/1',
        file,
        path: path === '-' ? null : path,
        map: proposed.map,
        remarks,
        rows,
      });
      return;
    }
    if (path === '-') await write(stdout, text);
    for (const remark of remarks) tell(stderr, `note: ${remark}`);
    const shown = rows.map((row) => `  ${visibleLine(row)}\n`).join('');
    const where = path === '-' ? 'MAP' : visibleLine(path);
    await write(
      path === '-' ? stderr : stdout,
      `${path === '-' ? '' : `wrote ${where}\n`}the first rows, as it reads them:\n${shown}next: ecom ingest ${visibleLine(file)} --map ${where}\n`,
    );
  } finally {
    source.close();
  }
}

/** What a column of dates leaves open is a remark here: the map that has to say it is there then. */
async function settled(
  format: OpenFormat,
  ...[input, head, signal]: [Input, Buffer, AbortSignal]
): Promise<{ readonly format: OpenFormat; readonly open: readonly string[] }> {
  try {
    return { format: await settle(format, input, head, signal), open: [] };
  } catch (error) {
    if (signal.aborted || !(error instanceof EcomError)) throw error;
    return { format, open: [`${error.message}: ${error.hint}`] };
  }
}

function checkEncoding(name: string | undefined): void {
  if (name === undefined) return;
  try {
    new TextDecoder(name);
  } catch {
    throw new EcomError('USAGE', `there is no encoding '${name}'`, {
      hint: 'use a name such as windows-1250, utf-16le or shift_jis',
    });
  }
}

function readFirst(format: Awaited<ReturnType<typeof settle>>, bytes: Buffer, name: string): string[] {
  const makeRecords = createRecordMaker({ format, name });
  const reader = createRowReader(format, 0);
  const shown: string[] = [];
  for (const { rows } of [...reader.push(bytes), ...reader.end()]) {
    for (const row of rows) {
      for (const { record, reason } of makeRecords(row, Date.now())) {
        const decoded = decodeRecord(record.value, { partition: 0, offset: 0, appendedAt: Date.now() });
        if (isRejected(decoded)) shown.push(`rejected: ${reason}: ${decoded.detail}`);
        else {
          const {
            id: _,
            source: __,
            time,
            ...event
          } = JSON.parse(encodeDecoded(decoded)) as Record<string, unknown>;
          shown.push(JSON.stringify({ time: new Date(time as number).toISOString(), ...event }));
        }
        if (shown.length === SHOWN) return shown;
      }
    }
  }
  return shown;
}

function save(path: string, text: string, force: boolean): void {
  try {
    writeFileSync(path, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    if (errorCode(error) === 'EEXIST') {
      throw new EcomError('USAGE', `${path} is there already`, {
        hint: 'name another file with --out FILE, or replace it with --force',
      });
    }
    throw new EcomError('INPUT', `${path} cannot be written: ${errorMessage(error)}`, {
      hint: 'name another file with --out FILE, or - for standard output',
    });
  }
}
