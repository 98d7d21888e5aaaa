import { once } from 'node:events';
import { ensureDataDir } from '../config.ts';
import { EcomError } from '../errors.ts';
import { createLogger } from '../log.ts';
import { type ComponentName } from '../pipeline/supervisor/messages.ts';
import { createSupervisor } from '../pipeline/supervisor/supervisor.ts';
import { type CommandContext } from './context.ts';
import { tell } from './output.ts';
import { isEmbedded, PORTS, prepareStores } from './store-check.ts';

/**
 * Runs one more worker on the stores that the URLs name, beside those of other hosts, until it is interrupted. A processor
 * gets its share of the partitions and gives it back when it ends.
 * @throws EcomError `USAGE` where a store is embedded, which other hosts cannot see, `UNAVAILABLE` where the worker does
 * not start
 */
export async function worker(
  context: CommandContext,
  component: Exclude<ComponentName, 'generator'>,
  { name = component }: { readonly name?: string },
): Promise<void> {
  const { config, stderr, signal } = context;
  const embedded = PORTS.filter((port) => isEmbedded(config, port));
  if (embedded.length > 0) {
    throw new EcomError(
      'USAGE',
      `the ${embedded[0]} store is embedded: its workers are those of one ecom up`,
      {
        hint: 'ecom up --processors N shares the work on one machine; set ECOM_LOG_URL, ECOM_DOCUMENTS_URL and ECOM_LIVE_URL for more',
      },
    );
  }
  ensureDataDir(config);
  await prepareStores(config);
  const logger = await createLogger(config, 'supervisor');
  const supervisor = createSupervisor({ config, workers: [{ component, name }], logger });
  supervisor.subscribe(({ state, lastError }) => {
    if (state === 'backoff') tell(stderr, `${name} ended (${lastError}) and is started again`);
  });
  try {
    await supervisor.start();
    tell(stderr, `${name} is running; stop it with Ctrl-C`);
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await supervisor.stop();
  }
}
