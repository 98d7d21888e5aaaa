// npm run soak -- [PART…] [--kills N] [--lines N] [--faults N] [--seed TEXT]
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fuzzLines } from './fuzz.ts';
import { HEAP_MIB, type Outcome, type Part, type SoakOptions, STUCK_MS } from './harness.ts';
import { kill } from './kill.ts';
import { proxy } from './proxy.ts';

const PARTS: Readonly<Record<string, Part>> = { kill, fuzz: fuzzLines, proxy };

type FromPart =
  | { readonly note: string }
  | { readonly outcomes: readonly Outcome[] }
  | { readonly failure: string };

const USAGE = `usage: npm run soak -- [${Object.keys(PARTS).join(' | ')}] [--kills N] [--lines N] [--faults N] [--seed TEXT]\n`;

function refuse(why: string): never {
  process.stderr.write(`${why}${USAGE}`);
  process.exit(2);
}

function readArguments() {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        kills: text('500'),
        lines: text('1000000'),
        faults: text('500'),
        seed: text('soak'),
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return refuse(`${(error as Error).message}\n`);
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const [kills, lines, faults] = [Number(values.kills), Number(values.lines), Number(values.faults)];
const options: SoakOptions = { kills, lines, faults, seed: values.seed };
const names = positionals.length > 0 ? positionals : Object.keys(PARTS);
const counts = [kills, lines, faults];
if (names.some((name) => PARTS[name] === undefined) || !counts.every((n) => Number.isInteger(n) && n > 0)) {
  refuse('');
}

if (process.send !== undefined) await runHere(names[0]!);
else for (const name of names) report(name, await watch(name));

/** In a part's own process. */
async function runHere(name: string): Promise<void> {
  const tell = (message: FromPart): Promise<void> =>
    new Promise((resolve) => process.send!(message, undefined, undefined, () => resolve()));
  try {
    await tell({ outcomes: await PARTS[name]!(options, (note) => void tell({ note })) });
  } catch (error) {
    await tell({ failure: error instanceof Error ? `${error.stack}` : String(error) });
  }
  process.exit();
}

/** Runs a part in a process of its own, and ends it where it is stuck. */
async function watch(name: string): Promise<readonly Outcome[]> {
  const child = fork(process.argv[1]!, [name, ...process.argv.slice(2).filter((text) => !(text in PARTS))], {
    execArgv: [`--max-old-space-size=${HEAP_MIB}`],
  });
  let last = 'its start';
  let noted = performance.now();
  let outcomes: readonly Outcome[] | undefined;
  let problem = 'its process ended';
  child.on('message', (message: FromPart) => {
    noted = performance.now();
    if ('outcomes' in message) outcomes = message.outcomes;
    else if ('failure' in message) problem = message.failure;
    else {
      last = message.note;
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${name}: ${last}`);
    }
  });
  const gone = new Promise<'gone'>((resolve) => child.on('exit', () => resolve('gone')));
  while ((await Promise.race([gone, sleep(1000, 'on' as const)])) === 'on') {
    if (performance.now() - noted < STUCK_MS) continue;
    problem = `it is stuck: nothing for ${STUCK_MS / 1000} s`;
    child.kill('SIGKILL');
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  return outcomes ?? [{ line: 'did not end', problems: [`at ${last}: ${problem}`] }];
}

function report(name: string, outcomes: readonly Outcome[]): void {
  for (const { line, problems } of outcomes) {
    process.stdout.write(`${name.padEnd(5)} ${problems.length === 0 ? 'ok    ' : 'FAILED'} ${line}\n`);
    for (const problem of problems) process.stdout.write(`      ${problem}\n`);
    if (problems.length > 0) process.exitCode = 1;
  }
}
