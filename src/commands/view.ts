import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, ensureDataDir } from '../config.ts';
import { EcomError } from '../errors.ts';
import { type DocumentStore } from '../pipeline/document-store/document-store.ts';
import { type EventLog } from '../pipeline/event-log/event-log.ts';
import { openEventLog } from '../pipeline/event-log/open.ts';
import { type LiveStore } from '../pipeline/live-store/live-store.ts';
import { openLiveStore } from '../pipeline/live-store/open.ts';
import { messagesWait } from '../pipeline/live-store/waiting.ts';
import { type CellLayout } from '../pipeline/metrics/cells.ts';
import { createProcessor } from '../pipeline/processor/processor.ts';
import { storageError } from '../pipeline/sqlite/database.ts';
import { type Condition, createFilter, filterText, leavesToOrder } from '../pipeline/stats/filter.ts';
import { backlogOf } from '../pipeline/stats/read-stats.ts';
import { type CommandContext } from './context.ts';
import { knownFields } from './known-fields.ts';
import { withSpinner } from './spinner.ts';

/** Folder of the data folder. */
export const VIEWS_FOLDER = 'views';
/** File of a view with the properties of its filter that events have had, one a line. */
const SEEN_FILE = 'properties';
/** A view that was not asked for so long is deleted, ms. */
const UNUSED_MS = 7 * 86_400_000;

/** The shop's numbers as if only the events that fit a filter had happened, or robots were like others. */
export interface View {
  readonly live: LiveStore;
  readonly log: EventLog;
  /** Whether it counts what known robots sent. */
  readonly robots: boolean;
  /**
   * Counts what has come since.
   * @throws EcomError `USAGE` where the filter is about a property that no event has
   * @param onProgress is told the share of it that is counted, 0 to 1
   * @returns whether all is counted; false where the signal aborted
   */
  catchUp(signal?: AbortSignal, onProgress?: (share: number) => void): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens a view. It is a live store of its own in the data folder, filled from the log by the same processor, so it goes on
 * where it was left, and all numbers follow the filter.
 * @param robots whether what known robots sent counts too
 */
export async function openView(
  shop: Config,
  conditions: readonly Condition[],
  robots = false,
): Promise<View> {
  const config = { ...shop, layout: await layoutOf(shop) };
  const text = JSON.stringify([
    filterText(conditions),
    config.logUrl,
    config.layout,
    config.currency,
    SEEN_FILE,
    'tells what is left to orders',
    robots ? 'with robots' : 'without robots',
  ]);
  const name = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const folder = join(config.dataDir, VIEWS_FOLDER);
  const own = { ...config, dataDir: join(folder, name), liveUrl: 'sqlite:' };
  ensureDataDir({ ...config, dataDir: folder });
  removeUnused(folder, name);
  ensureDataDir(own);
  utimesSync(own.dataDir, new Date(), new Date());

  const log = await openEventLog(config);
  const live = await openLiveStore(own, { counts: true }).catch(async (error) => {
    await log.close();
    throw error;
  });
  const fields = rememberedFields(own.dataDir, conditions, config.layout);
  const processor = createProcessor({
    log,
    documents: NO_DOCUMENTS,
    live,
    settings: {
      currency: config.currency,
      ...config.layout,
      filter: conditions.length === 0 ? undefined : createFilter(conditions, fields.onProperty),
      leavesToOrder: conditions.length === 0 ? undefined : leavesToOrder(conditions),
      robots,
    },
    reader: `view-${name}`,
  });

  return {
    live,
    log,
    robots,
    async catchUp(signal, onProgress = () => {}) {
      // What comes meanwhile is for the next time.
      const bounds = await log.bounds();
      const left = async (): Promise<number> => backlogOf(bounds, await live.positions());
      const all = await left();
      for (let now = all; now > 0 || (await messagesWait(live, log.partitions)); now = await left()) {
        if (signal?.aborted) return false;
        if (all > 0) onProgress(1 - now / all);
        await processor.step(100);
      }
      fields.check();
      return true;
    },
    async close() {
      await processor.close();
      await Promise.all([log.close(), live.close()]);
    },
  };
}

/**
 * Lets a view catch up while a spinner shows how far it is: the first time a filter is used, the whole log is counted by it.
 * @throws EcomError `INTERRUPTED`
 */
export async function fill(context: CommandContext, view: Pick<View, 'catchUp'>): Promise<void> {
  const done = await withSpinner(context, 'counting what fits', (say) =>
    view.catchUp(context.signal, (share) => say(`counting what fits: ${Math.floor(share * 100)} %`)),
  );
  if (!done) {
    throw new EcomError('INTERRUPTED', 'interrupted', { hint: 'the same command goes on from here' });
  }
}

/** A view is cut as the shop's own numbers are. */
async function layoutOf(config: Config): Promise<CellLayout> {
  const live = await openLiveStore(config);
  try {
    return await live.layout();
  } finally {
    await live.close();
  }
}

/** A view goes on where it was: what events had that it counted before is remembered in a file, written before they count. */
function rememberedFields(folder: string, conditions: readonly Condition[], { properties }: CellLayout) {
  const path = join(folder, SEEN_FILE);
  const seen = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  const fields = knownFields(conditions, properties, seen.filter(Boolean));
  return {
    ...fields,
    onProperty(name: string) {
      try {
        if (!seen.includes(name)) appendFileSync(path, `${name}\n`, { mode: 0o600 });
      } catch (error) {
        throw storageError(error, path);
      }
      fields.onProperty(name);
    },
  };
}

/** The shop's processor keeps the documents, and tells what is lost. */
const NO_DOCUMENTS: Pick<DocumentStore, 'append' | 'appended'> = {
  append: async () => {},
  appended: async () => Number.POSITIVE_INFINITY,
};

function removeUnused(folder: string, used: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name !== used && Date.now() - statSync(path).mtimeMs > UNUSED_MS)
      rmSync(path, { recursive: true, force: true });
  }
}
