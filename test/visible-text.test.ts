import { PassThrough } from 'node:stream';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printJson, tell, write } from '../src/commands/output.ts';
import { csvLine } from '../src/pipeline/export/csv.ts';
import { visibleText, writeVisibly } from '../src/visible-text.ts';

const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const HOSTILE = 'A\u001b]0;pwn\u0007\u009b31m\u0085\u202eRLO\u2066\u200f\u2028\u061c\u007f\u0000\r\t';
const hostile = fc
  .array(fc.constantFrom(...HOSTILE, '"', '\\', 'u'), { maxLength: 30 })
  .map((a) => a.join(''));

function stream(isTTY = false) {
  const through = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.WriteStream;
  return { through, text: () => String((through as unknown as PassThrough).read() ?? '') };
}

/** A text of an exported CSV as it was. */
function textOf(cell: string): string {
  const text = cell.replace(/\\u([0-9a-f]{4})/g, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
  const behind = text.replace(/^'+/, '');
  const isFormula = /^\s*[=+\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/.test(behind);
  return text.startsWith("'") && isFormula && !/^[+-]?\d+(\.\d+)?$/.test(behind) ? text.slice(1) : text;
}

describe('what leaves the program', () => {
  test('is the same JSON value, without a raw character that acts on a terminal', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, fc.boolean(), async (text, compact) => {
        const { through, text: written } = stream();
        await printJson(through, { [text]: [text] }, compact);
        const out = written();
        expect(out).not.toMatch(RAW);
        expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify({ [text]: [text] })));
      }),
    );
  });

  test('is one visible line of text for people', () => {
    const { through, text } = stream();
    tell(through, `cannot read ${HOSTILE}\nerror: forged`);
    const out = text();
    expect(out.match(/\n/g)).toHaveLength(1);
    expect(out).not.toMatch(RAW);
    expect(out).toContain('A\\u001b]0;pwn\\u0007\\u009b31m');
  });

  test.each([false, true])('is seen to by the stream itself (terminal: %s)', (isTTY) => {
    const { through, text } = stream(isTTY);
    writeVisibly(through);
    through.write(`x\u009b2J\u202e\u007f\n`);
    expect(text()).toBe('x\\u009b2J\\u202e\\u007f\n');
  });

  test('keeps on a terminal only the sequences that we draw with', () => {
    const own = '\u001b[2J\u001b[H\u001b[3;1H\u001b[2K\u001b[?25l\u001b[1;31mred\u001b[0m\r\u001b[K';
    const { through, text } = stream(true);
    writeVisibly(through);
    through.write(`${own}\u001b]0;pwn\u0007\u001bP$q\u001b\\\u001b[21t\u001b[6n\u001b[?1000h\u001bc`);
    const out = text();
    expect(out.startsWith(own)).toBe(true);
    expect(out.slice(own.length)).not.toMatch(RAW);
  });

  test('keeps of a text for people colours, and nothing that moves the cursor', async () => {
    const { through, text } = stream(true);
    await write(through, '\u001b[31mred\u001b[0m\u001b[2J\u001b[H\r\u001b]0;pwn\u0007\n');
    expect(text()).toBe('\u001b[31mred\u001b[0m\\u001b[2J\\u001b[H\\u000d\\u001b]0;pwn\\u0007\n');
  });

  test('is no formula and no control in CSV', () => {
    expect(csvLine([HOSTILE])).not.toMatch(RAW);
    expect(csvLine([' =1', '\uff1d1', '@x', 'a\u202e', -1])).toBe(`' =1,'\uff1d1,'@x,a\\u202e,-1\n`);
  });

  test('can be had back from CSV as it was', () => {
    const character = fc.constantFrom(...HOSTILE, ...`'=-+@ 1.\\u00"\n,`, '\\u0007', '\\u005c');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 12 }), (characters) => {
        const text = characters.join('');
        const [cell] = parse(csvLine([text, 1]))[0] as string[];
        expect(textOf(cell!)).toBe(text);
      }),
    );
  });

  test.each(['-5', '+1.5', '12'])('is left as it is in CSV where it is a number: %s', (text) => {
    expect(csvLine([text])).toBe(`${text}\n`);
  });

  test('is left as it is where it is harmless', () => {
    expect(visibleText('Größe → 日本\n')).toBe('Größe → 日本\n');
  });
});
