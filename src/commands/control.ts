import { EcomError } from '../errors.ts';
import { type CommandContext } from './context.ts';
import { folderOption } from './folder-option.ts';
import { tell } from './output.ts';
import { askSupervisor } from './supervisor-client.ts';

/**
 * Starts, stops or restarts a component (all its workers) or one worker of the running `ecom up`.
 * @throws EcomError `UNAVAILABLE` where nothing runs or a worker does not start, `NOT_FOUND` for an unknown name
 */
export async function control(
  { config, stderr }: CommandContext,
  verb: 'start' | 'stop' | 'restart',
  component: string,
): Promise<void> {
  const answer = await askSupervisor(config, { command: verb, component });
  if (answer === undefined) {
    throw new EcomError('UNAVAILABLE', `nothing is running on ${config.dataDir}`, {
      hint: `ecom up -d${folderOption(config)}`,
    });
  }
  for (const worker of answer.components) {
    if (worker.name === component || worker.component === component) {
      tell(stderr, `${worker.name} is ${worker.state}`);
    }
  }
}
