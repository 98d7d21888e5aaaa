import { EcomError } from '../../errors.ts';
import { timeZone } from '../events/time-zone.ts';
import { type CellLayout } from '../metrics/cells.ts';

/**
 * The layout that a store remembers.
 * @throws EcomError `STORAGE` where the text is none: nobody knows then what the cells mean
 */
export function parseLayout(json: string): CellLayout {
  try {
    const { timeZone: zone, properties } = JSON.parse(json) as CellLayout;
    const isText = (value: unknown): boolean => typeof value === 'string';
    if (isText(zone) && timeZone(zone) && properties.every(isText)) return { timeZone: zone, properties };
  } catch {
    // Told below, whatever it is.
  }
  throw new EcomError('STORAGE', 'the live store’s note of how its numbers are cut is damaged', {
    hint: 'count everything again from the log: ecom down, then ecom rebuild',
  });
}

/** Of the form in which a store that has no schema of its own keeps what it knows: data of another one is counted anew. */
const FORMAT = 5;

/** A layout as such a store notes it. */
export function layoutNote(layout: CellLayout): string {
  return JSON.stringify({ ...layout, format: FORMAT });
}

/** Whether the data under a note is in another form than what is stored now. @throws like {@link parseLayout} */
export function isOutdated(note: string): boolean {
  parseLayout(note);
  return (JSON.parse(note) as { format?: number }).format !== FORMAT;
}

/** What is said of numbers in another form to who only reads them. */
export function outdatedError(where: string): EcomError {
  return new EcomError('STORAGE', `the numbers of ${where} are in the form of an older version of ecom`, {
    hint: 'ecom up or ecom rebuild counts everything again from the log',
  });
}

/**
 * The layout that a store goes on with: the one it has, possibly with more properties.
 * @returns `stored` itself where nothing changes
 * @throws EcomError `USAGE` where what is wanted would give the cells that are there another meaning
 */
export function agreedLayout(stored: CellLayout | undefined, wanted: CellLayout): CellLayout {
  if (stored === undefined) return wanted;
  if (stored.timeZone !== wanted.timeZone) {
    throw new EcomError(
      'USAGE',
      `the numbers are counted by the days of ${stored.timeZone}, and the time zone is now ${wanted.timeZone}`,
      { hint: `set ECOM_TIMEZONE=${stored.timeZone}, or count everything again with ecom rebuild` },
    );
  }
  const added = wanted.properties.slice(stored.properties.length);
  if (!stored.properties.every((name, i) => wanted.properties[i] === name)) {
    throw new EcomError(
      'USAGE',
      `the numbers are broken down by ${list(stored.properties)}, and the properties are now ${list(wanted.properties)}`,
      {
        hint: 'put new properties after those that are there, or count everything again with ecom rebuild',
      },
    );
  }
  return added.length === 0 ? stored : wanted;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'no property' : names.join(', ');
}
