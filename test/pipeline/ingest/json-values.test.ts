import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJsonValues, jsonLayout, withJsonLines } from '../../../src/pipeline/ingest/json-values.ts';

async function linesOf(chunks: readonly (string | Buffer)[]): Promise<string[]> {
  async function* all() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const out: Buffer[] = [];
  for await (const bytes of withJsonLines(all())) out.push(Buffer.from(bytes));
  return Buffer.concat(out)
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '');
}

const values = fc.array(
  fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }),
  { minLength: 1, maxLength: 6 },
);
/** The same objects as people save them. */
const LAYOUTS: Record<string, (objects: readonly object[]) => string> = {
  'a list': (objects) => JSON.stringify(objects),
  'an indented list': (objects) => JSON.stringify(objects, null, 2),
  'a list with one object a line': (objects) =>
    `[\n${objects.map((o) => JSON.stringify(o)).join(',\n')}\n]\n`,
  'an indented list with Windows line ends': (objects) =>
    JSON.stringify(objects, null, '\t').replaceAll('\n', '\r\n'),
  'indented objects': (objects) => objects.map((o) => JSON.stringify({ x: 1, ...o }, null, 2)).join('\n'),
  'objects in one line': (objects) =>
    objects.map((o) => JSON.stringify(o)).join('') + (objects.length === 1 ? '\n' : ''),
  'objects with commas': (objects) => objects.map((o) => JSON.stringify(o)).join(', '),
  'an answer of an API': (objects) => JSON.stringify({ orders: objects, next: ['}', { a: '\\"' }] }, null, 1),
  'answers of an API, one a line': (objects) =>
    objects.map((o) => JSON.stringify({ data: [o, o], page: 1 })).join('\n'),
  'one object a line': (objects) => objects.map((o) => `${JSON.stringify(o)}\n`).join(''),
};

describe.each(Object.keys(LAYOUTS))('%s', (layout) => {
  test('becomes one value a line, however it comes', async () => {
    const sizesOf = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 10 });
    const property = fc.asyncProperty(values, sizesOf, async (objects, sizes) => {
      // JSON.parse has another idea of this name.
      fc.pre(!JSON.stringify(objects).includes('__proto__'));
      const bytes = Buffer.from(LAYOUTS[layout]!(objects));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      const expected = objects.flatMap((object) => {
        if (layout === 'indented objects') return [{ x: 1, ...object }];
        return layout === 'answers of an API, one a line' ? [object, object] : [object];
      });
      const lines = await linesOf(chunks.filter(({ length }) => length > 0));
      expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(expected)));
    });
    await fc.assert(property);
  });
});

test('whatever the bytes are, they come to the same lines in one piece or one by one', () => {
  const letters = fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', '\n', ' ', 'a', ':', '{"rows":[');
  const property = fc.property(fc.string({ unit: letters }), (text) => {
    const whole = createJsonValues();
    const expected = Buffer.concat([whole.push(Buffer.from(text)), whole.end()]);
    const pieces = createJsonValues();
    const got = [...text].map((letter) => Buffer.from(pieces.push(Buffer.from(letter))));
    expect(Buffer.concat([...got, pieces.end()]).toString()).toBe(expected.toString());
  });
  fc.assert(property, { numRuns: 1000 });
});

test('a damaged first line does not make its file another layout', () => {
  for (const first of [
    '{"type":"page_view","time":"20',
    '{"type":"page_view",',
    '{"a":1}}',
    '{a}',
    '[2026-01-01] log',
  ])
    expect(jsonLayout(Buffer.from(`${first}\n{"type":"page_view"}\n`), true), first).toBe('lines');
});

test('what is damaged in a list is a line of its own, and what follows counts', async () => {
  const lines = await linesOf(['[\n{"a":1},\n{"b":"cut\n,{"c":3},\nnonsense\n{"d":{"e":[4]}}\n]']);
  expect(lines).toEqual(['{"a":1}', '{"b":"cut', '{"c":3}', 'nonsense', '{"d":{"e":[4]}}']);
});

test('a file that is cut off keeps its whole values', async () => {
  expect(await linesOf(['[{"a":1},{"b":2},{"c'])).toEqual(['{"a":1}', '{"b":2}', '{"c']);
  expect(await linesOf(['{"orders":[{"a":1},{"b"'])).toEqual(['{"a":1}', '{"b"']);
});

test('a byte order mark is none of the values', async () => {
  expect(await linesOf(['\ufeff[\n  {"a": 1}\n]'])).toEqual(['{"a": 1}']);
});
