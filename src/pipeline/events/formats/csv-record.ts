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
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let value = '';
      let close = text.indexOf('"', at + 1);
      let from = at + 1;
      while (close !== -1 && text[close + 1] === '"') {
        value += text.slice(from, close + 1);
        from = close + 2;
        close = text.indexOf('"', from);
      }
      if (close === -1) return 'open quote';
      fields.push(value + text.slice(from, close));
      at = close + 1;
      if (at === text.length) return fields;
      if (text[at] !== delimiter) return 'stray quote';
    } else {
      const end = text.indexOf(delimiter, at);
      if (end === -1) {
        fields.push(text.slice(at));
        return fields;
      }
      fields.push(text.slice(at, end));
      at = end;
    }
    at += 1;
  }
}
