import { EcomError } from '../../../errors.ts';
import { stripControls } from '../text.ts';
import { type ColumnFacts, NO_FACTS } from './column-facts.ts';
import { type MappedFormat } from './csv-map.ts';
import { parseCsvRecord } from './csv-record.ts';
import { exported } from './exported.ts';
import {
  type CsvFormat,
  FORMAT_NAMES,
  type FormatName,
  type JsonFormat,
  object,
  type ReadFields,
  type Unsettled,
  type WriteRow,
} from './format.ts';
import { ga4 } from './ga4.ts';
import { magento } from './magento.ts';
import { magentoCsv } from './magento-csv.ts';
import { matomo } from './matomo.ts';
import { native } from './native.ts';
import { onlineRetail } from './online-retail.ts';
import { otto } from './otto.ts';
import { posthog } from './posthog.ts';
import { rees46 } from './rees46.ts';
import { retailrocket } from './retailrocket.ts';
import { segment } from './segment.ts';
import { shopifyCsv } from './shopify-csv.ts';
import { shopifyJson } from './shopify-json.ts';
import { snowplow } from './snowplow.ts';
import { snowplowTsv } from './snowplow-tsv.ts';
import { taobao } from './taobao.ts';
import { woocommerceCsv } from './woocommerce-csv.ts';
import { woocommerceJson } from './woocommerce-json.ts';
import { woocommerceLinesCsv } from './woocommerce-lines-csv.ts';

// The first that recognises something is taken: Snowplow's events have fields of GA4's too.
const JSON_FORMATS: readonly JsonFormat[] = [
  ...[exported, native, segment, snowplow, ga4, otto],
  ...[shopifyJson, woocommerceJson, magento, posthog, matomo],
];
const CSV_FORMATS: readonly CsvFormat[] = [
  ...[rees46, retailrocket, onlineRetail, taobao],
  ...[shopifyCsv, woocommerceCsv, woocommerceLinesCsv, magentoCsv, snowplowTsv],
];
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** A format with all that the source's beginning says about how to read the rest. */
export type OpenFormat =
  | Pick<JsonFormat, 'name' | 'layout' | 'read' | 'unfound' | 'unsettled'>
  | {
      readonly name: FormatName;
      readonly layout: 'csv';
      readonly delimiter: string;
      /** Number of fields that a row has to have. */
      readonly width: number;
      /** Whether the first line names the columns. */
      readonly header: boolean;
      readonly read: ReadFields;
      /** None where each row needs thought. */
      readonly write: WriteRow | undefined;
      /** Of one that has to know something of whole columns before it reads rows. */
      readonly unsettled?: Unsettled<OpenFormat> | undefined;
    };

export interface FormatChoice {
  /** `auto` goes by the source's beginning. */
  readonly format: FormatName | 'auto';
  /** The format that a map file describes. */
  readonly map?: MappedFormat | undefined;
}

/**
 * Chooses how to read a source.
 * @param lines its first lines, without line ends
 * @param name of the source, for messages
 * @throws EcomError `INPUT` where no format fits, or a column is missing
 */
export function chooseFormat(choice: FormatChoice, lines: readonly string[], name: string): OpenFormat {
  const header = lines[0] ?? '';
  if (choice.map !== undefined) {
    const { delimiter } = choice.map;
    if (isJson(lines)) return choice.map.json();
    return openCsv(choice.map, delimiter === undefined ? DELIMITERS : [delimiter], header, name);
  }
  if (choice.format === 'auto') return recognise(lines, name);
  return openNamed(choice.format, lines, name);
}

