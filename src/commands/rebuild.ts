import { type Config } from '../config.ts';
import { EcomError } from '../errors.ts';
import { type Rebuild } from '../pipeline/live-store/live-store.ts';
import { messagesWait } from '../pipeline/live-store/waiting.ts';
import { COLUMNS } from '../pipeline/metrics/columns.ts';
import { type Patience } from '../pipeline/patience.ts';
import { createProcessor } from '../pipeline/processor/processor.ts';
import { backlogOf } from '../pipeline/stats/read-stats.ts';
import { type CommandContext } from './context.ts';
import { folderOption, withFolder } from './folder-option.ts';
import { createNumbers, isRunning } from './ingest-numbers.ts';
import { trainingNote } from './ingest-summary.ts';
import { write } from './output.ts';
import { requireData } from './require-data.ts';
import { withSpinner } from './spinner.ts';
import { type Stores, withCountingStores } from './stores.ts';
import { patienceOf } from './wait.ts';

export interface RebuildOptions {
  /** Also where the log has lost some of what is counted. */
  readonly force?: boolean;
}

/**
 * Counts everything again from the log: for another time zone or other properties, or after a loss. The numbers stay as they are
 * until all is counted, whatever happens before.
 * @throws EcomError `CONFLICT` while a processor runs, and where the log has lost its beginning or its end; `INTERRUPTED`
 */
export async function rebuild(context: CommandContext, { force = false }: RebuildOptions): Promise<void> {
  const { config, stdout, stderr, signal } = context;
  requireData(config);
  await withCountingStores(config, async (stores) => {
    const { log, live } = stores;
    if (await isRunning(config, live, 'processor')) {
      const folder = folderOption(config);
      throw new EcomError('CONFLICT', 'a processor is counting', {
        hint: `stop it first: ecom down${folder}, or ecom stop processor${folder}`,
      });
    }
    const patience = patienceOf(context);
    const bounds = await patience(() => log.bounds());
    const total = bounds.reduce((sum, { begin, end }) => sum + end - begin, 0);
    const label = `counting ${total.toLocaleString('en-US')} records again`;
    const count = () => countAgain(config, stores, force, signal, patience);
    const gone = await withSpinner(context, label, count, true);
    // Recommendations are made of what is counted.
    const numbers = await createNumbers(config, stores, signal, patience);
    await numbers.finish();
    const training = await withSpinner(context, 'learning', () => numbers.learn(true));
    await write(stderr, withFolder(trainingNote(training), config));
    await write(
      stdout,
      `counted ${total.toLocaleString('en-US')} records again, by ${config.layout.timeZone}\n`,
    );
    if (gone === 0) return;
    const earlier = gone.toLocaleString('en-US');
    await write(
      stdout,
      `${earlier} earlier records are not in these numbers: the log no longer holds them\n`,
    );
  });
}

/** @throws EcomError `CONFLICT` where the log holds less than what is counted */
async function requireWholeLog({ log, live }: Stores): Promise<void> {
  // In this order: the log may grow meanwhile.
  const positions = await live.positions();
  const bounds = await log.bounds();
  if (bounds.some(({ begin }) => begin > 0)) {
    throw new EcomError('CONFLICT', 'the log no longer holds the beginning, whose numbers would be lost', {
      hint: 'with --force the numbers begin with what it still holds',
    });
  }
  const lost = positions.find(({ partition, position }) => position > (bounds[partition]?.end ?? 0));
  if (lost === undefined) return;
  const { partition, position } = lost;
  throw new EcomError(
    'CONFLICT',
    `partition ${partition} of the log ends at ${bounds[partition]?.end ?? 0}, but ${position} of it are counted: numbers would be lost`,
    { hint: 'bring back the log; with --force the numbers become those of what it holds' },
  );
}

/** How many records the log had let go of before they were counted here. */
async function goneBefore({ live }: Rebuild): Promise<number> {
  const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }] });
  const { totals } = tallies[0]!;
  return Number(totals.get(COLUMNS.lost) ?? 0) + Number(totals.get(COLUMNS.earlier) ?? 0);
}

/**
 * Counts beside what is there, up to the end of the log, and puts that in place.
 * @returns how many records the log no longer held
 */
async function countAgain(
  config: Config,
  stores: Stores,
  force: boolean,
  signal: AbortSignal,
  patience: Patience,
): Promise<number> {
  const anew = await patience(() => stores.live.rebuild());
  try {
    for (;;) {
      if (!force) await patience(() => requireWholeLog(stores));
      await countToEnd(config, stores, anew, signal, patience);
      const gone = await patience(() => goneBefore(anew));
      if (!force && gone > 0) {
        throw new EcomError(
          'CONFLICT',
          `the log let go of ${gone.toLocaleString('en-US')} records before they were counted again, whose numbers would be lost`,
          { hint: 'with --force the numbers begin with what it still holds' },
        );
      }
      // Who counted meanwhile may be further. It is not put in place twice: it is gone from beside after the first time.
      if (await anew.replace(force)) return gone;
    }
  } finally {
    await anew.close();
  }
}

async function countToEnd(
  config: Config,
  { log, documents }: Stores,
  { live }: Rebuild,
  signal: AbortSignal,
  patience: Patience,
): Promise<void> {
  const settings = { currency: config.currency, ...config.layout };
  const processor = createProcessor({ log, documents, live, settings, reader: 'rebuild' });
  try {
    const bounds = await patience(() => log.bounds());
    const isLeft = async (): Promise<boolean> =>
      backlogOf(bounds, await live.positions()) > 0 || messagesWait(live, log.partitions);
    while (await patience(isLeft)) {
      if (signal.aborted) {
        throw new EcomError('INTERRUPTED', 'interrupted', {
          hint: 'the numbers are as they were: ecom rebuild begins again',
        });
      }
      await patience(() => processor.step(100));
    }
  } finally {
    await processor.close();
  }
}
