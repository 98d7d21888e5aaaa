/** What a text is that does not hold the fields of one record. */
export type CsvFault = 'open quote' | 'stray quote';

/**
 * The fields of one CSV record (RFC 4180): quotes enclose a field that begins with one, and are doubled inside. A quote
 * further on in a field stands for itself, as in `12" plate`.
 * @param text the record without its line end; it holds line ends only inside quotes
 * @returns `open quote` where the record goes on in the next line, `stray quote` where something follows a closing one
 */
export function parseCsvRecord(text: string, delimiter: string): string[] | CsvFault {
  if (!text.includes('"')) return text.split(delimiter);
  const fields: string[] = [];
  return splitRecord(text, delimiter, fields) ?? fields;
}

/**
 * What a line says that comes while a quote is open: how many fields end in it, and why it does not end the record.
 * Together with how many fields a record's first line ends, that tells how many it has, without joining its lines.
 */
export function continueCsvRecord(
  line: string,
  delimiter: string,
): { readonly fields: number; readonly fault: CsvFault | undefined } {
  const fields: string[] = [];
  const fault = splitRecord(`"${line}`, delimiter, fields);
  return { fields: fields.length, fault };
}

/** How many fields end in the first line of a record that goes on in the next one. */
export function fieldsBeforeOpenQuote(line: string, delimiter: string): number {
  const fields: string[] = [];
  splitRecord(line, delimiter, fields);
  return fields.length;
}

/** Goes over a text once and adds the fields that end in it. */
function splitRecord(text: string, delimiter: string, fields: string[]): CsvFault | undefined {
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      const close = closingQuote(text, at + 1);
      if (close === -1) return 'open quote';
      const value = text.slice(at + 1, close);
      fields.push(value.includes('"') ? value.replaceAll('""', '"') : value);
      at = close + 1;
      if (at === text.length) return undefined;
      if (text[at] !== delimiter) return 'stray quote';
    } else {
      const end = text.indexOf(delimiter, at);
      if (end === -1) {
        fields.push(text.slice(at));
        return undefined;
      }
      fields.push(text.slice(at, end));
      at = end;
    }
    at += 1;
  }
}

/** Where the quote that is open closes, from a place on; -1 for nowhere. Doubled quotes close none. */
function closingQuote(text: string, from: number): number {
  let close = text.indexOf('"', from);
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  return close;
}
