import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { type CommandLine, createCommandLine, EXIT } from './commands/command-line.ts';
import {
  demoOption,
  fromOption,
  list,
  positive,
  robotsOption,
  share,
  toOption,
  whereOption,
  whole,
} from './commands/options.ts';
import { addRecommend, addStats } from './commands/reading-commands.ts';
import { STACKS } from './config.ts';
import { processEnvironment } from './data-dir.ts';
import { EcomError, errorCode, outputFailure } from './errors.ts';
import { ALGORITHMS, type AlgorithmName } from './ml/algorithm-names.ts';
import { WINDOW_LABELS } from './pipeline/stats/types.ts';
import { writeVisibly } from './visible-text.ts';

/** A command's function gets the context, its arguments, then its options. It returns when done and throws to fail. */
function addCommands(line: CommandLine): void {
  const { program, command, shopCommand, context, shownContext } = line;
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
    .action(async (options) => (await import('./commands/up.ts')).up(context(options), options));
  shopCommand('down', 'stop everything that ecom up started')
    .addOption(stackOption())
    .option('--volumes', 'with --stack docker: delete the servers’ data too')
    .action(async (options) => (await import('./commands/down.ts')).down(context(options), options));
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
      (await import('./commands/worker.ts')).worker(context(options), component, options),
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

  command('ingest', 'read the shop’s events from files or from standard input')
    .argument('<file...>', 'CSV or JSON, .gz too; - for standard input')
    .option(
      '--format <format>',
      'auto, native, segment, ga4, rees46, retailrocket, taobao, otto, online-retail or csv',
      'auto',
    )
    .option(
      '--map <file>',
      'JSON file that says which column or path is what (see docs/formats.md, and ecom map)',
    )
    .option('--speed <speed>', 'max, or a multiple of real time such as 60x', 'max')
    .addOption(
      new Option('--rebase <time>', 'move the events’ times so that they happen now').choices(['now']),
    )
    .option(
      '--follow',
      'go on with what is written to a file, and with the one that takes its name, until Ctrl-C',
    )
    .option('--json', 'print the result as one JSON object; of several files, one a line')
    .action(async (files, options) =>
      (await import('./commands/ingest.ts')).ingest(context(options), files, options),
    );
  command('map', 'propose a map for a CSV or JSON, and show its first rows as the map reads them')
    .argument('<file>', 'CSV or JSON, .gz too; - for standard input')
    .option(
      '--out <file>',
      'file to write; - for standard output (default: the file’s name, ending in .map.json)',
    )
    .option('--force', 'replace a file that is there')
    .option('--encoding <name>', 'what the file is encoded in, such as shift_jis (default: found)')
    .option('--json', 'print one JSON object')
    .action(async (file, options) =>
      (await import('./commands/map.ts')).map(context(options), file, options),
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
    .action(async (options) => (await import('./commands/reset.ts')).reset(context(options), options));
  command('backup', 'write the data folder’s stores and settings into one file, while the shop runs')
    .argument('<file>', 'archive to write, such as shop.tar.gz')
    .option('--json', 'print one JSON object')
    .action(async (file, options) =>
      (await import('./commands/backup.ts')).backup(context(options), file, options),
    );
  command('restore', 'put a back-up into the data folder')
    .argument('<file>', 'archive that ecom backup wrote')
    .option('--force', 'replace what is there')
    .option('--json', 'print one JSON object')
    .action(async (file, options) =>
      (await import('./commands/restore.ts')).restore(context(options), file, options),
    );
  command('generate', 'write simulated events as JSON lines')
    .option('--count <n>', 'number of events', whole, 1000)
    .option('--rate <n>', 'events a second of the simulated shop', positive, 100)
    .option('--seed <seed>', 'the same seed gives the same bytes', 'ecom')
    .option('--start <time>', 'time of the first event, ISO 8601 or now', '2026-01-05T00:00:00Z')
    .option('--dirty <share>', 'share of malformed, late and duplicate events, 0 to 1', share, 0)
    .option('--paced', 'write at the rate of the shop instead of at once')
    .option('--out <file>', 'file to write; - for standard output', '-')
    .action(async (options) => (await import('./commands/generate.ts')).generate(context(options), options));

  addStats(line);
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
    .addOption(robotsOption())
    .option('--user <id>', 'begin with what is recommended to this shopper')
    .action(async (options) =>
      (await import('./commands/dashboard.ts')).dashboard(shownContext(options), options),
    );
  addRecommend(line);
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
  addModelCommands(line);

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
}

function addModelCommands({ program, shownContext }: CommandLine): void {
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

function lengths(value: string): number[] {
  const found = list(value).map(whole);
  if (found.length === 0 || found.some((length) => length > 1000))
    throw new InvalidArgumentError('they are whole numbers up to 1000, such as 10,20.');
  return found.sort((a, b) => a - b);
}

function windowOption(fallback: (typeof WINDOW_LABELS)[number]): Option {
  return new Option('--window <window>', 'period up to now').choices(WINDOW_LABELS).default(fallback);
}

function stackOption(): Option {
  return new Option(
    '--stack <stack>',
    'where the stores live (default: $ECOM_STACK, else as last time)',
  ).choices(STACKS);
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
  line.report(message, hint);
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

async function endUnexpectedly(error: unknown): Promise<void> {
  process.exit(await line.fail(error));
}

let controller: AbortController | undefined;
const line = createCommandLine({
  env: processEnvironment(),
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
});
// What a callback throws has nobody to catch it.
process.on('uncaughtException', endUnexpectedly);
process.on('unhandledRejection', endUnexpectedly);
addCommands(line);
try {
  await line.program.parseAsync();
} catch (error) {
  process.exitCode = await line.fail(error);
}
