import { type EventLog, type Placed, type SourceProgress } from '../event-log/event-log.ts';
import { NewLines } from '../event-log/new-lines.ts';
import { type EventColumns, LINK } from '../events/columns.ts';
import { type Resumed } from './ledger.ts';
import { type SourceRecord } from './records.ts';
import { type Block } from './rows.ts';

/** So many bytes are enough for an append, however few records they are. */
const CHUNK_BYTES = 8 * 1024 * 1024;

/** So many fields that no event holds are told by their names. */
const MOST_NAMES = 20;
const OTHER_NAMES = 'other fields';

export interface AppenderOptions {
  readonly log: EventLog;
  /** Properties whose values are kept of lines that are scanned, for `afterAppend`; nothing is kept of them where absent. */
  readonly properties?: readonly string[] | undefined;
  /** Told after every append. */
  onProgress?(progress: IngestProgress): void;
  /**
   * Called after every append; reading goes on when it is done.
   * @param records how many were appended
   * @param more whether others are at hand, as far as one can tell
   * @param appended what they are and where, for a moment only, from a log that tells
   */
  afterAppend?(records: number, more: boolean, appended?: Appended): Promise<void>;
}

/** Records that the log holds. */
export interface Appended {
  readonly lines: NewLines;
  readonly placed: Placed;
}

/** What this run has appended. */
export interface IngestProgress {
  /** Bytes read, as they lie on the disk. */
  readonly bytesRead: number;
  /** Lines, those that hold nothing included. */
  readonly lines: number;
  readonly events: number;
  /** Rejected lines by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Events by what they say that no event holds, such as `items.colour`; names beyond the first {@link MOST_NAMES} are one. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Events with an id of somebody that is none, such as `undefined`. */
  readonly placeholderIds: number;
  /** Calls that link a device to a user. */
  readonly links: number;
  /** Those of them that name a user's former id. */
  readonly aliases: number;
  /** Rows of orders that name no product. */
  readonly withoutProduct: number;
  /** Oldest and newest event time, ms since the epoch. */
  readonly times: { readonly from: number; readonly to: number } | undefined;
}

/** Takes records, and appends them together with how far the source is read. */
export interface Appender {
  /** Takes an event that is appended as the line that it was scanned from, which the next `add` notes as read. */
  addLine(bytes: Buffer, columns: EventColumns, row: number): void;
  /** Takes a row's records, and notes that the block has been read up to `end`. */
  add(records: readonly SourceRecord[], block: Block, end: number, lines: number): void;
  full(): boolean;
  /** Appends what was taken, together with how far that is. */
  append(done?: boolean): Promise<void>;
  /** Whether an append has failed. */
  failed(): boolean;
  progress(): IngestProgress;
}

export function createAppender(options: AppenderOptions, resumed: Resumed): Appender {
  const { log, onProgress, afterAppend } = options;
  const { source, key, hash } = resumed;
  const counts = {
    events: 0,
    rejected: {} as Record<string, number>,
    placeholderIds: 0,
    links: 0,
    aliases: 0,
    withoutProduct: 0,
    from: Number.POSITIVE_INFINITY,
    to: 0,
  };
  const leftOut = new Map<string, number>();
  const gathered = new NewLines(log.partitions, options.properties);
  let { lines, bytes, done: wasDone } = resumed;
  let stored: SourceProgress | undefined = resumed.known;
  let current: { readonly block: Block; end: number } | undefined;
  let changed = false;
  /** Whether what was taken goes beyond what is noted as read, or that lies inside a row: there is no place to go on from. */
  let placeless = false;
  let failing = false;

  function progress(): IngestProgress {
    const { events, rejected, placeholderIds, links, aliases, withoutProduct, from, to } = counts;
    const times = events === 0 ? undefined : { from, to };
    return {
      bytesRead: source.bytesRead(),
      lines: lines - resumed.lines,
      events,
      rejected: { ...rejected },
      leftOut: Object.fromEntries(leftOut),
      placeholderIds,
      links,
      aliases,
      withoutProduct,
      times,
    };
  }

  function count(time: number): void {
    counts.events += 1;
    if (time < counts.from) counts.from = time;
    if (time > counts.to) counts.to = time;
  }
  /** Counts an event once by each name. */
  function countLeftOut(paths: readonly string[]): void {
    const names = new Set<string>();
    for (const path of paths) {
      const short = path.slice(0, 100);
      const isNamed = leftOut.has(short) || leftOut.size < MOST_NAMES;
      if (isNamed && !leftOut.has(short)) leftOut.set(short, 0);
      names.add(isNamed ? short : OTHER_NAMES);
    }
    for (const name of names) leftOut.set(name, (leftOut.get(name) ?? 0) + 1);
  }
  function full(): boolean {
    return gathered.count >= log.enough || gathered.bytes >= CHUNK_BYTES;
  }

  return {
    addLine(bytes, columns, row) {
      gathered.add(bytes, columns, row);
      if (columns.typeNumber(row) === LINK) counts.links += 1;
      else count(columns.time(row));
      placeless = true;
    },
    add(added, block, end, line) {
      for (const { record, time, reason, leftOut: paths, placeholder, link, alias, productless } of added) {
        gathered.addRecord(record);
        if (paths.length > 0) countLeftOut(paths);
        if (reason !== undefined) counts.rejected[reason] = (counts.rejected[reason] ?? 0) + 1;
        else if (link === true) counts.links += 1;
        else count(time!);
        if (placeholder === true) counts.placeholderIds += 1;
        if (alias === true) counts.aliases += 1;
        if (productless === true) counts.withoutProduct += 1;
      }
      if (current?.block !== block) current = { block, end: 0 };
      changed ||= end > current.end;
      hash.update(block.bytes.subarray(current.end, end));
      bytes += end - current.end;
      current.end = end;
      lines = line;
      placeless = !block.whole;
    },
    full,
    async append(done = false) {
      if (placeless || (!changed && (wasDone || !done))) return;
      const { count: appended } = gathered;
      const more = full();
      changed = false;
      wasDone = done;
      failing = true;
      const next = { source: key, rows: lines, bytes, digest: hash.copy().digest('hex'), done };
      const placed = await log.append(gathered, next, stored);
      stored = next;
      onProgress?.(progress());
      await afterAppend?.(appended, more, placed && { lines: gathered, placed });
      gathered.clear();
      failing = false;
    },
    failed: () => failing,
    progress,
  };
}
