// npm run bench -- [NAME…] [--json] [--scale N]
import { parseArgs } from 'node:util';
import { coldStart, firstFrame } from './cold-start.ts';
import { endToEnd, servicesEndToEnd } from './end-to-end.ts';
import { foldIn } from './fold-in.ts';
import { footprint } from './footprint.ts';
import { type Benchmark, type Figure } from './harness.ts';
import { latency, servicesLatency } from './latency.ts';
import { memory } from './memory.ts';
import { modelMemory } from './model-memory.ts';
import { recommenders } from './recommenders.ts';
import { servicesSnapshot, snapshot } from './snapshot.ts';
import { tastes } from './tastes.ts';

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
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
  'services-end-to-end': servicesEndToEnd,
  'services-latency': servicesLatency,
  'services-snapshot': servicesSnapshot,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, scale: { type: 'string', default: '1' } },
});
const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
const unknown = names.filter((name) => BENCHMARKS[name] === undefined);
if (unknown.length > 0 || !(Number(values.scale) > 0)) {
  process.stderr.write(
    `usage: npm run bench -- [--json] [--scale N] [${Object.keys(BENCHMARKS).join(' | ')}]\n`,
  );
  process.exit(2);
}

const figures: Figure[] = [];
for (const name of names) {
  const note = (text: string): void => void process.stderr.write(`${name}: ${text}\n`);
  figures.push(...(await BENCHMARKS[name]!({ scale: Number(values.scale), note })));
}
if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
else {
  for (const { name, value, unit, ratio, baseline, detail } of figures) {
    const compared = ratio === undefined ? '' : ` = ${ratio.toFixed(2)} × ${baseline} ${unit}`;
    process.stdout.write(
      `${name.padEnd(32)} ${String(value).padStart(8)} ${unit}${compared}\n${detail ? `    ${detail}\n` : ''}`,
    );
  }
}
