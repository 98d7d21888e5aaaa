import { setTimeout as sleep } from 'node:timers/promises';
import { EcomError } from '../errors.ts';
import { isInstanceRunning } from '../pipeline/supervisor/instance-lock.ts';
import { type CommandContext } from './context.ts';
import { askStartingSupervisor } from './supervisor-client.ts';

/** Longer than the supervisor gives its workers, one kind after the other. */
const DOWN_MS = 60_000;
const POLL_MS = 50;

/**
 * Stops what `ecom up` started on the data folder and waits until it is gone. Where nothing runs it says so and is content.
 * @throws EcomError `UNAVAILABLE` where the process that holds the folder does not stop
 */
export async function down({ config, stderr }: CommandContext): Promise<void> {
  const isRunning = (): boolean => isInstanceRunning(config);
  const answer = await askStartingSupervisor(config, { command: 'down' }, isRunning);
  if (answer === undefined && !isRunning()) {
    stderr.write(`nothing is running on ${config.dataDir}\n`);
    return;
  }
  if (answer === undefined) {
    throw new EcomError('UNAVAILABLE', `a process holds ${config.dataDir} but does not answer`, {
      hint: 'look for a process called ecom, end it with kill, and see ecom logs supervisor',
    });
  }
  for (let waited = 0; isRunning(); waited += POLL_MS) {
    if (waited > DOWN_MS) {
      throw new EcomError('UNAVAILABLE', `process ${answer.pid} was told to stop and still runs`, {
        hint: `see ecom logs supervisor, or end it with kill ${answer.pid}`,
      });
    }
    await sleep(POLL_MS);
  }
  stderr.write(`stopped ${answer.components.map(({ name }) => name).join(', ')}\n`);
}
