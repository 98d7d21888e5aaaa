import { createHash, randomUUID } from 'node:crypto';
import { greatest } from '../../extremes.ts';
import { type ByteDictionary } from '../events/byte-dictionary.ts';
import { asBuffer } from '../events/bytes.ts';
import { timeZone } from '../events/time-zone.ts';
import { translated } from '../metrics/bucket-deltas.ts';
import { type CellLayout, OTHER_KEY, RETENTION } from '../metrics/cells.ts';
import { type DeltaTable } from '../metrics/delta-table.ts';
import { PageReader } from '../metrics/page-reader.ts';
import { mergePage, type OrderedCounters, PageWriter } from '../metrics/page-writer.ts';
import {
  createRollUp,
  decodeDeltas,
  encodeDeltas,
  expiredIds,
  mostKeys,
  placeOf,
  type RollUp,
  slotsOf,
  sumDeltas,
} from '../metrics/stored-cells.ts';
import { agreedLayout, layoutNote, parseLayout } from './layout.ts';
import { type LiveChange } from './live-store.ts';
import { type ScriptedClient } from './redis-scripts.ts';
import { createTurns } from './turns.ts';

/** Changes are gathered until there are so many, or so many bytes, then added to the cells at once. */
const FOLD_CHANGES = 32;
const FOLD_BYTES = 512 * 1024;
/** A cell nobody writes to goes so long after it is out of retention, s: the keys of a shop that is given up. */
const GRACE_SECONDS = 30 * 86_400;

/** What no generation is called. */
const ANY_GENERATION = '*';

/** How often a change is tried again because what was remembered for it does not hold any more. */
const TRIES = 5;

export interface RedisWriter {
  apply(change: LiveChange): Promise<boolean>;
}

/** What a writer remembers of the server's data, which may be lost, or become what it was before, at any moment. */
interface Memory {
  /** As the store has it, or will have it. */
  layout?: string | undefined;
  /** A moment at which all numbers were so; without numbers there is none. */
  moment: string;
  /** The server's numbers of keys and columns, by those of the changes. */
  readonly ids: WeakMap<ByteDictionary, number[]>;
}

/** @param stored the layout that the server has; `null` where it has none */
export function createRedisWriter(
  client: ScriptedClient,
  prefix: string,
  wanted: CellLayout,
  stored: () => Promise<string | null>,
): RedisWriter {
  const rollUp = createRollUp(timeZone(wanted.timeZone));
  const slots = slotsOf(wanted);
  const inTurn = createTurns();
  let remembered = newMemory();

  async function agreeOnLayout(): Promise<string> {
    const before = await stored();
    if (before === null) return layoutNote(wanted);
    const known = parseLayout(before);
    const agreed = agreedLayout(known, wanted);
    if (agreed === known) return before;
    const after = layoutNote(agreed);
    await client.ecomRelayout(prefix, before, after);
    return after;
  }
  /**
   * Asks for the numbers of the keys that are new: one more trip only where there are some.
   * @returns false where those that are remembered do not hold any more
   */
  async function numberAll(memory: Memory, { cells, names }: LiveChange): Promise<boolean> {
    const used = cells.tables.flatMap((_, slot) => (slot === 0 ? [] : [[slot, names.keys[slot]!] as const]));
    for (const [slot, keys] of [[0, names.columns] as const, ...used]) {
      const known = memory.ids.get(keys) ?? [];
      memory.ids.set(keys, known);
      const missing: string[] = [];
      for (let i = known.length; i < keys.size; i += 1) missing.push(keys.textOf(i));
      if (missing.length === 0) continue;
      const [moment, ...ids] = (await client.ecomNumber(
        prefix,
        slot,
        memory.moment,
        randomUUID(),
        mostKeys(slots, slot),
        OTHER_KEY,
        missing,
      )) as [string?, ...number[]];
      if (moment === undefined) return false;
      memory.moment = moment;
      for (const id of ids) known.push(id);
    }
    return true;
  }
  function encoded(memory: Memory, { cells, names }: LiveChange): Buffer {
    const idsOf = (keys: ByteDictionary): number[] => memory.ids.get(keys)!;
    return encodeDeltas(translated(cells, (slot) => idsOf(names.keys[slot]!), idsOf(names.columns)));
  }
  /** @returns `undefined` where what is remembered does not hold any more */
  async function tryToApply(memory: Memory, change: LiveChange): Promise<boolean | undefined> {
    memory.layout ??= await agreeOnLayout();
    const isEmpty = change.cells.starts.length === 0;
    if (!isEmpty && !(await numberAll(memory, change))) return undefined;
    const deltas = isEmpty ? Buffer.alloc(0) : encoded(memory, change);
    const moment = randomUUID();
    const done = await client.ecomApply(
      prefix,
      memory.layout,
      change.generation ?? ANY_GENERATION,
      memory.moment,
      moment,
      applyArguments(change, deltas),
    );
    if (done === -2) return undefined;
    // What is there may be of another layout.
    if (done === -1) memory.layout = undefined;
    else if (!isEmpty) memory.moment = moment;
    if (done === 1) await fold();
    return done !== -1;
  }

  async function fold(): Promise<void> {
    const [folds, watermarks, changes] = (await client.ecomUnfoldedBuffer(prefix)) as [
      Buffer,
      Buffer[],
      Buffer[],
    ];
    if (changes.length === 0) return;
    // A clock that was ahead is to take nothing away from the others.
    const now = Math.min(greatest(watermarks.map(Number), 0), Date.now());
    const pages = pagesOf(changes, now, rollUp);
    const stored = (await client.ecomCellsBuffer(
      prefix,
      pages.map(({ id }) => id),
    )) as Buffer[];
    const [reader, writer] = [new PageReader(), new PageWriter()];
    const cells = pages.flatMap(({ id, counters }, i) => [
      id,
      secondsToLive(id),
      mergePage(writer, reader.open(stored[2 * i + 1]!), counters, 0, counters.length),
    ]);
    const bytes = changes.reduce((sum, change) => sum + change.length, 0);
    const digest = createHash('sha1');
    changes.forEach((change, i) => {
      if (i > 0) digest.update('\n');
      digest.update(change);
    });
    const expired = expiredIds(now);
    await client.ecomFold(
      prefix,
      folds,
      randomUUID(),
      changes.length,
      digest.digest('hex'),
      bytes,
      pages.length,
      cells,
      expired.length,
      expired.flat(),
    );
  }

  return {
    apply: (change) =>
      inTurn(async () => {
        for (let tries = 0; tries < TRIES; tries += 1) {
          const done = await tryToApply(remembered, change);
          if (done !== undefined) return done;
          remembered = newMemory();
        }
        return false;
      }),
  };
}

