import { once } from 'node:events';
import { BUILD } from '../build.ts';
import { type Config, ensureDataDir, readTerminalSettings, rememberStack } from '../config.ts';
import { EcomError, errorCode, errorMessage, outputFailure } from '../errors.ts';
import { createLogger } from '../log.ts';
import { serveControl } from '../pipeline/supervisor/control-server.ts';
import { acquireInstanceLock } from '../pipeline/supervisor/instance-lock.ts';
import { type ControlRequest, type ControlResponse } from '../pipeline/supervisor/messages.ts';
import { planWorkers } from '../pipeline/supervisor/plan.ts';
import { type ReadRequest, type ReadResponse } from '../pipeline/supervisor/reading-request.ts';
import { createSupervisor, type Supervisor } from '../pipeline/supervisor/supervisor.ts';
import { readRules } from './alerts-file.ts';
import { type CommandContext } from './context.ts';
import { createDashboardSource } from './dashboard-source.ts';
import { startServers } from './docker.ts';
import { folderOption, shellWord } from './folder-option.ts';
import { holdingsOf } from './holdings.ts';
import { kpiLine } from './kpi-line.ts';
import { repeat, tell } from './output.ts';
import { findShop, type ShopChoice } from './shop-choice.ts';
import { withSpinner } from './spinner.ts';
import { prepareStores } from './store-check.ts';
import { askStartingSupervisor } from './supervisor-client.ts';
import { isBackground, reportStart, startInBackground } from './up-background.ts';
import { type UpOptions } from './up-options.ts';

const KPI_LINE_SECONDS = 5;
const WINDOW = '30m';

/**
 * Starts the pipeline on the data folder and keeps it running until it is interrupted, told to by `ecom down`, or the
 * dashboard is left; the workers that it started have ended when it returns. With `detach` it returns once all is ready. On the
 * stack `docker` it starts the servers before; they go on until `ecom down --stack docker`.
 * @throws EcomError `CONFLICT` where another one runs on the folder, `STORAGE` where a store cannot be opened, `USAGE` for
 * more processors than partitions, `UNAVAILABLE` where a server or a worker does not start
 */
export async function up(context: CommandContext, options: UpOptions): Promise<void> {
  const { config } = context;
  try {
    ensureDataDir(config);
    // The process in the background relies on the one that starts it, whose user sees how it goes and can interrupt it.
    if (config.stack === 'docker' && !isBackground()) await startServers(context);
    const choice = await findShop(config, options);
    ensureDataDir(choice.config);
    if (options.detach === true) return await startInBackground(context, options, choice);
    await runAlone({ ...context, config: choice.config }, options, choice);
  } catch (error) {
    await reportStart(error);
    throw error;
  }
}

async function runAlone(context: CommandContext, options: UpOptions, choice: ShopChoice): Promise<void> {
  const { config } = context;
  const lock = acquireInstanceLock(config);
  if (lock === undefined) throw await heldBySomebody(context);
  try {
    rememberStack(config);
    await runShop(context, options, choice);
  } finally {
    lock.release();
  }
}

