import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseCsvMap } from '../src/pipeline/events/formats/csv-map.ts';
import { FORMAT_NAMES } from '../src/pipeline/events/formats/format.ts';
import { readAll, recognise } from './pipeline/events/formats/read.ts';
import { newShop } from './support/counted.ts';
import { file } from './support/file.ts';

const DOCS = readFileSync(new URL('../docs/formats.md', import.meta.url), 'utf8');
/** What stands there as `**format** → types` with lines between fences below. */
const EXAMPLES = [...DOCS.matchAll(/^\*\*([\w-]+)\*\* → (.+)\n\n```\w+\n([\s\S]*?)\n```$/gm)].map(
  ([, format, types, text]) => ({ format: format!, types: types!.split(', '), text: text! }),
);
const MAP = /^and sales.map.json is\n\n```json\n([\s\S]*?)\n```$/m.exec(DOCS)![1]!;

test('every format has an example in its documentation', () => {
  expect(new Set(EXAMPLES.map(({ format }) => format))).toEqual(new Set(FORMAT_NAMES));
});

test.each(EXAMPLES)('the example of $format is read as $types', async ({ format, types, text }) => {
  const isMapped = format === 'csv';
  const lines = text.split('\n');
  if (!isMapped) expect(recognise(...lines)).toBe(format);
  const events = readAll(`${text}\n`, isMapped ? { format: 'csv', map: parseCsvMap(MAP, 'map') } : undefined);
  expect(new Set(events.map((event) => (event as { type?: string }).type ?? event))).toEqual(new Set(types));
  const shop = newShop();
  const { answer } = await shop.ingest(file(...lines), isMapped ? { map: file(MAP) } : {});
  expect(answer).toMatchObject({ format, rejected: { total: 0 }, leftOut: {} });
  if (types.includes('purchase')) expect((await shop.stats()).kpis.orders).toBe(1);
});
