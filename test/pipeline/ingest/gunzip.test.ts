import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gunzipped } from '../../../src/pipeline/ingest/gunzip.ts';

const TEXT = Buffer.from(Array.from({ length: 50_000 }, (_, i) => `line ${i * 7919}\n`).join(''));

async function unpack(packed: Buffer, size = 10_000) {
  async function* chunks() {
    for (let at = 0; at < packed.length; at += size) yield packed.subarray(at, at + size);
  }
  const [out, warnings]: [Buffer[], string[]] = [[], []];
  let error: unknown;
  try {
    for await (const chunk of gunzipped(chunks(), 'f.gz', (text) => warnings.push(text))) out.push(chunk);
  } catch (thrown) {
    error = thrown;
  }
  return { bytes: Buffer.concat(out), warnings, error };
}

const packed = gzipSync(TEXT);

test.each([
  ['text', Buffer.from('\n-- \nsent by a server')],
  ['one byte', Buffer.from('x')],
  ['much', Buffer.alloc(300_000, 'abc')],
  ['what begins like gzip and is none', Buffer.from([0x1f, 0x00, 1, 2, 3])],
])('%s behind the end is told, and all that is packed is there', async (_, garbage) => {
  for (const size of [10_000, 1_000_000, packed.length]) {
    const { bytes, warnings, error } = await unpack(Buffer.concat([packed, garbage]), size);
    expect(error).toBeUndefined();
    expect(bytes.equals(TEXT)).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('f.gz goes on behind the end')]);
  }
});

test('members one after the other, and zeros behind them, are nothing odd', async () => {
  const { bytes, warnings, error } = await unpack(Buffer.concat([packed, packed, Buffer.alloc(1000)]));
  expect([bytes.length, warnings, error]).toEqual([2 * TEXT.length, [], undefined]);
});

test('what comes before damage is given before that is thrown', async () => {
  const half = packed.length >> 1;
  const cut = await unpack(packed.subarray(0, half));
  expect(cut.error).toMatchObject({ code: 'Z_BUF_ERROR' });
  const damaged = await unpack(Buffer.concat([packed.subarray(0, half), packed.subarray(half + 1000)]));
  expect(damaged.error).toMatchObject({ code: 'Z_DATA_ERROR' });
  const third = TEXT.length / 3;
  for (const { bytes } of [cut, damaged])
    expect(bytes.subarray(0, third).equals(TEXT.subarray(0, third))).toBe(true);
});

test.each([
  ['checksum', 8, 'incorrect data check'],
  ['length', 4, 'incorrect length check'],
])('a wrong %s is damage', async (_, back, message) => {
  const wrong = Buffer.from(packed);
  wrong[wrong.length - back]! ^= 1;
  const { bytes, error } = await unpack(wrong);
  expect([bytes.length, error]).toMatchObject([TEXT.length, { code: 'Z_DATA_ERROR', message }]);
});

test('a header may have a name, a comment, a checksum and more', async () => {
  const extra = [3, 0, 1, 2, 3];
  const [name, comment] = [Buffer.from('a.jsonl\0'), Buffer.from('of the shop\0')];
  const header = Buffer.from([
    0x1f,
    0x8b,
    8,
    2 | 4 | 8 | 16,
    0,
    0,
    0,
    0,
    0,
    3,
    ...extra,
    ...name,
    ...comment,
    9,
    9,
  ]);
  for (const size of [1, 100_000]) {
    const { bytes, error } = await unpack(Buffer.concat([header, packed.subarray(10)]), size);
    expect([bytes.equals(TEXT), error]).toEqual([true, undefined]);
  }
});
