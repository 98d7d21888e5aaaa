import { existsSync } from 'node:fs';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type CommandContext } from './commands/context.ts';
import {
  type Config,
  type ConfigFlags,
  loadConfig,
  readTerminalSettings,
  requireNamedFiles,
  STACKS,
} from './config.ts';
import { EcomError, errorCode, errorMessage, outputFailure } from './errors.ts';
import { ALGORITHMS, type AlgorithmName } from './ml/algorithm-names.ts';
import { SORT_KEYS, WINDOW_LABELS } from './pipeline/stats/types.ts';
import { redactUrls } from './redact.ts';
import { loadShownConfig } from './shop-folder.ts';
import { requireTrusted } from './trust.ts';
import { VERSION } from './version.ts';
import { visibleLine, visibleText, writeVisibly } from './visible-text.ts';

const EXIT = { done: 0, failed: 1, usage: 2, condition: 3, interrupted: 130 } as const;

/** A command's function gets the context, its arguments, then its options. It returns when done and throws to fail. */
function createProgram(): Command {
  const program = new Command('ecom')
    .description('Live shop analytics and recommendations in the terminal.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .configureHelp({ showGlobalOptions: false })
    // Every error is printed in one place, by `fail`.
    .configureOutput({ outputError: () => {}, writeOut: (text) => void guarded(process.stdout).write(text) })
    .exitOverride()
    .showHelpAfterError(false);
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--data-dir <dir>', 'folder of the data (default: $ECOM_DATA_DIR, else the platform’s)');

  /** A command that can be about the simulated shop too. */
  const shopCommand = (name: string, description: string): Command =>
    command(name, description).addOption(demoOption());

  shopCommand('up', 'start the shop’s pipeline; on a terminal it opens the dashboard')
    .option('-d, --detach', 'run in the background')
    .option('--rate <n>', 'simulated events a second', positive, 100)
    .option('--generator', 'simulated shoppers even in a shop that has events of its own')
    .option('--no-generator', 'simulate nothing: count what is ingested')
    .addOption(new Option('--simulate').hideHelp())
    .option('--seed <seed>', 'seed of the simulated shop', 'ecom')
    .option('--dirty <share>', 'share of malformed, late and duplicate events, 0 to 1', share, 0)
    .option('--processors <n>', 'number of processors that share the partitions', whole, 1)
    .addOption(stackOption())
    .option('--no-dashboard', 'print a line of numbers instead of the dashboard')
    .action(async (options) => (await import('./commands/up.ts')).up(contextFor(options), options));
  shopCommand('down', 'stop everything that ecom up started')
    .addOption(stackOption())
    .option('--volumes', 'with --stack docker: delete the servers’ data too')
    .action(async (options) => (await import('./commands/down.ts')).down(contextFor(options), options));
  shopCommand('status', 'show components, partitions and stores')
    .option('--json', 'print one JSON object')
    .option('--watch', 'repeat every second; with --json one object a line')
    .action(async (options) => (await import('./commands/status.ts')).status(shownContext(options), options));
  for (const verb of ['start', 'stop', 'restart'] as const) {
    shopCommand(verb, `${verb} a component: processor, generator, recommender or alerts`)
      .argument('<component>', 'a component, or one worker such as processor-2')
      .action(async (component, options) =>
        (await import('./commands/control.ts')).control(shownContext(options), verb, component),
      );
  }
  command('worker', 'run one more worker on shared stores, on this or any other host')
    .addArgument(new Argument('<component>').choices(['processor', 'recommender']))
    .option('--name <name>', 'its name in logs and status (default: the component)')
    .action(async (component, options) =>
      (await import('./commands/worker.ts')).worker(contextFor(options), component, options),
    );
  shopCommand('logs', 'show what the components of ecom up did and what went wrong, the newest lines last')
    .argument(
      '[component]',
      'supervisor, processor, generator, recommender or alerts, or commands: the unforeseen errors of commands (default: all)',
    )
    .option('-f, --follow', 'go on printing new lines, until Ctrl-C')
    .option('-n, --lines <n>', 'how many of the newest lines to print', whole, 100)
    .option('--json', 'print each line as the JSON object that is in the log file')
    .action(async (component, options) =>
      (await import('./commands/logs.ts')).logs(shownContext(options), component, options),
    );
  shopCommand('doctor', 'check the installation, the data folder and the stores')
    .option('--json', 'print one JSON object')
    .action(async (options) =>
      (await import('./commands/doctor.ts')).doctor(shownContext(options, false), options),
    );

  command('ingest', 'read the shop’s events from a file or from standard input')
    .argument('<file>', 'CSV or JSON lines, .gz too; - for standard input')
    .option(
      '--format <format>',
      'auto, native, segment, ga4, rees46, retailrocket, taobao, otto, online-retail or csv',
      'auto',
    )
    .option('--map <file>', 'JSON file that says which column of a CSV is what (see docs/formats.md)')
    .option('--speed <speed>', 'max, or a multiple of real time such as 60x', 'max')
    .addOption(
      new Option('--rebase <time>', 'move the events’ times so that they happen now').choices(['now']),
    )
    .option('--json', 'print the result as one JSON object')
    .action(async (file, options) =>
      (await import('./commands/ingest.ts')).ingest(contextFor(options), file, options),
    );
  shopCommand('rebuild', 'count everything again from the log, for another time zone or other properties')
    .option(
      '--force',
      'even where the log no longer holds all that was counted: the numbers of what is gone are lost',
    )
    .action(async (options) =>
      (await import('./commands/rebuild.ts')).rebuild(shownContext(options), options),
    );
  shopCommand('reset', 'empty the data folder, after a question')
    .option('--yes', 'delete without a question')
    .action(async (options) => (await import('./commands/reset.ts')).reset(contextFor(options), options));
  command('backup', 'write the data folder’s stores and settings into one file, while the shop runs')
    .argument('<file>', 'archive to write, such as shop.tar.gz')
    .option('--json', 'print one JSON object')
    .action(async (file, options) =>
      (await import('./commands/backup.ts')).backup(contextFor(options), file, options),
    );
  command('restore', 'put a back-up into the data folder')
    .argument('<file>', 'archive that ecom backup wrote')
    .option('--force', 'replace what is there')
    .option('--json', 'print one JSON object')
    .action(async (file, options) =>
      (await import('./commands/restore.ts')).restore(contextFor(options), file, options),
    );
  command('generate', 'write simulated events as JSON lines')
    .option('--count <n>', 'number of events', whole, 1000)
    .option('--rate <n>', 'events a second of the simulated shop', positive, 100)
    .option('--seed <seed>', 'the same seed gives the same bytes', 'ecom')
    .option('--start <time>', 'time of the first event, ISO 8601 or now', '2026-01-05T00:00:00Z')
    .option('--dirty <share>', 'share of malformed, late and duplicate events, 0 to 1', share, 0)
    .option('--paced', 'write at the rate of the shop instead of at once')
    .option('--out <file>', 'file to write; - for standard output', '-')
    .action(async (options) =>
      (await import('./commands/generate.ts')).generate(contextFor(options), options),
    );

  shopCommand('stats', 'print the shop’s numbers')
    .option(
      '--window <window>',
      'period up to now: 5m, 24h, 7d, all, or any length such as 45m (default: 24h)',
    )
    .addOption(fromOption())
    .addOption(toOption())
    .addOption(new Option('--compare <with>', 'show the change since').choices(['previous']))
    .addOption(whereOption())
    .option('--anomalies', 'mark hours that are unusual for their hour of the week')
    .option(
      '--by <dimension>',
      'break down by product, category, brand, recommender or a property such as country',
    )
    .addOption(
      new Option('--sort <key>', 'order of the top lists (default: revenue, or what there is)').choices(
        SORT_KEYS,
      ),
    )
    .option('--limit <n>', 'length of the top lists', whole, 10)
    .option('--json', 'print one JSON object')
    .option('--watch', 'repeat; with --json one object a line')
    .option('--interval <seconds>', 'seconds between repeats', positive, 2)
    .option('--fail-if <expression>', "exit with 3 where it holds, such as 'kpis.conversion.session<0.02'")
    .action(async (options) => (await import('./commands/stats.ts')).stats(shownContext(options), options));
  shopCommand('insights', 'show how shoppers behave: when they come, whether they come back, who buys')
    .addArgument(
      new Argument('[section]', 'only this one').choices([
        'activity',
        'cohorts',
        'segments',
        'search',
        'products',
      ]),
    )
    .option('--window <window>', 'period up to now: 24h, 30d, all, or any length such as 2w (default: 30d)')
    .addOption(fromOption())
    .addOption(toOption())
    .option('--limit <n>', 'length of the lists', whole, 10)
    .option('--json', 'print one JSON object')
    .action(async (section, options) =>
      (await import('./commands/insights.ts')).insights(shownContext(options), section, options),
    );
  shopCommand('alerts', 'show the rules of alerts and how it stands with them')
    .option('--json', 'print one JSON object')
    .action(async (options) => (await import('./commands/alerts.ts')).alerts(shownContext(options), options));
  shopCommand('export', 'write events, orders, products or sessions as CSV or JSON lines')
    .addOption(
      new Option('--what <what>', 'what to write')
        .choices(['events', 'orders', 'products', 'sessions'])
        .makeOptionMandatory(),
    )
    .addOption(new Option('--format <format>', 'csv or jsonl').choices(['csv', 'jsonl']).default('csv'))
    .addOption(fromOption())
    .addOption(toOption())
    .addOption(whereOption())
    .option('--out <file>', 'file to write; - for standard output', '-')
    .action(async (options) =>
      (await import('./commands/export.ts')).exportData(shownContext(options), options),
    );
  shopCommand('dashboard', 'watch the shop live')
    .addOption(windowOption('30m'))
    .addOption(whereOption())
    .option('--user <id>', 'begin with what is recommended to this shopper')
    .action(async (options) =>
      (await import('./commands/dashboard.ts')).dashboard(shownContext(options), options),
    );
  shopCommand('recommend', 'recommend products to a shopper')
    .option('--user <id>', 'user id or anonymous id')
    .option(
      '--session <products>',
      'instead: products that somebody has just looked at, the latest last',
      list,
    )
    .option('--limit <n>', 'number of products', whole, 10)
    .addOption(
      new Option('--algorithm <name>', 'what to recommend by; auto is the hybrid, or what an experiment says')
        .choices(['auto', ...ALGORITHMS])
        .default('auto'),
    )
    .addOption(
      new Option(
        '--exclude <what>',
        'what of the shopper’s own is left out (default: bought; with --session seen)',
      ).choices(['bought', 'seen', 'none']),
    )
    .option('--category <name>', 'only products of this category, or of one below it')
    .option('--in-stock', 'leave out what is out of stock: see outOfStockFile in docs/recommendations.md')
    .option('--explain', 'say why')
    .option('--json', 'print one JSON object')
    .action(async (options) =>
      (await import('./commands/recommend.ts')).recommend(shownContext(options), options),
    );
  shopCommand('similar', 'products bought or viewed together with one')
    .requiredOption('--product <id>', 'product id')
    .option('--limit <n>', 'number of products', whole, 10)
    .option('--json', 'print one JSON object')
    .action(async (options) =>
      (await import('./commands/similar.ts')).similar(shownContext(options), options),
    );

  shopCommand('train', 'learn everything anew, and recommend by it')
    .addOption(algorithmsOption('what to learn besides the hybrid'))
    .option('--json', 'print one JSON object')
    .action(async (options) => (await import('./commands/train.ts')).train(shownContext(options), options));
  shopCommand('evaluate', 'measure how well algorithms find what shoppers took next')
    .addOption(algorithmsOption('algorithms to compare').default([...ALGORITHMS], 'all'))
    .addOption(
      new Option('--split <method>', 'what is hidden: the last session of each, or what was last of all')
        .choices(['leave-last-out', 'temporal'])
        .default('leave-last-out'),
    )
    .addOption(
      new Option(
        '--target <event>',
        'what is to be found (default: purchases, else the most that there is)',
      ).choices(['view_item', 'add_to_wishlist', 'add_to_cart', 'purchase']),
    )
    .option('--test-share <share>', 'with --split temporal: share that is hidden', share, 0.1)
    .option('--k <lengths>', 'lengths of the lists', lengths, [10, 20])
    .option('--export-split <dir>', 'write train.csv and test.csv, to try other libraries on the same')
    .option('--json', 'print one JSON object')
    .action(async (options) =>
      (await import('./commands/evaluate.ts')).evaluate(shownContext(options), options),
    );
  addModelCommands(program);

  const deadLetters = program
    .command('dead-letters')
    .description('what was not a valid event, and why')
    .exitOverride();
  deadLetters
    .command('list')
    .description('reasons with counts, and the newest dead letters')
    .option('--reason <reason>', 'only this reason')
    .option('--limit <n>', 'number of dead letters', whole, 20)
    .option('--json', 'print one JSON object')
    .option('--data-dir <dir>', 'folder of the data')
    .addOption(demoOption())
    .action(async (options) =>
      (await import('./commands/dead-letters.ts')).list(shownContext(options), options),
    );
  deadLetters
    .command('show')
    .description('one dead letter with its original bytes')
    .argument('<id>', 'partition:offset or partition:offset:index, as the list shows it')
    .option('--json', 'print one JSON object')
    .option('--data-dir <dir>', 'folder of the data')
    .addOption(demoOption())
    .action(async (id, options) =>
      (await import('./commands/dead-letters.ts')).show(shownContext(options), id, options),
    );
  deadLetters
    .command('export')
    .description('write them as JSON lines, to be mended')
    .option('--reason <reason>', 'only this reason')
    .option('--out <file>', 'file to write; - for standard output', '-')
    .option('--data-dir <dir>', 'folder of the data')
    .addOption(demoOption())
    .action(async (options) =>
      (await import('./commands/dead-letters.ts')).exportLetters(shownContext(options), options),
    );
  deadLetters
    .command('replay')
    .description('send them again, mended: only what is a valid event now is sent')
    .option('--reason <reason>', 'only this reason')
    .option('--set <field=value...>', 'put a value into each event, such as currency=EUR')
    .option(
      '--from <file>',
      'send the events of a file that export wrote and you mended; - for standard input',
    )
    .option('--json', 'print one JSON object')
    .option('--data-dir <dir>', 'folder of the data')
    .addOption(demoOption())
    .action(async (options) => (await import('./commands/replay.ts')).replay(shownContext(options), options));
  return program;
}

function addModelCommands(program: Command): void {
  const model = program
    .command('model')
    .description('what was learnt: every version, and which is in use')
    .exitOverride();
  const command = (name: string, description: string): Command =>
    model
      .command(name)
      .description(description)
      .option('--data-dir <dir>', 'folder of the data')
      .addOption(demoOption());
  command('list', 'all versions that are kept')
    .option('--json', 'print one JSON object')
    .action(async (options) =>
      (await import('./commands/model.ts')).listModels(shownContext(options), options),
    );
  command('show', 'what one learnt from, its blend, and how good it is')
    .argument('[version]', 'its number (default: the one in use)')
    .option('--json', 'print one JSON object')
    .action(async (version, options) =>
      (await import('./commands/model.ts')).showModel(shownContext(options), version, options),
    );
  command('use', 'go back to a version, and stay with it; or go on with the latest')
    .argument('<version>', 'its number, or latest')
    .action(async (version, options) =>
      (await import('./commands/model.ts')).useModel(shownContext(options), version),
    );
  command('diff', 'how two versions differ')
    .argument('<version>')
    .argument('<other>')
    .option('--json', 'print one JSON object')
    .action(async (version, other, options) =>
      (await import('./commands/model.ts')).diffModels(shownContext(options), [version, other], options),
    );
}

function algorithmsOption(description: string): Option {
  return new Option('--algorithm <names>', `${description}: ${ALGORITHMS.join(', ')}`).argParser(algorithms);
}

function algorithms(value: string): AlgorithmName[] {
  const names = list(value);
  const wrong = names.find((name) => !(ALGORITHMS as readonly string[]).includes(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`there is no algorithm '${wrong}'.`);
  return names as AlgorithmName[];
}

function list(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function lengths(value: string): number[] {
  const found = list(value).map(whole);
  if (found.length === 0 || found.some((length) => length > 1000))
    throw new InvalidArgumentError('they are whole numbers up to 1000, such as 10,20.');
  return found.sort((a, b) => a - b);
}

function windowOption(fallback: (typeof WINDOW_LABELS)[number]): Option {
  return new Option('--window <window>', 'period up to now').choices(WINDOW_LABELS).default(fallback);
}

function fromOption(): Option {
  return new Option(
    '--from <time>',
    'from a year, month, date or time on, such as 2026-11 or 2026-11-25T09:30',
  );
}

function toOption(): Option {
  return new Option('--to <time>', 'up to a time, or to the end of a year, month or date');
}

function whereOption(): Option {
  return new Option(
    '--where <condition...>',
    'count only what fits, such as category=electronics or country=DE,AT; several must all hold',
  );
}

function demoOption(): Option {
  return new Option('--demo', 'the simulated shop, which has a folder of its own');
}

function stackOption(): Option {
  return new Option(
    '--stack <stack>',
    'where the stores live (default: $ECOM_STACK, else as last time)',
  ).choices(STACKS);
}

/** What a command that shows or controls a shop gets: the simulated one where no other has been begun, and it says so. */
function shownContext(flags: ConfigFlags, trusted = true): CommandContext {
  const { dataDir } = loadConfig(flags);
  const config = loadShownConfig(flags);
  const context = contextFor(flags, config, trusted);
  if (config.dataDir !== dataDir)
    context.stderr.write(
      `${visibleLine(`there is no shop's data in ${dataDir}: this is the simulated shop`)}\n`,
    );
  return context;
}

/** The configuration of the command that runs: where its log is. */
let latest: Config | undefined;

/** @param trusted whether the data folder has to be one that nobody else writes to: `doctor` says so itself */
function contextFor(
  { dataDir, stack, demo }: ConfigFlags,
  config = loadConfig({ dataDir, stack, demo }),
  trusted = true,
): CommandContext {
  requireNamedFiles(config);
  if (trusted) requireTrusted(config.dataDir);
  let controller: AbortController | undefined;
  latest = config;
  return {
    config,
    // Made when asked for: each costs milliseconds of the start.
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return guarded(process.stdout);
    },
    get stderr() {
      return guarded(process.stderr);
    },
    get signal() {
      controller ??= abortOnSignal();
      return controller.signal;
    },
  };
}

const guardedStreams = new Set<NodeJS.WriteStream>();

/** A reader that has seen enough (`| head`) closes the pipe: that is no failure. A command may decide otherwise, once. */
function guarded(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (!guardedStreams.has(stream)) {
    stream.on('error', (error) => endFor(stream, error));
    writeVisibly(stream);
  }
  guardedStreams.add(stream);
  return stream;
}

/** Nothing that the command could still do would be seen; what cannot be said on standard error changes no answer. */
function endFor(stream: NodeJS.WriteStream, error: Error): void {
  if (stream === process.stderr) return;
  if (errorCode(error) === 'EPIPE') process.exit(EXIT.done);
  const { message, hint } = outputFailure(error);
  report(message, hint);
  process.exit(EXIT.failed);
}

function abortOnSignal(): AbortController {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted && signal !== 'SIGHUP') process.exit(EXIT.interrupted);
      controller.abort(new EcomError('INTERRUPTED', 'interrupted'));
    });
  }
  return controller;
}

