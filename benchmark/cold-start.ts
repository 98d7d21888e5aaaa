import { spawnSync } from 'node:child_process';
import { type Config } from '../src/config.ts';
import { packageFile } from '../src/package-root.ts';
import { openDocumentStore } from '../src/pipeline/document-store/open.ts';
import { openEventLog } from '../src/pipeline/event-log/open.ts';
import { openLiveStore } from '../src/pipeline/live-store/open.ts';
import { createProcessor } from '../src/pipeline/processor/processor.ts';
import { type Benchmark, makeRecords, median, withDataDir } from './harness.ts';

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

/** `ecom stats --json` against a Node.js that does nothing, in turns. */
export const coldStart: Benchmark = ({ scale, note }) =>
  withDataDir(async (config) => {
    await fill(config, EVENTS);
    const stats = [packageFile('bin', 'ecom.js'), 'stats', '--json', '--data-dir', config.dataDir];
    const [ours, bare]: [number[], number[]] = [[], []];
    const runs = Math.max(5, Math.round(RUNS * scale));
    for (let run = 0; run < runs; run += 1) {
      bare.push(timeNode(['-e', '0']));
      ours.push(timeNode(stats));
    }
    const [value, baseline] = [median(ours), median(bare)];
    note(`stats ${value.toFixed(0)} ms, bare node ${baseline.toFixed(0)} ms`);
    return [
      {
        name: 'stats --json, cold',
        value: Math.round(value),
        unit: 'ms',
        baseline: Math.round(baseline),
        ratio: value / baseline,
        detail: `median of ${runs}, ${EVENTS} events in the store; baseline: node -e 0`,
      },
    ];
  });

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
      const args = [packageFile('bin', 'ecom.js'), 'dashboard', '--data-dir', config.dataDir];
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
