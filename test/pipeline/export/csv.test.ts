import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvLine } from '../../../src/pipeline/export/csv.ts';

describe('CSV', () => {
  // What is no plain text is written as an escape: test/visible-text.test.ts has it there and back.
  test('no cell begins as a formula, and every other plain text comes back as it was', () => {
    const plain = fc.string().map((text) => text.replaceAll('\\', '/'));
    fc.assert(
      fc.property(fc.array(plain, { minLength: 2, maxLength: 5 }), (cells) => {
        const [row] = parse(csvLine(cells), { relax_column_count: true }) as string[][];
        expect(row).toHaveLength(cells.length);
        row!.forEach((cell, i) => {
          const said = cells[i]!;
          const isNumber = /^'*[+-]?\d+(\.\d+)?$/.test(said);
          expect(cell).toBe(!isNumber && /^'*\s*[=+\-@]/.test(said) ? `'${said}` : said);
          if (!isNumber) expect(cell).not.toMatch(/^\s*[=+\-@]/);
        });
      }),
      { numRuns: 1000 },
    );
  });

  test('numbers stay numbers, and what is not there is empty', () => {
    expect(csvLine([-1.5, null, true, '', '=1+1', 'a,b', 'say "x"'])).toBe(
      `-1.5,,true,,'=1+1,"a,b","say ""x"""\n`,
    );
  });
});
