import { EcomError } from '../errors.ts';
import { type CommandContext } from './context.ts';
import { createNumbers, isRunning } from './ingest-numbers.ts';
import { write } from './output.ts';
import { requireData } from './require-data.ts';
import { withSpinner } from './spinner.ts';
import { withStores } from './stores.ts';

/**
 * Counts everything again from the log: for another time zone or other properties, or after a loss.
 * @throws EcomError `CONFLICT` while a processor runs, and where the log has lost its beginning
 */
export async function rebuild(context: CommandContext, options: { readonly force?: boolean }): Promise<void> {
  const { config, stdout, signal } = context;
  requireData(config);
  await withStores(config, async (stores) => {
    const { log, live } = stores;
    if (await isRunning(config, live, 'processor')) {
      throw new EcomError('CONFLICT', 'a processor is counting', {
        hint: 'stop it first: ecom down, or ecom stop processor',
      });
    }
    const bounds = await log.bounds();
    const total = bounds.reduce((sum, { begin, end }) => sum + end - begin, 0);
    if (bounds.some(({ begin }) => begin > 0) && options.force !== true) {
      throw new EcomError('CONFLICT', 'the log no longer holds the beginning, whose numbers would be lost', {
        hint: 'with --force the numbers begin with what it still holds',
      });
    }
    await live.reset();
    const numbers = await createNumbers(config, stores, signal);
    await withSpinner(context, `counting ${total.toLocaleString('en-US')} records again`, () =>
      numbers.finish(true),
    );
    if (signal.aborted) {
      throw new EcomError('INTERRUPTED', 'interrupted', {
        hint: 'what is not counted yet is counted by ecom up, or by ecom rebuild from the beginning',
      });
    }
    await write(
      stdout,
      `counted ${total.toLocaleString('en-US')} records again, by ${config.layout.timeZone}\n`,
    );
  });
}
