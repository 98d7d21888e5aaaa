// npm run bench -- [NAME…] [--json] [--scale N] [--events N] [--shape NAME…]
import { parseArgs } from 'node:util';
import { coldStart, firstFrame } from './cold-start.ts';
import { endToEnd, servicesEndToEnd } from './end-to-end.ts';
import { file } from './file.ts';
import { FILE_SHAPES } from './file-shapes.ts';
import { foldIn } from './fold-in.ts';
import { footprint } from './footprint.ts';
import { type Benchmark, type Figure } from './harness.ts';
import { latency, servicesLatency } from './latency.ts';
import { memory } from './memory.ts';
import { modelMemory } from './model-memory.ts';
import { recommenders } from './recommenders.ts';
import { servers } from './servers.ts';
import { servicesSnapshot, snapshot } from './snapshot.ts';
import { tastes } from './tastes.ts';

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  file,
  'end-to-end': endToEnd,
  latency,
  'cold-start': coldStart,
  'first-frame': firstFrame,
  memory,
  snapshot,
  footprint,
  recommenders,
  'fold-in': foldIn,
  'model-memory': modelMemory,
  tastes,
  servers,
  'services-end-to-end': servicesEndToEnd,
  'services-latency': servicesLatency,
  'services-snapshot': servicesSnapshot,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    scale: { type: 'string', default: '1' },
    events: { type: 'string' },
    shape: { type: 'string', multiple: true },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
const unknown = names.filter((name) => BENCHMARKS[name] === undefined);
const events = values.events === undefined ? undefined : Number(values.events);
const shapes = values.shape?.includes('all') ? Object.keys(FILE_SHAPES) : values.shape;
if (
  unknown.length > 0 ||
  !(Number(values.scale) > 0) ||
  (events !== undefined && !(Number.isInteger(events) && events > 0)) ||
  shapes?.some((name) => FILE_SHAPES[name] === undefined)
) {
  process.stderr.write(
    `usage: npm run bench -- [--json] [--scale N] [${Object.keys(BENCHMARKS).join(' | ')}]\n` +
      `       npm run bench -- file | servers [--events N] [--shape all | ${Object.keys(FILE_SHAPES).join(' | ')}]\n`,
  );
  process.exit(2);
}

const figures: Figure[] = [];
for (const name of names) {
  const note = (text: string): void => void process.stderr.write(`${name}: ${text}\n`);
  figures.push(...(await BENCHMARKS[name]!({ scale: Number(values.scale), note, events, shapes })));
}
if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
else {
  for (const { name, value, unit, ratio, baseline, detail } of figures) {
    const compared = ratio === undefined ? '' : ` = ${ratio.toFixed(2)} × ${baseline} ${unit}`;
    process.stdout.write(
      `${name.padEnd(36)} ${String(value).padStart(8)} ${unit}${compared}\n${detail ? `    ${detail}\n` : ''}`,
    );
  }
}