function positive(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number > 0 && number <= 1e9))
    throw new InvalidArgumentError('it is not a number above 0.');
  return number;
}

function whole(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > 1e12)
    throw new InvalidArgumentError('it is not a whole number above 0.');
  return number;
}

function share(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= 0 && number <= 1))
    throw new InvalidArgumentError('it is not a number from 0 to 1.');
  return number;
}

/** Prints one line that says what and why, a second that says what to try, and returns the exit code. */
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
      if (error.hint !== undefined) guarded(process.stderr).write(`${visibleLine(error.hint)}\n`);
      return EXIT.interrupted;
    }
    report(error.message, await hintFor(error));
    return error.code === 'USAGE' ? EXIT.usage : error.code === 'CONDITION' ? EXIT.condition : EXIT.failed;
  }
  if (errorCode(error) === 'EPIPE') return EXIT.done;
  const path = await noteUnexpected(error);
  report(
    `unexpected: ${errorMessage(error).split('\n', 1)[0]}`,
    `this is a bug of ecom: report it, with ${path ?? 'what ECOM_LOG_LEVEL=debug adds'}`,
  );
  if (readTerminalSettings().debug && error instanceof Error)
    guarded(process.stderr).write(`${visibleText(redactUrls(error.stack ?? ''))}\n`);
  return EXIT.failed;
}

