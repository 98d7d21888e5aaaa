import { setTimeout as sleep } from 'node:timers/promises';
import { type Config } from '../config.ts';
import { EcomError } from '../errors.ts';
import { requestControl } from '../pipeline/supervisor/control-client.ts';
import { type ControlRequest, type ControlResponse } from '../pipeline/supervisor/messages.ts';

type Answer = Extract<ControlResponse, { ok: true }>;

/**
 * Asks the supervisor of the data folder and takes a refusal as a failure.
 * @returns `undefined` where none runs
 * @throws EcomError as the supervisor gave it
 */
export async function askSupervisor(config: Config, request: ControlRequest): Promise<Answer | undefined> {
  const response = await requestControl(config, request);
  if (response === undefined || response.ok) return response;
  const { code, message, hint } = response;
  throw new EcomError(code, message, hint === undefined ? {} : { hint });
}

/** Like `askSupervisor`, but gives one that holds the folder and is just starting the time to listen. */
export async function askStartingSupervisor(
  config: Config,
  request: ControlRequest,
  isRunning: () => boolean,
): Promise<Answer | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await askSupervisor(config, request);
    if (answer !== undefined || attempt >= 20 || !isRunning()) return answer;
    await sleep(100);
  }
}
