import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import {
  type Config,
  type ConfigFlags,
  loadConfig,
  readTerminalSettings,
  requireNamedFiles,
} from '../config.ts';
import { EcomError, errorCode, errorMessage } from '../errors.ts';
import { redactUrls } from '../redact.ts';
import { loadShownConfig } from '../shop-folder.ts';
import { requireTrusted } from '../trust.ts';
import { VERSION } from '../version.ts';
import { visibleLine, visibleText } from '../visible-text.ts';
import { type CommandContext } from './context.ts';
import { demoOption } from './options.ts';

export const EXIT = { done: 0, failed: 1, usage: 2, condition: 3, interrupted: 130 } as const;

/** What a command line is run with: this process's own environment and streams, or those of one that asks. */
export interface Surroundings extends Pick<CommandContext, 'stdin' | 'stdout' | 'stderr' | 'signal'> {
  readonly env: NodeJS.ProcessEnv;
}

/** Whatever the commands are: the program that they are added to, what they get, and how they fail. */
export interface CommandLine {
  readonly program: Command;
  /** Adds a command on a data folder. */
  command(name: string, description: string): Command;
  /** Adds a command that can be about the simulated shop too. */
  shopCommand(name: string, description: string): Command;
  /** @param trusted whether the data folder has to be one that nobody else writes to: `doctor` says so itself */
  context(flags: ConfigFlags, trusted?: boolean): CommandContext;
  /** What a command that shows or controls a shop gets: the simulated one where no other has been begun, and it says so. */
  shownContext(flags: ConfigFlags, trusted?: boolean): CommandContext;
  /** Prints one line that says what and why, a second that says what to try, and returns the exit code. */
  fail(error: unknown): Promise<number>;
  report(message: string, hint: string | undefined): void;
}

export function createCommandLine(around: Surroundings): CommandLine {
  const { env } = around;
  const program = new Command('ecom')
    .description('Live shop analytics and recommendations in the terminal.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .configureHelp({ showGlobalOptions: false })
    // Every error is printed in one place, by `fail`.
    .configureOutput({ outputError: () => {}, writeOut: (text) => void around.stdout.write(text) })
    .exitOverride()
    .showHelpAfterError(false);
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--data-dir <dir>', 'folder of the data (default: $ECOM_DATA_DIR, else the platform’s)');
  /** The configuration of the command that runs: where its log is. */
  let latest: Config | undefined;

  function contextFor(config: Config, trusted: boolean): CommandContext {
    requireNamedFiles(config);
    if (trusted) requireTrusted(config.dataDir);
    latest = config;
    return {
      config,
      colour: readTerminalSettings(env).colour,
      // Made when asked for: each costs milliseconds of the start.
      get stdin() {
        return around.stdin;
      },
      get stdout() {
        return around.stdout;
      },
      get stderr() {
        return around.stderr;
      },
      get signal() {
        return around.signal;
      },
    };
  }

  function report(message: string, hint: string | undefined): void {
    const { stderr } = around;
    const colour = stderr.isTTY === true && readTerminalSettings(env).colour;
    const label = colour ? '\u001b[31merror:\u001b[39m' : 'error:';
    const advice = hint === undefined ? '' : `  try: ${visibleLine(redactUrls(hint))}\n`;
    const text = `${visibleLine(redactUrls(message))}\n${advice}`;
    stderr.write(`${label} ${text}`);
  }

  async function fail(error: unknown): Promise<number> {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      if (error.code === 'commander.help') return EXIT.usage;
      const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
      report(message, 'ecom --help lists the commands, ecom COMMAND --help their options');
      return EXIT.usage;
    }
    if (error instanceof EcomError) {
      if (error.code === 'INTERRUPTED') {
        if (error.hint !== undefined) around.stderr.write(`${visibleLine(error.hint)}\n`);
        return EXIT.interrupted;
      }
      report(error.message, await hintFor(latest, error));
      return error.code === 'USAGE' ? EXIT.usage : error.code === 'CONDITION' ? EXIT.condition : EXIT.failed;
    }
    if (errorCode(error) === 'EPIPE') return EXIT.done;
    const path = await noteUnexpected(latest, error);
    report(
      `unexpected: ${errorMessage(error).split('\n', 1)[0]}`,
      `this is a bug of ecom: report it, with ${path ?? 'what ECOM_LOG_LEVEL=debug adds'}`,
    );
    if (readTerminalSettings(env).debug && error instanceof Error)
      around.stderr.write(`${visibleText(redactUrls(error.stack ?? ''))}\n`);
    return EXIT.failed;
  }

  return {
    program,
    command,
    shopCommand: (name, description) => command(name, description).addOption(demoOption()),
    context: ({ dataDir, stack, demo }, trusted = true) =>
      contextFor(loadConfig({ dataDir, stack, demo }, env), trusted),
    shownContext(flags, trusted = true) {
      const { dataDir } = loadConfig(flags, env);
      const config = loadShownConfig(flags, env);
      const context = contextFor(config, trusted);
      if (config.dataDir !== dataDir)
        context.stderr.write(
          `${visibleLine(`there is no shop's data in ${dataDir}: this is the simulated shop`)}\n`,
        );
      return context;
    },
    fail,
    report,
  };
}

/** What to try, for the data folder of the command. */
async function hintFor(config: Config | undefined, { hint }: EcomError): Promise<string | undefined> {
  if (hint === undefined || config === undefined) return hint;
  return (await import('./folder-option.ts')).withFolder(hint, config);
}

/** Logs an error with its stack where there is a data folder. @returns the log's path */
async function noteUnexpected(config: Config | undefined, error: unknown): Promise<string | undefined> {
  if (config === undefined || !existsSync(config.dataDir)) return undefined;
  try {
    const { COMMANDS_LOG, createLogger, logFile } = await import('../log.ts');
    const logger = await createLogger(config, COMMANDS_LOG);
    logger.error({ err: error }, errorMessage(error));
    return logFile(config, COMMANDS_LOG);
  } catch {
    return undefined;
  }
}
