import { simplified } from './column-names.ts';
import { parseCsvRecord } from './csv-record.ts';
import { list, object } from './format.ts';
import { parseJson } from './json.ts';

/** The beginning of a file as a table: of JSON, a column is a path. */
export interface ProposalTable {
  readonly header: readonly string[];
  /** The names of the columns, simplified, the most telling first. */
  readonly names: readonly (readonly string[])[];
  readonly rows: readonly (readonly string[])[];
  /** How a map names a column. */
  nameOf(column: number): string | number;
  /** Which of the columns are those of products; all where a row is one. */
  isOfItem(column: number): boolean;
  /** What a map has to say besides. */
  readonly layout: Readonly<Record<string, unknown>>;
}

const MOST_COLUMNS = 500;
const DEEPEST = 5;

/** @param lines the first of which names the columns */
export function separatedTable(lines: readonly string[]): ProposalTable {
  const delimiter = delimiterOf(lines);
  const [header = [], ...rows] = lines.flatMap((line) => {
    const fields = parseCsvRecord(line, delimiter);
    return typeof fields === 'string' ? [] : [fields];
  });
  const names = header.map(simplified);
  return {
    header,
    names: names.map((name) => [name]),
    rows: rows.filter(({ length }) => length === header.length),
    // A name that two columns have means neither.
    nameOf: (i) => (names.filter((name) => name === names[i]).length > 1 ? i + 1 : header[i]!),
    isOfItem: () => true,
    layout: delimiter === ',' ? {} : { delimiter },
  };
}

function delimiterOf(lines: readonly string[]): string {
  const counts = [',', ';', '\t', '|'].map((delimiter) => {
    const widths = lines.map((line) => {
      const fields = parseCsvRecord(line, delimiter);
      return typeof fields === 'string' ? 0 : fields.length;
    });
    const [first = 0] = widths;
    return { delimiter, score: first < 2 ? 0 : first * widths.filter((width) => width === first).length };
  });
  return counts.reduce((best, one) => (one.score > best.score ? one : best)).delimiter;
}

/** @param lines JSON, one value each; what is none is passed over */
export function jsonTable(lines: readonly string[]): ProposalTable {
  const values = lines.flatMap((line) => {
    try {
      return [object(parseJson(line))];
    } catch {
      return [];
    }
  });
  const records = values.length === 1 ? recordsIn(values[0]!) : undefined;
  const all = records === undefined ? values : list(values[0]![records]).map(object);
  const items = itemsIn(all);
  const own = new Set<string>();
  const ofItems = new Set<string>();
  for (const record of all) {
    addPaths(record, '', own);
    if (items !== undefined) for (const item of list(at(record, items))) addPaths(object(item), '', ofItems);
  }
  const header = [...own, ...ofItems];
  const isOfItem = (column: number): boolean => items === undefined || column >= own.size;
  // Each product is a row, with what its record says.
  const rows = all.flatMap((record) => {
    const entries = items === undefined ? [undefined] : list(at(record, items));
    return (entries.length === 0 ? [undefined] : entries).map((item) =>
      header.map((path, i) => textOf(at(i < own.size ? record : object(item), path))),
    );
  });
  return {
    header,
    names: header.map((path) => {
      const last = path.slice(path.lastIndexOf('.') + 1);
      return last === path
        ? [simplified(path)]
        : [simplified(path), ...(/^id$|name$/i.test(last) ? [] : [simplified(last)])];
    }),
    rows,
    nameOf: (i) => header[i]!,
    isOfItem,
    layout: { ...(records !== undefined && { records }), ...(items !== undefined && { items }) },
  };
}

/** The list of records in the one object of a file. */
function recordsIn(value: Readonly<Record<string, unknown>>): string | undefined {
  const lists = Object.keys(value).filter((name) => isListOfObjects(value[name]));
  const scalars = Object.values(value).filter((one) => typeof one === 'string').length;
  return lists.length === 1 && scalars <= 1 ? lists[0] : undefined;
}

const OF_PRODUCT = new Set([
  'sku',
  'productid',
  'itemid',
  'quantity',
  'qty',
  'price',
  'unitprice',
  'name',
  'title',
]);

/** The path of the list whose entries look most like products. */
function itemsIn(records: readonly Readonly<Record<string, unknown>>[]): string | undefined {
  let best: string | undefined;
  let most = 1;
  for (const record of records.slice(0, 20)) {
    for (const name of Object.keys(record)) {
      if (!isListOfObjects(record[name]) || name.includes('.')) continue;
      const [first] = list(record[name]).map(object);
      const said = Object.keys(first!).filter((key) => OF_PRODUCT.has(simplified(key))).length;
      if (said > most) [best, most] = [name, said];
    }
  }
  return best;
}

function isListOfObjects(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'object' && one !== null)
  );
}

/** Adds the paths of what is no list and no object. A name with a point in it has none. */
function addPaths(
  value: Readonly<Record<string, unknown>>,
  before: string,
  paths: Set<string>,
  depth = 1,
): void {
  for (const name of Object.keys(value)) {
    if (name === '' || name.includes('.') || /\[\d+\]/.test(name) || paths.size >= MOST_COLUMNS) continue;
    const inner = value[name];
    if (Array.isArray(inner)) continue;
    if (typeof inner !== 'object' || inner === null) paths.add(`${before}${name}`);
    else if (depth < DEEPEST) addPaths(object(inner), `${before}${name}.`, paths, depth + 1);
  }
}

function at(record: unknown, path: string): unknown {
  let value = record;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
