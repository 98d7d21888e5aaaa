import { errorMessage } from '../../errors.ts';
import { openDocumentStore } from '../document-store/open.ts';
import { type EventLog } from '../event-log/event-log.ts';
import { openEventLog } from '../event-log/open.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { openLiveStore } from '../live-store/open.ts';
import { createProcessor } from '../processor/processor.ts';
import { DUPLICATE_HORIZON } from '../processor/seen-ids.ts';
import { noteRecount } from '../stats/recount.ts';
import { type ComponentContext, type RunComponent } from './component.ts';

/** Pause between two looks at how far the log reaches, ms. */
const LOOK_MS = 2000;
/** Pause between two looks for what the log need not hold any more, ms. */
const FORGET_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Counts events until it is told to stop. */
export const run: RunComponent = async (context) => {
  const { config, options, signal, ready, handled, patiently, reaches, logger } = context;
  const log = await openEventLog(config);
  const documents = await openDocumentStore(config);
  const live = await openLiveStore(config, { counts: true });
  let failing = false;
  const look = (): void => {
    log.bounds().then(
      (bounds) => {
        failing = false;
        reaches(bounds);
      },
      (error: unknown) => {
        // Once until it is told again.
        if (!failing) logger.warn({ err: error }, errorMessage(error));
        failing = true;
      },
    );
  };
  const looking = setInterval(look, LOOK_MS);
  const forget = (): void => {
    forgetOld(context, log, live).catch((error: unknown) => logger.warn({ err: error }, errorMessage(error)));
  };
  const forgetting = setInterval(forget, FORGET_MS);
  await noteRecount(log, documents, live);
  const processor = createProcessor({
    log,
    documents,
    live,
    settings: { currency: config.currency, ...config.layout },
    ...options.processor,
  });
  const noteOwned = ownershipNote(context, processor.owned);
  try {
    // The first batch also proves that the stores can be written.
    handled(await processor.step());
    look();
    noteOwned();
    ready();
    forget();
    // It keeps its place among the processors: who leaves and joins again lets all of them wait.
    await patiently(() =>
      processor.run(signal, (records) => {
        handled(records);
        noteOwned();
      }),
    );
  } finally {
    clearInterval(looking);
    clearInterval(forgetting);
    await processor.close().catch(() => {});
    await Promise.allSettled([log.close(), documents.close(), live.close()]);
  }
};

/** Drops what the log holds for longer than it is to, but for what duplicates may repeat. */
async function forgetOld({ config }: ComponentContext, log: EventLog, live: LiveStore): Promise<void> {
  if (config.logDays === undefined) return;
  const below = (await live.positions()).map(
    ({ partition, position }) => [partition, position - DUPLICATE_HORIZON] as const,
  );
  await log.expire(Date.now() - config.logDays * DAY_MS, new Map(below.filter(([, offset]) => offset > 0)));
}

/** Tells and logs which partitions the processor works on, whenever they change. */
function ownershipNote({ owns, logger }: ComponentContext, owned: () => readonly number[]): () => void {
  let noted = '';
  return () => {
    const partitions = owned();
    if (String(partitions) === noted) return;
    noted = String(partitions);
    owns(partitions);
    logger.info({ partitions }, 'processing');
  };
}
