import { existsSync } from 'node:fs';
import { type Config } from '../../config.ts';
import { errorMessage } from '../../errors.ts';
import { requestControl } from '../../pipeline/supervisor/control-client.ts';
import { controlSocketPath } from '../../pipeline/supervisor/control-socket.ts';
import { isInstanceRunning } from '../../pipeline/supervisor/instance-lock.ts';
import { checkStores } from '../store-check.ts';
import { type Check, fail, ok } from './check.ts';

/** Whether an `ecom up` holds the data folder, and answers, and its workers run. */
export async function checkSupervisor(config: Config): Promise<Check> {
  const name = 'supervisor';
  try {
    const response = await requestControl(config, { command: 'status' });
    if (response?.ok === true) {
      const ailing = response.components.filter(({ state }) => state === 'backoff' || state === 'failed');
      const running = `running, process ${response.pid}`;
      if (ailing.length === 0) return ok(name, running);
      const list = ailing.map((worker) => `${worker.name} (${worker.lastError})`).join(', ');
      return fail(name, `${running}, but these do not work: ${list}`, `ecom logs ${ailing[0]!.name}`);
    }
    if (isInstanceRunning(config)) {
      return fail(
        name,
        'a process holds the data folder but does not answer',
        'ecom logs supervisor; then end the process called ecom with kill',
      );
    }
    const left = process.platform !== 'win32' && existsSync(controlSocketPath(config));
    return ok(name, left ? 'not running; the last one was killed, which does no harm' : 'not running');
  } catch (error) {
    return fail(name, errorMessage(error), 'ecom logs supervisor');
  }
}

/** Whether the stores answer; an embedded one that is not there yet is created when it is needed. */
export async function checkStoresAnswer(config: Config): Promise<Check[]> {
  const { stores } = await checkStores(config);
  return stores.map(({ port, url, ok: answers, latencyMs, error = '', missing }) => {
    const name = `${port} store`;
    if (answers) return ok(name, `${url} answers in ${latencyMs} ms`);
    if (missing === true) return ok(name, `${url} is not there yet: ecom up or ecom ingest creates it`);
    return fail(
      name,
      `${url}: ${error}`,
      'see the lines above, or choose another folder with --data-dir DIR',
    );
  });
}