/** Some names stand for several layouts. */
function openNamed(format: FormatName, lines: readonly string[], name: string): OpenFormat {
  const header = lines[0] ?? '';
  const first = lines.find((line) => line.trim() !== '')?.trim() ?? '';
  const json = JSON_FORMATS.find((one) => one.name === format);
  const csvs = CSV_FORMATS.filter((one) => one.name === format);
  if (json !== undefined && (csvs.length === 0 || first === '' || /^[[{]/.test(first))) return openJson(json);
  const [csv = csvs[0]] = csvs.filter(
    (one) => one.header && splitHeader(one, DELIMITERS, header).missing.length === 0,
  );
  if (csv !== undefined) return openCsv(csv, csv.header ? DELIMITERS : [delimiterOf(csv)], header, name);
  throw new EcomError('USAGE', '--format csv needs a map of the columns', {
    hint: 'describe them in a JSON file, see docs/formats.md, and name it with --map FILE',
  });
}

function openJson(format: JsonFormat): OpenFormat {
  return format.open === undefined ? format : { name: format.name, layout: 'json', read: format.open() };
}

/** Whether a source begins as JSON does. */
export function isJson(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== '')?.trim() ?? '';
  return first.startsWith('{') || first.startsWith('[');
}

function recognise(lines: readonly string[], name: string): OpenFormat {
  const header = lines[0] ?? '';
  const first = lines.find((line) => line.trim() !== '')?.trim() ?? '';
  const values = lines.flatMap(jsonObject);
  if (values.length > 0 || first.startsWith('{')) {
    const found = JSON_FORMATS.find((format) => values.some((value) => format.recognises(value)));
    if (found !== undefined) return openJson(found);
    throw unrecognised(
      name,
      values.length === 0 ? 'its first lines are no JSON objects' : 'its lines are JSON of no known shape',
    );
  }
  const headless = CSV_FORMATS.find(
    (format) => format.recognises !== undefined && lines.some((line) => recognisesLine(format, line)),
  );
  if (headless !== undefined) return openCsv(headless, [delimiterOf(headless)], header, name);
  const closest = closestTo(header);
  if (closest === undefined) throw unrecognised(name, 'its first line names the columns of no known layout');
  return openCsv(closest, DELIMITERS, header, name);
}

/** Of a format without a header. */
function delimiterOf({ delimiter = ',' }: CsvFormat): string {
  return delimiter;
}

function recognisesLine(format: CsvFormat, line: string): boolean {
  const fields = parseCsvRecord(line, delimiterOf(format));
  return typeof fields !== 'string' && format.recognises?.(fields) === true;
}

function jsonObject(line: string): Readonly<Record<string, unknown>>[] {
  if (!line.trimStart().startsWith('{')) return [];
  try {
    return [object(JSON.parse(line))];
  } catch {
    return [];
  }
}

function unrecognised(name: string, why: string): EcomError {
  return new EcomError('INPUT', `cannot tell the format of ${name}: ${why}`, {
    hint: `name it with --format (${FORMAT_NAMES.slice(0, -1).join(', ')}), or describe a CSV with --map FILE (docs/formats.md)`,
  });
}

/** The format that shares most columns with a header, and more than half of its own. */
function closestTo(header: string): CsvFormat | undefined {
  let closest: CsvFormat | undefined;
  let best = 0.5;
  for (const format of CSV_FORMATS) {
    if (!format.header) continue;
    const missing = splitHeader(format, DELIMITERS, header).missing.length;
    if (format.isWhole && missing > 0) continue;
    const share = 1 - missing / format.columns.length;
    if (share > best) {
      best = share;
      closest = format;
    }
  }
  return closest;
}

function openCsv(format: CsvFormat, delimiters: readonly string[], header: string, name: string): OpenFormat {
  const { header: hasHeader } = format;
  const { delimiter, columns, position, missing } = hasHeader
    ? splitHeader(format, delimiters, header)
    : { delimiter: delimiters[0]!, ...lookUp(format, headless(format, delimiters[0]!, header)) };
  if (missing.length > 0) {
    const shown = stripControls(columns.join(', ')).slice(0, 300);
    const what = missing.map((column) => `'${column}'`).join(', ');
    throw new EcomError('INPUT', `${name} has no column ${what}, which the format ${format.name} needs`, {
      hint: `its columns are ${shown}; describe another layout with --map FILE (docs/formats.md)`,
    });
  }
  for (const column of format.columns) if (hasHeader) checkOnce(column, columns, name);
  const open = (facts?: ColumnFacts): Extract<OpenFormat, { layout: 'csv' }> => ({
    name: format.name,
    layout: 'csv',
    delimiter,
    width: columns.length,
    header: hasHeader,
    read: format.open(position, facts),
    write: format.openWriter?.(position, facts),
  });
  const survey = format.survey?.(position);
  if (survey === undefined) return open();
  const unsettled = {
    survey,
    usualOrder: format.usualOrder,
    dateColumn: survey.dateColumn === undefined ? '' : columns[survey.dateColumn]!,
    open: () => open(survey.facts(format.timeZone ?? NO_FACTS.timeZone)),
  };
  return { ...open(), unsettled };
}

/** The columns of a file without a header. */
function headless({ columns }: CsvFormat, delimiter: string, first: string): string[] {
  if (columns.every((column): column is string => typeof column === 'string')) return [...columns];
  const fields = parseCsvRecord(first, delimiter);
  return (typeof fields === 'string' ? first.split(delimiter) : fields).map((_, i) => `column ${i + 1}`);
}

/** @throws EcomError `INPUT` where two columns have a name that is to mean one */
function checkOnce(column: string | number, columns: readonly string[], name: string): void {
  if (typeof column === 'number') return;
  const same = columns.filter((one) => one === column);
  const alike = same.length > 0 ? same : columns.filter((one) => simplified(one) === simplified(column));
  if (alike.length < 2) return;
  const places = columns.flatMap((one, i) => (alike.includes(one) ? [i + 1] : []));
  throw new EcomError(
    'INPUT',
    `${name} has two columns '${stripControls(column)}': ${places.join(' and ')}`,
    {
      hint: 'name one of them by its number in a map: docs/formats.md',
    },
  );
}

interface Columns {
  readonly columns: readonly string[];
  /**
   * Place of a column by its number from 1 on, or by its name: as it is written, else without regard to case and punctuation; -1 for
   * none.
   */
  position(column: string | number): number;
  /** Columns of the format that are not there. */
  readonly missing: readonly (string | number)[];
}

/** Splits a header by the delimiter that leaves the fewest columns missing. */
function splitHeader(
  format: CsvFormat,
  delimiters: readonly string[],
  header: string,
): Columns & { readonly delimiter: string } {
  const splits = delimiters.map((delimiter) => {
    const fields = parseCsvRecord(header, delimiter);
    const columns = typeof fields === 'string' ? header.split(delimiter) : fields;
    return { delimiter, ...lookUp(format, columns) };
  });
  return splits.reduce((best, split) => (split.missing.length < best.missing.length ? split : best));
}

function lookUp(format: CsvFormat, columns: readonly string[]): Columns {
  const exact = placesOf(columns);
  const similar = placesOf(columns.map(simplified));
  function position(column: string | number): number {
    if (typeof column === 'number') return column <= columns.length ? column - 1 : -1;
    const alias = format.aliases?.[column];
    const places = [similar.get(simplified(column)), alias && similar.get(simplified(alias))];
    const found = places.filter((place) => typeof place === 'number');
    // biome-ignore lint/plugin: two at most
    return exact.get(column) ?? (found.length === 0 ? -1 : Math.min(...found));
  }
  return { columns, position, missing: format.columns.filter((column) => position(column) === -1) };
}

/** The first place of each text. */
function placesOf(texts: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  texts.forEach((text, place) => {
    if (!places.has(text)) places.set(text, place);
  });
  return places;
}

function simplified(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]/g, '');
}
