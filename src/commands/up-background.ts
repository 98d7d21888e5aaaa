import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { type Config, childEnvironment } from '../config.ts';
import { EcomError, type ErrorCode, errorMessage } from '../errors.ts';
import { logFile, logsDir } from '../log.ts';
import { packageFile } from '../package-root.ts';
import { visibleLine } from '../visible-text.ts';
import { type CommandContext } from './context.ts';
import { shellWord } from './folder-option.ts';
import { tell } from './output.ts';
import { type ShopChoice } from './shop-choice.ts';
import { type UpOptions } from './up-options.ts';

/** What the process in the background tells the one that started it, once. */
type StartReport =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint?: string };

/**
 * Starts `ecom up` as a process of its own that outlives the terminal, and waits until its workers are ready.
 * @throws EcomError as that process reports it; nothing is left running then
 */
export async function startInBackground(
  context: CommandContext,
  options: UpOptions,
  { config, simulate, notes }: ShopChoice,
): Promise<void> {
  const { stderr } = context;
  const child = launch(config, { ...options, simulate });
  await started(child, context.signal);
  child.unref();
  for (const note of notes) tell(stderr, note);
  const folder = visibleLine(`--data-dir ${shellWord(config.dataDir)}`);
  stderr.write(
    `ecom is running in the background, process ${child.pid}\n` +
      `  watch it:  ecom dashboard ${folder}\n` +
      `  numbers:   ecom stats ${folder}\n` +
      `  stop it:   ecom down ${folder}\n`,
  );
}

/** Whether this process was started by `startInBackground`. */
export function isBackground(): boolean {
  return process.send !== undefined;
}

/** Tells the starting process that all is ready, or why it is not; in the foreground it does nothing. */
export async function reportStart(failure?: unknown): Promise<void> {
  if (!process.connected) return;
  const { code, hint } =
    failure instanceof EcomError ? failure : { code: 'UNAVAILABLE' as const, hint: undefined };
  const report: StartReport =
    failure === undefined
      ? { type: 'ready' }
      : { type: 'failed', code, message: errorMessage(failure), ...(hint === undefined ? {} : { hint }) };
  await new Promise<void>((resolve) => process.send!(report, undefined, undefined, () => resolve()));
  if (process.connected) process.disconnect();
}

function launch(config: Config, options: UpOptions): ChildProcess {
  mkdirSync(logsDir(config), { recursive: true, mode: 0o700 });
  // What it says on standard error is kept with the supervisor's log; its numbers nobody reads.
  const output = openSync(logFile(config, 'supervisor'), 'a', 0o600);
  const args = [
    packageFile('bin', 'ecom.js'),
    'up',
    '--no-dashboard',
    `--data-dir=${config.dataDir}`,
    `--rate=${options.rate}`,
    `--seed=${options.seed}`,
    `--dirty=${options.dirty}`,
    `--processors=${options.processors}`,
    ...(options.stack === undefined ? [] : [`--stack=${options.stack}`]),
    options.generator !== undefined
      ? `--${options.generator ? '' : 'no-'}generator`
      : options.simulate
        ? '--simulate'
        : '--no-generator',
  ];
  try {
    return spawn(process.execPath, args, {
      detached: true,
      cwd: config.dataDir,
      env: childEnvironment(config),
      stdio: ['ignore', 'ignore', output, 'ipc'],
    });
  } finally {
    closeSync(output);
  }
}

async function started(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const interrupt = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', interrupt);
  const report = await new Promise<StartReport>((resolve) => {
    const failed = (message: string): void => resolve({ type: 'failed', code: 'UNAVAILABLE', message });
    child.on('message', resolve as (message: unknown) => void);
    child.on('error', (error) => failed(`cannot start a process: ${error.message}`));
    child.on('exit', (code, killer) =>
      failed(`the process in the background ended with ${killer ?? `code ${code}`} before it was ready`),
    );
  });
  signal.removeEventListener('abort', interrupt);
  if (child.connected) child.disconnect();
  if (signal.aborted) throw signal.reason;
  if (report.type === 'ready') return;
  throw new EcomError(report.code, report.message, { hint: report.hint ?? 'see ecom logs supervisor' });
}
