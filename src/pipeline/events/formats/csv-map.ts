import { TypeCompiler } from '@sinclair/typebox/compiler';
import { EcomError } from '../../../errors.ts';
import { EVENT_TYPES, ORDER_STATUSES } from '../shop-event.ts';
import { stripControls } from '../text.ts';
import { timeZone } from '../time-zone.ts';
import { NO_FACTS } from './column-facts.ts';
import { type Column, type CsvMap, MapSchema, type MapSource } from './csv-map-schema.ts';
import { openMapWriter } from './csv-map-writer.ts';
import { formatReader } from './date-text.ts';
import { type CsvFormat, type JsonFormat, type Outcome } from './format.ts';
import { openJsonMap } from './json-map.ts';
import { filledDown, surveyOf, usedColumns } from './map-columns.ts';
import { openMapReader } from './map-reader.ts';

/** What a map file describes: it may be of separated values or of JSON. */
export interface MappedFormat extends CsvFormat {
  /** The delimiter that the file names; any of the usual ones where absent. */
  readonly delimiter: string | undefined;
  /** The name of the encoding that the file names. */
  readonly encoding: string | undefined;
  /** Whether a row may get what it does not say from the one before. */
  readonly fillsDown: boolean;
  /** How it reads JSON, of one source. */
  json(): JsonFormat;
}

const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);
const STATUSES: ReadonlySet<string> = new Set(ORDER_STATUSES);

/**
 * The format that a map file describes.
 * @param text the file's content, JSON
 * @param path its name, for messages
 * @param shopZone of times that name none, where the file names none either
 * @throws EcomError `INPUT` where the file is no valid map
 */
export function parseCsvMap(text: string, path: string, shopZone = 'UTC'): MappedFormat {
  const map = readMap(text, path);
  const { columns, header = columns === undefined } = map;
  const used = usedColumns(map);
  const named = new Set(columns);
  const unknown =
    columns === undefined ? undefined : used.find((one) => typeof one === 'string' && !named.has(one));
  if (unknown !== undefined) throw invalid(path, `its 'columns' do not hold '${unknown}'`);
  if (!header && columns === undefined && used.some((one) => typeof one === 'string'))
    throw invalid(path, 'without a header, columns have numbers, from 1 on');
  const zone = zoneOf(map, path, shopZone);
  checkEncoding(map, path);
  checkStatuses(map, path);
  const facts = { ...NO_FACTS, timeZone: zone };
  return {
    name: 'csv',
    layout: 'csv',
    header,
    columns: columns ?? used,
    delimiter: map.delimiter,
    encoding: map.encoding,
    fillsDown: (map.fillDown ?? false) !== false,
    json: () => openJsonMap(map, zone),
    timeZone: zone,
    survey: (index) => surveyOf(map, index),
    open: (index, known = facts) =>
      filledDown<string, Outcome>(map, index, openMapReader(map, fieldGetter(index), known)),
    openWriter: (index, known = facts) => openMapWriter(map, index, known),
  };
}

function readMap(text: string, path: string): CsvMap {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(path, `it is not JSON: ${(error as Error).message}`);
  }
  const checker = TypeCompiler.Compile(MapSchema);
  if (!checker.Check(value)) {
    const error = checker.Errors(value).First();
    const where = error?.path.slice(1).replaceAll('/', '.') || 'the map';
    const what = error?.schema.description ?? error?.message.toLowerCase() ?? 'it is wrong';
    throw invalid(path, `${where}: ${what}`);
  }
  for (const type of mappedTypes(value)) {
    if (!TYPES.has(type)) throw invalid(path, `type: '${type}' is not one of ${EVENT_TYPES.join(', ')}`);
  }
  if (
    typeof value.time === 'object' &&
    'format' in value.time &&
    formatReader(value.time.format) === undefined
  ) {
    throw invalid(path, `time.format: '${value.time.format}' does not say year, month and day once each`);
  }
  return value;
}

/** @throws EcomError `INPUT` where a status is none */
function checkStatuses({ status }: CsvMap, path: string): void {
  for (const one of typeof status === 'object' ? Object.values(status.values) : []) {
    if (!STATUSES.has(one))
      throw invalid(path, `status: '${one}' is not one of ${ORDER_STATUSES.join(', ')}`);
  }
}

function invalid(path: string, what: string): EcomError {
  return new EcomError('INPUT', `${path} is not a valid map: ${stripControls(what)}`, {
    hint: 'docs/formats.md describes the file, with an example; ecom map FILE proposes one',
  });
}

function zoneOf({ timeZone: name }: CsvMap, path: string, shopZone: string): ReturnType<typeof timeZone> {
  try {
    return timeZone(name ?? shopZone);
  } catch {
    throw invalid(path, `timeZone: '${name}' is none; use a name such as Europe/Berlin`);
  }
}

function checkEncoding({ encoding }: CsvMap, path: string): void {
  if (encoding === undefined) return;
  try {
    new TextDecoder(encoding);
  } catch {
    throw invalid(path, `encoding: '${encoding}' is not known; use one such as windows-1252 or utf-16le`);
  }
}

function mappedTypes({ type }: CsvMap): string[] {
  if (typeof type !== 'object') return [];
  return 'value' in type ? [type.value] : Object.values(type.values);
}

function fieldGetter(index: (column: Column) => number) {
  return (source: MapSource): ((fields: readonly string[]) => string) => {
    if (typeof source === 'object') return () => source.value;
    const at = index(source);
    return (fields) => fields[at]!;
  };
}