function newMemory(): Memory {
  return { moment: '', ids: new WeakMap() };
}

interface PageDelta {
  readonly id: number;
  readonly counters: OrderedCounters;
}

/** What changes add to pages. */
function pagesOf(changes: readonly Buffer[], now: number, rollUp: RollUp): PageDelta[] {
  const pages: PageDelta[] = [];
  rollUp(sumDeltas(changes.flatMap(decodeDeltas)), now, (id, table, from, to) => {
    pages.push({ id, counters: copyOf(table, from, to) });
  });
  return pages;
}

/** What a table has read stands there only until it reads another bucket. */
function copyOf(table: DeltaTable, from: number, to: number): OrderedCounters {
  const places = Array.from({ length: to - from }, (_, i) => from + i);
  const [keys, columns, amounts] = [
    places.map((i) => table.key(i)),
    places.map((i) => table.column(i)),
    places.map((i) => table.amount(i)),
  ];
  return {
    length: places.length,
    key: (i) => keys[i]!,
    column: (i) => columns[i]!,
    amount: (i) => amounts[i]!,
  };
}

const NONE: ReadonlyMap<string, Uint8Array> = new Map();

function applyArguments(
  { advances, claims, expects = NONE, states, products, messages = [] }: LiveChange,
  deltas: Buffer,
): (string | number | Buffer)[] {
  const list: (string | number | Buffer)[] = [advances.length];
  const ids = (bytes: Uint8Array | undefined): Buffer | string =>
    bytes === undefined ? '' : asBuffer(bytes);
  for (const { partition, from, to, watermark, seen, derived, taken } of advances) {
    list.push(partition, from, to, watermark, seen?.since ?? '', ids(seen?.ids));
    list.push(derived?.from ?? '', derived?.since ?? '', ids(derived?.ids));
    list.push(taken?.from ?? '', taken?.to ?? '');
  }
  list.push(claims.length);
  for (const key of claims) list.push(key);
  list.push(expects.size);
  for (const [key, state] of expects) list.push(key, asBuffer(state));
  list.push(packed(states));
  list.push(messages.length);
  for (const { partition, bytes } of messages) list.push(partition, asBuffer(bytes));
  list.push(products.size);
  for (const [id, { time, price, name, category, brand }] of products) {
    list.push(id, time, price ?? '', name ?? '', category ?? '', brand ?? '');
  }
  list.push(deltas, FOLD_CHANGES, FOLD_BYTES);
  return list;
}

/** Fields of a hash as the script takes them. */
function packed(fields: ReadonlyMap<string, Uint8Array>): Buffer {
  let length = 0;
  for (const [name, value] of fields) length += 8 + Buffer.byteLength(name) + value.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const [name, value] of fields) {
    const written = bytes.write(name, at + 4);
    bytes.writeUInt32BE(written, at);
    at += 4 + written;
    bytes.writeUInt32BE(value.length, at);
    bytes.set(value, at + 4);
    at += 4 + value.length;
  }
  return bytes;
}

/** 0 for a cell that is kept for ever. */
function secondsToLive(id: number): number {
  const { level } = placeOf(id);
  const retention = level === 'all' ? Number.POSITIVE_INFINITY : RETENTION[level];
  return retention === Number.POSITIVE_INFINITY ? 0 : retention / 1000 + GRACE_SECONDS;
}
