import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../src/package-root.ts';
import { writeLines } from './file.ts';
import { FILE_SHAPES } from './file-shapes.ts';
import { type Benchmark, type Figure } from './harness.ts';
import { type Cost, runNode } from './measured-node.ts';
import { cpuSeconds, missingServers, serverProcesses, withServices } from './services.ts';

const EVENTS = 1_000_000;

/**
 * From a file to its numbers through the test servers, which share the machine: `ecom ingest`, as a user runs it, with what it costs
 * the client and each server, an event.
 */
export const servers: Benchmark = async ({ scale, note, events, shapes = ['generated'] }) => {
  const missing = missingServers();
  if (missing.length > 0) {
    note(`skipped: ${missing.join(', ')} not set (bash scripts/services.sh up, then its env)`);
    return [];
  }
  const count = Math.max(1, events ?? Math.round(EVENTS * scale));
  const figures: Figure[] = [];
  for (const name of shapes) figures.push(...(await measure(name, count, note)));
  return figures;
};

function measure(name: string, count: number, note: (text: string) => void): Promise<Figure[]> {
  return withServices(async (config) => {
    const shape = FILE_SHAPES[name]!;
    const path = join(config.dataDir, `${name}.${shape.layout === 'csv' ? 'csv' : 'jsonl'}`);
    writeLines(path, shape.lines(count));
    note(`${name}: ${count} events, ${(statSync(path).size / 1e6).toFixed(0)} MB`);
    const env = { ...process.env, ...config.env };
    const command = (args: string[], onOutput?: () => void): Promise<Cost> =>
      runNode([packageFile('bin', 'ecom.js'), ...args], env, onOutput);
    const before = usedByServers();
    let counted = before;
    const { first, cpuSeconds: learned } = await command(['ingest', path], () => {
      counted = usedByServers();
    });
    const after = usedByServers();
    rmSync(path);
    const { stdout } = await command(['stats', '--window', 'all', '--json']);
    const { kpis } = JSON.parse(stdout) as { kpis: { events: number } };
    if (kpis.events !== count) throw new Error(`${kpis.events} of ${count} events of ${path} were counted`);

    const micros = (seconds: number): number => Math.round((seconds / count) * 1e7) / 10;
    const between = (since: Map<string, number>, until: Map<string, number>) => {
      const each = [...until].map(
        ([server, seconds]) => [server, micros(seconds - since.get(server)!)] as const,
      );
      const value = Math.round(each.reduce((sum, [, one]) => sum + one, 0) * 10) / 10;
      const detail = each.filter(([, one]) => one >= 0.1).map(([server, one]) => `${server} ${one}`);
      return { value, unit: 'µs/event', detail: detail.join(', ') };
    };
    const rate = Math.round(count / first.seconds);
    const counting = between(before, counted);
    note(`${name}: ${rate} events/s, ${micros(first.cpuSeconds)} µs; of the servers: ${counting.detail}`);
    return [
      { name: `${name}, file to stats on servers`, value: rate, unit: 'events/s', detail: `${count} events` },
      { name: `${name}, CPU of ecom`, value: micros(first.cpuSeconds), unit: 'µs/event' },
      { name: `${name}, CPU of ecom with learning`, value: micros(learned), unit: 'µs/event' },
      { name: `${name}, CPU of the servers`, ...counting },
      { name: `${name}, CPU of the servers for learning`, ...between(counted, after) },
    ];
  });
}

/** By name, s. */
function usedByServers(): Map<string, number> {
  return new Map([...serverProcesses()].map(([name, pid]) => [name, cpuSeconds(pid)]));
}