async function heldBySomebody({ config }: CommandContext): Promise<EcomError> {
  const holder = await askStartingSupervisor(config, { command: 'status' }, () => true).catch(
    () => undefined,
  );
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} since ${new Date(holder.startedAt).toISOString()}`;
  return new EcomError('CONFLICT', `ecom already runs on ${config.dataDir}: ${who}`, {
    hint: `ecom down --data-dir ${shellWord(config.dataDir)}`,
  });
}

async function runShop(
  context: CommandContext,
  options: UpOptions,
  { simulate, notes }: ShopChoice,
): Promise<void> {
  const { config } = context;
  const { rate, seed, dirty, processors } = options;
  const partitions = await prepareStores(config);
  const generator = simulate ? { rate, seed, dirty } : undefined;
  const rules = await readRules(config);
  const workers = planWorkers({ partitions, processors, generator, alerts: rules !== undefined });
  const logger = await createLogger(config, 'supervisor');
  const stop = stopController(context);
  const supervisor = createSupervisor({ config, workers, logger });
  const startedAt = Date.now();
  const answer = async (request: ControlRequest): Promise<ControlResponse> => {
    if (request.command === 'down') stop.abort();
    else if (request.command !== 'status') {
      const { command, component } = request;
      if (component === 'generator' && command !== 'stop') await checkGenerator(config, options, simulate);
      await supervisor.control(command, component);
    }
    return { ok: true, pid: process.pid, startedAt, components: supervisor.status() };
  };
  const server = await serveControl(config, answer, readingsOf(config.dataDir));
  logger.info({ dataDir: config.dataDir, workers: workers.map(({ name }) => name) }, 'up');
  try {
    await startWorkers(context, supervisor, stop.signal);
    await reportStart();
    for (const note of notes) tell(context.stderr, note);
    if (!stop.signal.aborted) await watch(context, options, supervisor, stop.signal);
    if (stop.signal.reason instanceof EcomError) throw stop.signal.reason;
  } catch (error) {
    logger.error({ err: error }, errorMessage(error));
    throw error;
  } finally {
    await withSpinner(context, 'stopping', () => supervisor.stop());
    await server.close();
    logger.info({}, 'down');
  }
}

/** Readings at a time that the supervisor takes on: it has workers to look after. */
const MOST_READINGS = 4;

/** Answers commands that only read about the shop of a data folder, where they are of the same build. */
export function readingsOf(dataDir: string): (request: ReadRequest) => Promise<ReadResponse> {
  let running = 0;
  return async (request) => {
    if (request.build !== BUILD || running >= MOST_READINGS) return { ok: false };
    running += 1;
    try {
      const { runReading } = await import('./reading.ts');
      const reading = await runReading(request, dataDir);
      return reading === undefined ? { ok: false } : { ok: true, ...reading };
    } finally {
      running -= 1;
    }
  };
}

/** Simulated shoppers come back only where they may be: others may have come meanwhile. */
async function checkGenerator(config: Config, { generator }: UpOptions, simulate: boolean): Promise<void> {
  if (generator === true) return;
  if (simulate && (await holdingsOf(config)) !== 'other') return;
  throw new EcomError('CONFLICT', 'this shop has, or is to have, events of its own: no simulated shoppers', {
    hint: 'ecom up --generator mixes them in; ecom up --demo shows a simulated shop',
  });
}

/**
 * Aborted by whatever ends `ecom up`: a signal, `ecom down`, or that nobody reads the output any more. Output that cannot be
 * written is a failure, which is the reason then: a service manager has to start the shop again.
 */
function stopController({ signal, stdout, stderr }: CommandContext): AbortController {
  const stop = new AbortController();
  if (signal.aborted) stop.abort();
  signal.addEventListener('abort', () => stop.abort());
  for (const stream of [stdout, stderr]) {
    // The command line's own listener exits at once; the workers are to be stopped first.
    stream.removeAllListeners('error');
    stream.on('error', (error) => {
      if (errorCode(error) === 'EPIPE') stop.abort();
      else if (stream === stdout) stop.abort(outputFailure(error));
    });
  }
  return stop;
}

async function startWorkers(
  context: CommandContext,
  supervisor: Supervisor,
  signal: AbortSignal,
): Promise<void> {
  await withSpinner(context, 'starting', async () => {
    const starting = supervisor.start();
    starting.catch(() => {}); // once told to stop, nobody waits for it
    await Promise.race([starting, aborted(signal)]);
  });
}

/** Shows the shop until the user leaves or the signal aborts. */
async function watch(
  context: CommandContext,
  options: UpOptions,
  supervisor: Supervisor,
  signal: AbortSignal,
): Promise<void> {
  const { config, stdin, stdout, stderr } = context;
  if (isBackground()) return aborted(signal);
  const source = await createDashboardSource(config, async () => ({
    supervisor: process.pid,
    components: supervisor.status(),
  }));
  try {
    const { colour, dumb } = readTerminalSettings();
    if (options.dashboard && stdin.isTTY && stdout.isTTY && !dumb) {
      const { runDashboard } = await import('../tui/run.ts');
      const title = config.dataDir;
      return await runDashboard({ source, window: WINDOW, signal, stdin, stdout, title, colour });
    }
    tell(stderr, `running on ${config.dataDir}; stop with Ctrl-C or ecom down${folderOption(config)}`);
    supervisor.subscribe(({ name, state, lastError }) => {
      if (state === 'backoff') tell(stderr, `${name} ended (${lastError}) and is started again`);
      if (state === 'failed') tell(stderr, `${name} failed and is not started again: ${lastError}`);
    });
    await repeat(signal, KPI_LINE_SECONDS, async () => {
      try {
        stdout.write(`${kpiLine((await source.read({ window: WINDOW, recommendations: false })).stats)}\n`);
      } catch (error) {
        tell(stderr, `the numbers cannot be read: ${errorMessage(error)}`);
      }
    });
  } finally {
    await source.close();
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
