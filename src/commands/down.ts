import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, loadConfig, rememberStack } from '../config.ts';
import { EcomError } from '../errors.ts';
import { isInstanceRunning } from '../pipeline/supervisor/instance-lock.ts';
import { type CommandContext } from './context.ts';
import { stopServers } from './docker.ts';
import { tell } from './output.ts';
import { askStartingSupervisor } from './supervisor-client.ts';

/** Longer than the supervisor gives its workers, one kind after the other. */
const DOWN_MS = 60_000;
const POLL_MS = 50;

/** The flags of `ecom down`, as the command line parses them. */
export interface DownOptions {
  readonly stack?: string;
  readonly volumes?: boolean;
  readonly demo?: boolean;
}

/**
 * Stops what `ecom up` started on the data folder, the simulated shop in it too, and waits until it is gone. Where nothing runs it says so and is content.
 * The servers of the stack `docker` may have other users, and their data is not that of one folder: they go on unless
 * `--stack docker` asks for them to be stopped too. With `volumes` their data is deleted, and the folder forgets its stack.
 * @throws EcomError `UNAVAILABLE` where the process that holds the folder does not stop, or Docker fails, `USAGE` for `volumes`
 * without that stack
 */
export async function down(context: CommandContext, options: DownOptions = {}): Promise<void> {
  const { config, stderr } = context;
  const servers = options.stack === 'docker';
  const volumes = options.volumes === true;
  if (volumes && !servers) {
    throw new EcomError(
      'USAGE',
      '--volumes deletes the data of the servers, which --stack docker must name',
      {
        hint: 'ecom down --stack docker --volumes',
      },
    );
  }
  const demo = loadConfig({ dataDir: config.dataDir, stack: options.stack, demo: true });
  const runsDemo = options.demo !== true && isInstanceRunning(demo);
  if (!runsDemo || isInstanceRunning(config)) await stopWorkers(context);
  if (runsDemo) await stopWorkers({ ...context, config: demo });
  if (servers) {
    await stopServers(context, { volumes });
    if (volumes) rememberStack({ ...config, stack: 'embedded' });
    tell(stderr, `stopped the servers${volumes ? ' and deleted their data' : ''}`);
  } else if (config.stack === 'docker') {
    stderr.write('the servers go on; ecom down --stack docker stops them too\n');
  }
}

async function stopWorkers({ config, stderr }: CommandContext): Promise<void> {
  const isRunning = (): boolean => isInstanceRunning(config);
  const answer = await askStartingSupervisor(config, { command: 'down' }, isRunning);
  if (answer === undefined && !isRunning()) {
    tell(stderr, `nothing is running on ${config.dataDir}`);
    // Lock and socket went with the folder.
    if (!existsSync(config.dataDir))
      tell(
        stderr,
        'the folder is not there: an ecom up that ran on it before cannot be reached; look for a process called ecom, and end it with kill',
      );
    return;
  }
  if (answer === undefined) {
    throw new EcomError('UNAVAILABLE', `a process holds ${config.dataDir} but does not answer`, {
      hint: 'look for a process called ecom, end it with kill, and see ecom logs supervisor',
    });
  }
  await gone(config, answer.pid);
  tell(stderr, `stopped ${answer.components.map(({ name }) => name).join(', ')}`);
}

/** How long a process that has given the folder free may take to end, ms. */
const LAST_MS = 2000;

async function gone(config: Config, pid: number): Promise<void> {
  for (let waited = 0; isInstanceRunning(config); waited += POLL_MS) {
    if (waited > DOWN_MS) {
      throw new EcomError('UNAVAILABLE', `process ${pid} was told to stop and still runs`, {
        hint: `see ecom logs supervisor, or end it with kill ${pid}`,
      });
    }
    await sleep(POLL_MS);
  }
  // It gives the folder free a moment before it ends. A parent that never asks how its child ended keeps it for ever.
  for (let waited = 0; isAlive(pid) && waited < LAST_MS; waited += POLL_MS) await sleep(POLL_MS);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
