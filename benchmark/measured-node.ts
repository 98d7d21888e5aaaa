import { spawn } from 'node:child_process';
import { packageFile } from '../src/package-root.ts';

/** What a process has cost. */
export interface Cost {
  readonly stdout: string;
  /** From its start to its end. */
  readonly seconds: number;
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  readonly peakMB: number;
  /** The same up to its first output; to its end where it has none. */
  readonly first: { readonly seconds: number; readonly cpuSeconds: number };
}

/** Set where a process is to end with its first output. */
export const END_AT_OUTPUT = 'BENCH_END_AT_OUTPUT';

/** Makes a process write at its end, into a pipe of its own, what it has used: all systems tell that of oneself. */
const TELL_COST = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  import { isMainThread } from 'node:worker_threads';
  const now = () => ({ ...process.resourceUsage(), at: Date.now() });
  let first;
  if (isMainThread) {
    const { write } = process.stdout;
    process.stdout.write = function (...args) {
      first ??= now();
      const done = write.apply(this, args);
      if (process.env.${END_AT_OUTPUT} !== undefined) write.call(this, '', () => process.exit(0));
      return done;
    };
    process.on('exit', () => writeSync(3, JSON.stringify({ first: first ?? now(), last: now() })));
  }
`)}`;

/**
 * Runs Node.js in the package's folder, to its end.
 * @param onOutput called at its first output
 * @throws Error where it ends with another code than 0
 */
export async function runNode(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  onOutput: () => void = () => {},
): Promise<Cost> {
  const started = performance.now();
  const startedAt = Date.now();
  const child = spawn(process.execPath, ['--import', TELL_COST, ...args], {
    cwd: packageFile('.'),
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  child.stdout!.once('data', onOutput);
  const texts = child.stdio.slice(1).map((stream) => {
    const chunks: Buffer[] = [];
    stream!.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString('utf8');
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const seconds = (performance.now() - started) / 1000;
  const [stdout, stderr, usage] = texts.map((text) => text());
  if (code !== 0) throw new Error(`node ${args.join(' ').slice(0, 200)} ended with ${code}: ${stderr}`);
  type Usage = NodeJS.ResourceUsage & { readonly at: number };
  const { first, last } = JSON.parse(usage!) as Record<'first' | 'last', Usage>;
  const cpuSeconds = ({ userCPUTime, systemCPUTime }: Usage): number => (userCPUTime + systemCPUTime) / 1e6;
  return {
    stdout: stdout!,
    seconds,
    cpuSeconds: cpuSeconds(last),
    peakMB: (last.maxRSS * 1024) / 1e6,
    first: { seconds: (first.at - startedAt) / 1000, cpuSeconds: cpuSeconds(first) },
  };
}
