import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config } from '../config.ts';
import { errorMessage } from '../errors.ts';
import { type PublishedAlerts, readCurrentAlerts } from '../pipeline/alerts/published.ts';
import { type DocumentStore } from '../pipeline/document-store/document-store.ts';
import { type EventLog, type PartitionBounds } from '../pipeline/event-log/event-log.ts';
import { type LiveStore, type Position } from '../pipeline/live-store/live-store.ts';
import { type OpenOptions } from '../pipeline/live-store/open.ts';
import { COLUMNS } from '../pipeline/metrics/columns.ts';
import { type PublishedModel, publishedModel } from '../pipeline/recommender/published.ts';
import { STORE_FILES } from '../pipeline/sqlite/files.ts';
import { notedRecount, type Recount, recountOf } from '../pipeline/stats/recount.ts';
import { readSimulated } from '../pipeline/stats/simulated.ts';
import { type ReadReport } from '../pipeline/workers/report.ts';
import { readWorkers } from './workers.ts';

/** The ports, in the order in which an event passes them. */
export const PORTS = ['log', 'documents', 'live'] as const;

export interface StoreCheck {
  readonly port: (typeof PORTS)[number];
  /** Without user, password and parameters, which may be secret. */
  readonly url: string;
  readonly ok: boolean;
  /** Time of one small read, ms; null where there is nothing to read from. */
  readonly latencyMs: number | null;
  /** Why it is not ok. */
  readonly error?: string;
  /** Whether it is an embedded one that nobody has created yet. */
  readonly missing?: true;
}

export interface StoreReport {
  readonly stores: readonly StoreCheck[];
  /** By partition; empty where the log is not there. */
  readonly bounds: readonly PartitionBounds[];
  readonly positions: readonly Position[];
  /** How far the numbers are that are being counted again; null where all is counted that was. */
  readonly recount?: Recount | null;
  /** Records that the log let go of before they were counted; 0 where absent. */
  readonly lost?: number;
  /** Records that the log had let go of when the numbers were counted anew; 0 where absent. */
  readonly earlier?: number;
  /** Workers that reported lately to the live store. */
  readonly reports: readonly ReadReport[];
  /** Whether any of what is counted came from simulated shoppers. */
  readonly simulated?: boolean;
  /** What is recommended by; undefined where nothing was learnt yet. */
  readonly model?: PublishedModel | undefined;
  /** How it stands with alerts; undefined where nobody looks at any. */
  readonly alerts?: PublishedAlerts | undefined;
}

/** Partitions of which more is counted than the log holds: it was put back from an older copy, or lost. */
export function partitionsBeyondLog({
  bounds,
  positions,
}: Pick<StoreReport, 'bounds' | 'positions'>): Position[] {
  // Where the log does not answer, nothing is known.
  return positions.filter(({ partition, position }) => position > (bounds[partition]?.end ?? Infinity));
}

/** What to do about {@link partitionsBeyondLog}. */
export const BEYOND_LOG_ADVICE =
  'stop ecom and put back the log that belongs to the numbers, with ecom restore; or count again from this one: ecom rebuild --force';

/** Looks whether each store answers. An embedded one that does not exist is not created by looking. */
export async function checkStores(config: Config): Promise<StoreReport> {
  let bounds: readonly PartitionBounds[] = [];
  let positions: readonly Position[] = [];
  let reports: readonly ReadReport[] = [];
  let simulated = false;
  let noted: readonly number[] = [];
  let lost = 0;
  let earlier = 0;
  let alerts: PublishedAlerts | undefined;
  let model: PublishedModel | undefined;
  // Before the log, which only grows: what is counted by then lies below the end that is read after it.
  const live = await check(config, 'live', openLive, async (store) => {
    positions = await store.positions();
    simulated = await readSimulated(store);
    noted = await notedRecount(store);
    const { tallies } = await store.snapshot({ tallies: [{ ranges: 'all' }] });
    lost = Number(tallies[0]!.totals.get(COLUMNS.lost) ?? 0);
    earlier = Number(tallies[0]!.totals.get(COLUMNS.earlier) ?? 0);
    const now = Date.now();
    reports = await readWorkers(store, now);
    alerts = await readCurrentAlerts(store, now);
    model = await publishedModel(store);
  });
  const log = await check(config, 'log', openLog, async (store) => {
    bounds = await store.bounds();
  });
  let recount: Recount | null = null;
  const documents = await check(config, 'documents', openDocuments, async (store) => {
    await store.deadLetters({ limit: 1 });
    const isKnown = live.ok || live.missing === true;
    if (isKnown) recount = await recountOf(noted, positions, bounds, store.appended);
  });
  return {
    stores: [log, documents, live],
    bounds,
    positions,
    recount,
    lost,
    earlier,
    reports,
    simulated,
    model,
    alerts,
  };
}

/**
 * Opens all stores, which creates the embedded ones, and closes them.
 * @returns the number of partitions of the log
 * @throws EcomError where one cannot be opened
 */
export async function prepareStores(config: Config): Promise<number> {
  const opened: { close(): Promise<void> }[] = [];
  try {
    const log = await openLog(config);
    opened.push(log);
    opened.push(await openDocuments(config));
    opened.push(await openLive(config, { counts: true }));
    return log.partitions;
  } finally {
    for (const store of opened) await store.close();
  }
}

/** The URL of a port as it may be shown. */
export function shownUrl(config: Config, port: StoreCheck['port']): string {
  const url = urlOf(config, port);
  if (isEmbedded(config, port)) return `sqlite:${join(config.dataDir, STORE_FILES[port])}`;
  const bare = url.replace(/[?#].*$/s, '');
  const start = bare.indexOf('//') + 2;
  return bare.slice(0, start) + bare.slice(Math.max(start, bare.lastIndexOf('@') + 1));
}

/** Whether a port's store is a file in the data folder. */
export function isEmbedded(config: Config, port: StoreCheck['port']): boolean {
  return urlOf(config, port).startsWith('sqlite:');
}

function urlOf(config: Config, port: StoreCheck['port']): string {
  return { log: config.logUrl, documents: config.documentsUrl, live: config.liveUrl }[port];
}

async function check<T extends { close(): Promise<void> }>(
  config: Config,
  port: StoreCheck['port'],
  open: (config: Config) => Promise<T>,
  read: (store: T) => Promise<void>,
): Promise<StoreCheck> {
  const url = shownUrl(config, port);
  if (isEmbedded(config, port) && !existsSync(join(config.dataDir, STORE_FILES[port]))) {
    return { port, url, ok: false, latencyMs: null, error: 'not created yet', missing: true };
  }
  let store: T | undefined;
  try {
    store = await open(config);
    const before = performance.now();
    await read(store);
    return { port, url, ok: true, latencyMs: Math.round((performance.now() - before) * 100) / 100 };
  } catch (error) {
    return { port, url, ok: false, latencyMs: null, error: errorMessage(error) };
  } finally {
    await store?.close();
  }
}

async function openLog(config: Config): Promise<EventLog> {
  return (await import('../pipeline/event-log/open.ts')).openEventLog(config);
}

async function openDocuments(config: Config): Promise<DocumentStore> {
  return (await import('../pipeline/document-store/open.ts')).openDocumentStore(config);
}

async function openLive(config: Config, options?: OpenOptions): Promise<LiveStore> {
  return (await import('../pipeline/live-store/open.ts')).openLiveStore(config, options);
}
