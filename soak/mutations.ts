import { type Random } from '../src/pipeline/generator/random.ts';

/** Spoils a line in one way; it may come to hold line ends, and bytes that are no UTF-8. */
type Mutation = (line: Buffer, random: Random) => Buffer;

const HUGE_NUMBERS = [
  '1e999',
  '-1e999',
  '1e308',
  '5e-324',
  '-0',
  '9007199254740993',
  '99999999999999999999999999',
  `0.${'3'.repeat(400)}`,
  '9'.repeat(400),
  '-1',
  '0',
  '8640000000000001',
] as const;

/** Raw, and as JSON and CSV may hold them. */
const CONTROLS = [
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\u202e',
  '\u2028',
  '\ufeff',
  '\u0000',
  '\u0008',
  '\r',
  '\\u001b[2J',
  '\\u0000',
  '\\ud800',
  '\\u202e',
  '\u{e0001}',
] as const;

const BROKEN_UTF8 = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe9]] as const;

const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  'toJSON',
] as const;

const DEPTHS = [50, 500, 5000, 20_000] as const;

/** Swaps something for something else at a place of a text that a pattern matches, if it matches at all. */
function replaceOne(line: Buffer, pattern: RegExp, random: Random, by: (match: string) => string): Buffer {
  const text = line.toString('utf8');
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return line;
  const { 0: match, index } = random.pick(matches);
  return Buffer.from(text.slice(0, index) + by(match) + text.slice(index + match.length));
}

function insert(line: Buffer, random: Random, bytes: Uint8Array): Buffer {
  const at = random.below(line.length + 1);
  return Buffer.concat([line.subarray(0, at), bytes, line.subarray(at)]);
}

/** A value of JSON, or a field of a CSV. */
const VALUE = /(?<=:)(?:"[^"]*"|[\d.-]+|true|null)|(?<=^|,|;)[^,;"{}[\]]+(?=,|;|$)/g;
const NUMBER = /-?\d+(?:\.\d+)?/g;
const KEY = /"[^"]*"(?=:)/g;

const cut: Mutation = (line, random) => line.subarray(0, random.below(line.length + 1));

const double: Mutation = (line, random) => {
  const from = random.below(line.length);
  const to = Math.min(line.length, from + 1 + random.below(20));
  return Buffer.concat([line.subarray(0, to), line.subarray(from)]);
};

const swap: Mutation = (line, random) => {
  const text = line.toString('utf8');
  const matches = [...text.matchAll(VALUE)];
  if (matches.length < 2) return line;
  const [a, b] = [random.pick(matches), random.pick(matches)].sort((x, y) => x.index - y.index) as [
    RegExpExecArray,
    RegExpExecArray,
  ];
  if (a === b) return line;
  const between = text.slice(a.index + a[0].length, b.index);
  return Buffer.from(text.slice(0, a.index) + b[0] + between + a[0] + text.slice(b.index + b[0].length));
};

const nest: Mutation = (line, random) => {
  const depth = random.pick(DEPTHS.slice(0, random.chance(0.02) ? DEPTHS.length : 2));
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
  ] as const);
  return replaceOne(line, VALUE, random, (match) => open.repeat(depth) + match + close.repeat(depth));
};

/** An unknown field in front, which a parser takes and a writer may not. */
const nestUnknown: Mutation = (line, random) => {
  const depth = random.pick(DEPTHS.slice(0, random.chance(0.02) ? DEPTHS.length : 2));
  const text = line.toString('utf8');
  return text.startsWith('{')
    ? Buffer.from(`{"x":${'['.repeat(depth)}${']'.repeat(depth)},${text.slice(1)}`)
    : line;
};

const huge: Mutation = (line, random) => replaceOne(line, NUMBER, random, () => random.pick(HUGE_NUMBERS));
const control: Mutation = (line, random) => insert(line, random, Buffer.from(random.pick(CONTROLS)));
const broken: Mutation = (line, random) => insert(line, random, Buffer.from(random.pick(BROKEN_UTF8)));
const nothing: Mutation = (line, random) =>
  replaceOne(line, VALUE, random, () => random.pick(['null', '', '""', '[]', '{}', 'true']));
const prototype: Mutation = (line, random) =>
  replaceOne(line, random.chance(0.5) ? KEY : VALUE, random, (match) =>
    match.startsWith('"') ? `"${random.pick(NAMES)}"` : random.pick(NAMES),
  );
const lineEnd: Mutation = (line, random) => insert(line, random, Buffer.from(random.pick(['\n', '\r\n'])));
const blank: Mutation = (_, random) => Buffer.from(random.pick(['', ' ', '\t', '\r', '  \r']));
const long: Mutation = (line, random) =>
  replaceOne(line, VALUE, random, (match) => {
    const size = random.chance(0.005) ? 2_000_000 : random.pick([300, 3000, 30_000]);
    return match.startsWith('"') ? `"${'x'.repeat(size)}"` : 'x'.repeat(size);
  });

const quote: Mutation = (line, random) => {
  if (random.chance(0.5)) return insert(line, random, Buffer.from('"'));
  return replaceOne(line, /"/g, random, () => '');
};

const MUTATIONS: readonly Mutation[] = [
  cut,
  double,
  swap,
  nest,
  nestUnknown,
  huge,
  huge,
  control,
  control,
  nothing,
  nothing,
  prototype,
  prototype,
  quote,
  lineEnd,
  blank,
];

/** Every so many lines one is spoilt in a way of which a source bears only a little, as what is no text is refused whole. */
const RARE = 0.03;
const UNSPOILT = 0.2;

/** Spoils a line in up to three ways. */
export function mutate(line: string, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(line);
  if (random.chance(UNSPOILT)) return bytes;
  for (let left = 1 + random.below(3); left > 0 && bytes.length > 0; left -= 1) {
    const mutation = random.chance(RARE) ? random.pick([broken, long]) : random.pick(MUTATIONS);
    bytes = mutation(bytes, random);
  }
  return bytes;
}
