import { createHash, randomUUID } from 'node:crypto';
import { greatest } from '../../extremes.ts';
import { asBuffer } from '../events/bytes.ts';
import { timeZone } from '../events/time-zone.ts';
import { addToTable, decodeTable, encodeTable } from '../sqlite/counter-table.ts';
import { type CellLayout, LEVEL_NAMES, maxKeys, OTHER_KEY, RETENTION } from './cells.ts';
import { agreedLayout, layoutNote, parseLayout } from './layout.ts';
import { type LiveChange } from './live-store.ts';
import { type ScriptedClient } from './redis-scripts.ts';
import {
  expiredIds,
  foldChanges,
  SLOTS,
  type Slots,
  SPAN,
  type StoredCell,
  slotsOf,
  storedCells,
} from './stored-cells.ts';
import { createTurns } from './turns.ts';

/** Changes are gathered until there are so many, or so much text, then added to the cells at once. */
const FOLD_CHANGES = 32;
const FOLD_CHARACTERS = 512 * 1024;
/** A cell nobody writes to goes so long after it is out of retention, s: the keys of a shop that is given up. */
const GRACE_SECONDS = 30 * 86_400;
/** Most numbers of keys that a writer keeps in memory. */
const KEY_CACHE = 200_000;

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
  /** By slot, the numbers of keys. */
  readonly numbers: Map<number, Map<string, number>>;
}

/** @param stored the layout that the server has; `null` where it has none */
export function createRedisWriter(
  client: ScriptedClient,
  prefix: string,
  wanted: CellLayout,
  stored: () => Promise<string | null>,
): RedisWriter {
  const zone = timeZone(wanted.timeZone);
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
   * The numbers of all keys of a change, by slot: one more trip only where there are new keys. `undefined` where those that
   * are remembered do not hold any more.
   */
  async function numbersOf(
    memory: Memory,
    { cells }: LiveChange,
  ): Promise<Map<number, Map<string, number>> | undefined> {
    const found = new Map<number, Map<string, number>>();
    for (const [slot, keys] of keysOf(cells, slots)) {
      let known = memory.numbers.get(slot);
      if (known === undefined || known.size > KEY_CACHE) {
        known = new Map();
        memory.numbers.set(slot, known);
      }
      const missing = [...keys].filter((key) => !known.has(key));
      if (missing.length > 0) {
        const most = maxKeys(slots.names[slot]!);
        const [moment, ...ids] = (await client.ecomNumber(
          prefix,
          slot,
          memory.moment,
          randomUUID(),
          most,
          OTHER_KEY,
          missing,
        )) as [string?, ...number[]];
        if (moment === undefined) return undefined;
        memory.moment = moment;
        for (const [i, key] of missing.entries()) known.set(key, ids[i]!);
      }
      found.set(slot, new Map([...keys].map((key) => [key, known.get(key)!])));
    }
    return found;
  }
  /** @returns `undefined` where what is remembered does not hold any more */
  async function tryToApply(memory: Memory, change: LiveChange): Promise<boolean | undefined> {
    memory.layout ??= await agreeOnLayout();
    const found = await numbersOf(memory, change);
    if (found === undefined) return undefined;
    const keyId = (slot: number, key: string): number => found.get(slot)!.get(key)!;
    const text = change.cells.size === 0 ? '' : JSON.stringify(storedCells(change.cells, slots, keyId));
    const moment = randomUUID();
    const done = await client.ecomApply(
      prefix,
      memory.layout,
      change.generation ?? ANY_GENERATION,
      memory.moment,
      moment,
      applyArguments(change, text),
    );
    if (done === -2) return undefined;
    // What is there may be of another layout.
    if (done === -1) memory.layout = undefined;
    else if (text !== '') memory.moment = moment;
    if (done === 1) await fold();
    return done !== -1;
  }

  async function fold(): Promise<void> {
    const [folds, watermarks, texts] = (await client.ecomUnfolded(prefix)) as [string, string[], string[]];
    if (texts.length === 0) return;
    // A clock that was ahead is to take nothing away from the others.
    const now = Math.min(greatest(watermarks.map(Number), 0), Date.now());
    const changed = foldChanges(
      texts.flatMap((text) => JSON.parse(text) as StoredCell[]),
      now,
      zone,
    );
    const ids = [...changed.keys()];
    const stored = (await client.ecomCellsBuffer(prefix, ids)) as Buffer[];
    const cells = ids.flatMap((id, i) => {
      const before = stored[2 * i + 1]!;
      const table = before.length === 0 ? undefined : decodeTable(before);
      return [id, secondsToLive(id), encodeTable(addToTable(table, changed.get(id)!))];
    });
    const characters = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const expired = expiredIds(now);
    await client.ecomFold(
      prefix,
      folds,
      randomUUID(),
      texts.length,
      createHash('sha1').update(texts.join('\n')).digest('hex'),
      characters,
      ids.length,
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
  return { moment: '', numbers: new Map() };
}

/** The keys of a change, by slot. */
function keysOf(cells: LiveChange['cells'], slots: Slots): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  for (const { breakdowns } of cells.values()) {
    for (const [dimension, rows] of breakdowns) {
      const slot = slots.numberOf(dimension);
      const keys = found.get(slot) ?? new Set();
      found.set(slot, keys);
      for (const key of rows.keys()) keys.add(key);
    }
  }
  return found;
}

function applyArguments(
  { advances, claims, states, products }: LiveChange,
  text: string,
): (string | number | Buffer)[] {
  const list: (string | number | Buffer)[] = [advances.length];
  for (const { partition, from, to, watermark, seen } of advances)
    list.push(
      partition,
      from,
      to,
      watermark,
      seen?.since ?? '',
      seen === undefined ? '' : asBuffer(seen.ids),
    );
  list.push(claims.length);
  for (const key of claims) list.push(key);
  list.push(packed(states));
  list.push(products.size);
  for (const [id, { time, price, name, category, brand }] of products) {
    list.push(id, time, price ?? '', name ?? '', category ?? '', brand ?? '');
  }
  list.push(text, FOLD_CHANGES, FOLD_CHARACTERS);
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
  const level = LEVEL_NAMES[Math.floor(id / SPAN / SLOTS)];
  const retention = level === undefined ? Number.POSITIVE_INFINITY : RETENTION[level];
  return retention === Number.POSITIVE_INFINITY ? 0 : retention / 1000 + GRACE_SECONDS;
}
