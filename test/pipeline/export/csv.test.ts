import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvLine } from '../../../src/pipeline/export/csv.ts';

describe('CSV', () => {
  test('no cell begins as a formula, and every other text comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 5 }), (cells) => {
        const [row] = parse(csvLine(cells), { relax_column_count: true }) as string[][];
        expect(row).toHaveLength(cells.length);
        row!.forEach((cell, i) => {
          expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
          expect(cell).toBe(/^[=+\-@\t\r\n]/.test(cells[i]!) ? `'${cells[i]}` : cells[i]);
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
