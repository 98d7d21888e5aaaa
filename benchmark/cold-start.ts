import { spawnSync } from 'node:child_process';
import { type Config } from '../src/config.ts';
import { packageFile } from '../src/package-root.ts';
import { openDocumentStore } from '../src/pipeline/document-store/open.ts';
import { openEventLog } from '../src/pipeline/event-log/open.ts';
import { openLiveStore } from '../src/pipeline/live-store/open.ts';
import { createProcessor } from '../src/pipeline/processor/processor.ts';
import { trainAndPublish } from '../src/pipeline/recommender/recommender.ts';
import { DEFAULT_SETTINGS } from '../src/pipeline/recommender/settings.ts';
import { type Benchmark, type Figure, makeRecords, median, withDataDir } from './harness.ts';

const RUNS = 25;
const EVENTS = 50_000;

/** Fills the stores of a data folder. */
export async function fill(config: Config, events: number): Promise<void> {
  const [log, documents, live] = [
    await openEventLog(config),
    await openDocumentStore(config),
    await openLiveStore(config),
  ];
  await log.append(makeRecords(events, 100, Date.now() - (events / 100) * 1000));
  const processor = createProcessor({
    log,
    documents,
    live,
    settings: { currency: config.currency, ...config.layout },
  });
  while ((await processor.step()) > 0);
  await Promise.all([log.close(), documents.close(), live.close()]);
}

const ECOM = packageFile('bin', 'ecom.js');

/** Commands that read against a Node.js that does nothing, in turns: first without `ecom up`, then under one. */
export const coldStart: Benchmark = ({ scale, note }) =>
  withDataDir(async (config) => {
    await fill(config, EVENTS);
    const user = await learn(config);
    const folder = ['--data-dir', config.dataDir];
    const commands = [
      ['stats', '--json', ...folder],
      ['recommend', '--user', user, '--json', ...folder],
    ];
    const runs = Math.max(5, Math.round(RUNS * scale));
    const measure = (how: string, lines: readonly (readonly string[])[]): Figure[] => {
      const times = lines.map((): number[] => []);
      const bare: number[] = [];
      for (let run = 0; run < runs; run += 1) {
        bare.push(timeNode(['-e', '0']));
        lines.forEach((line, i) => {
          times[i]!.push(timeNode([ECOM, ...line]));
        });
      }
      const baseline = median(bare);
      return lines.map((line, i) => {
        const value = median(times[i]!);
        const name = line.includes('--json') ? `${line[0]} --json` : line[0]!;
        note(`${name}, ${how}: ${value.toFixed(0)} ms, bare node ${baseline.toFixed(0)} ms`);
        return {
          name: `${name}, ${how}`,
          value: Math.round(value),
          unit: 'ms',
          baseline: Math.round(baseline),
          ratio: value / baseline,
          detail: `median of ${runs}, ${EVENTS} events in the store; baseline: node -e 0`,
        };
      });
    };
    const cold = measure('cold', [...commands, ['--version'], ['--help']]);
    timeNode([ECOM, 'up', '--detach', '--no-generator', ...folder]);
    try {
      return [...cold, ...measure('under up', commands)];
    } finally {
      timeNode([ECOM, 'down', ...folder]);
    }
  });

/** Trains on what is in the stores. @returns a shopper who has looked at many products */
async function learn(config: Config): Promise<string> {
  const [documents, live] = [await openDocumentStore(config), await openLiveStore(config)];
  const { length: partitions } = await live.positions();
  await trainAndPublish({ documents, live, partitions, settings: DEFAULT_SETTINGS }, Date.now());
  const counts = new Map<string, number>();
  for (let partition = 0; partition < partitions; partition += 1) {
    const { events } = await documents.readEvents(partition, 0, 10_000);
    for (const { event } of events) {
      if (event.userId !== undefined && event.type === 'view_item')
        counts.set(event.userId, (counts.get(event.userId) ?? 0) + 1);
    }
  }
  await Promise.all([documents.close(), live.close()]);
  return [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most), ['', 0])[0];
}

function timeNode(args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - started;
}

/** From the start of `ecom dashboard` until its first numbers are on the screen. */
export const firstFrame: Benchmark = ({ scale, note }) =>
  withDataDir(async (config) => {
    await fill(config, EVENTS);
    const { spawn: openTerminal } = await import('@lydell/node-pty');
    const times: number[] = [];
    for (let run = 0; run < Math.max(3, Math.round(7 * scale)); run += 1) {
      const started = performance.now();
      const args = [ECOM, 'dashboard', '--data-dir', config.dataDir];
      const terminal = openTerminal(process.execPath, args, { cols: 80, rows: 24, env: process.env });
      let screen = '';
      await new Promise<void>((resolve, reject) => {
        terminal.onData((data) => {
          screen += data;
          if (/orders/i.test(screen)) resolve();
        });
        terminal.onExit(() => reject(new Error(`the dashboard ended: ${screen}`)));
      });
      times.push(performance.now() - started);
      terminal.write('q');
      terminal.kill();
    }
    note(`first frame ${median(times).toFixed(0)} ms`);
    const detail = `median of ${times.length}, 80×24, from the start of the process`;
    return [{ name: 'dashboard, first frame', value: Math.round(median(times)), unit: 'ms', detail }];
  });
