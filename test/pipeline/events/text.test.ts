import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exceedsBytes, isPlain, mendSurrogates, stripControls } from '../../../src/pipeline/events/text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 50 });

describe('stripControls', () => {
  test('takes out what could forge what a terminal shows', () => {
    expect(stripControls('red \u001b[31mtext\u001b[0m')).toBe('red [31mtext[0m');
    expect(stripControls('a\u0000b\u009bc\u202ed\u2066e\u061cf')).toBe('abcdef');
    expect(stripControls('two\r\nlines')).toBe('two lines');
    expect(stripControls('Größe 👩‍🚀 日本')).toBe('Größe 👩‍🚀 日本');
  });

  test('leaves no control character in any text, and a clean text as it is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = stripControls(text);
        expect(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(clean)).toBe(false);
        expect(stripControls(clean)).toBe(clean);
      }),
    );
  });
});

test('a line of JSON that is plain holds no control character in any string', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, anyText), (value) => {
      const line = JSON.stringify(value);
      fc.pre(isPlain(line));
      for (const text of Object.entries(value).flat()) expect(stripControls(text)).toBe(text);
    }),
  );
  expect(isPlain('{"a":"b"}')).toBe(true);
  expect(isPlain('{"a":"\\u0007"}')).toBe(false);
});

test('halves of surrogate pairs become U+FFFD, whole pairs stay', () => {
  expect(mendSurrogates('a\ud800b 😀 \udc00')).toBe('a\ufffdb 😀 \ufffd');
});

test('exceedsBytes counts UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.nat(80), (text, limit) => {
      expect(exceedsBytes(text, limit)).toBe(Buffer.byteLength(text) > limit);
    }),
  );
});
