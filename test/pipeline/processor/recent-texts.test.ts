import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../../src/pipeline/events/bytes.ts';
import { RecentTexts } from '../../../src/pipeline/processor/recent-texts.ts';

// Longer and shorter than what a length of one byte tells.
const text = fc.oneof(
  fc.constantFrom('', 'a', 'b', '茶', 'ab'),
  fc.constantFrom('x'.repeat(127), 'x'.repeat(128), 'x'.repeat(1000)),
);

test('the last few different texts are kept, the latest last, and come back from their bytes', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (noted, most) => {
      let recent = new RecentTexts(most);
      let expected: string[] = [];
      for (const [i, one] of noted.entries()) {
        const bytes = Buffer.from(`..${one}.`);
        recent.note(bytes, 2, bytes.length - 3);
        expected = [...expected.filter((other) => other !== one), one].slice(-most);
        expect(recent.texts()).toEqual(expected);
        if (i % 3 > 0) continue;
        const writer = new ByteWriter();
        recent.write(writer);
        const reader = new ByteReader(writer.slice());
        expect(reader.texts()).toEqual(expected);
        recent = new RecentTexts(most);
        recent.note(bytes, 0, 2);
        recent.read(new ByteReader(writer.slice()));
        expect(() => recent.read(new ByteReader(writer.slice().subarray(0, -1)))).toThrow(RangeError);
        recent.read(new ByteReader(writer.slice()));
      }
    }),
    { numRuns: 500 },
  );
});