/** What to try, for the data folder of the command. */
async function hintFor({ hint }: EcomError): Promise<string | undefined> {
  if (hint === undefined || latest === undefined) return hint;
  return (await import('./commands/folder-option.ts')).withFolder(hint, latest);
}

/** Logs an error with its stack where there is a data folder. @returns the log's path */
async function noteUnexpected(error: unknown): Promise<string | undefined> {
  if (latest === undefined || !existsSync(latest.dataDir)) return undefined;
  try {
    const { COMMANDS_LOG, createLogger, logFile } = await import('./log.ts');
    const logger = await createLogger(latest, COMMANDS_LOG);
    logger.error({ err: error }, errorMessage(error));
    return logFile(latest, COMMANDS_LOG);
  } catch {
    return undefined;
  }
}

function report(message: string, hint: string | undefined): void {
  const stderr = guarded(process.stderr);
  const colour = stderr.isTTY === true && readTerminalSettings().colour;
  const label = colour ? '\u001b[31merror:\u001b[39m' : 'error:';
  const advice = hint === undefined ? '' : `  try: ${visibleLine(redactUrls(hint))}\n`;
  const text = `${visibleLine(redactUrls(message))}\n${advice}`;
  stderr.write(`${label} ${text}`);
}

async function endUnexpectedly(error: unknown): Promise<void> {
  process.exit(await fail(error));
}

// What a callback throws has nobody to catch it.
process.on('uncaughtException', endUnexpectedly);
process.on('unhandledRejection', endUnexpectedly);
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = await fail(error);
}
