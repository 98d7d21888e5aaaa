import { createHash, randomUUID } from 'node:crypto';
import { timeZone } from '../events/time-zone.ts';
import { addToTable, decodeTable, encodeTable } from '../sqlite/counter-table.ts';
import { type CellLayout, LEVEL_NAMES, maxKeys, OTHER_KEY, RETENTION } from './cells.ts';
import { agreedLayout } from './layout.ts';
import { type LiveChange } from './live-store.ts';
import { type ScriptedClient } from './redis-scripts.ts';
import {
  expiredIds,
  foldChanges,
  SLOTS,
  SPAN,
  type StoredCell,
  slotsOf,
  storedCells,
} from './stored-cells.ts';

/** Changes are gathered until there are so many, or so much text, then added to the cells at once. */
const FOLD_CHANGES = 32;
const FOLD_CHARACTERS = 512 * 1024;
/** A cell nobody writes to goes so long after it is out of retention, s: the keys of a shop that is given up. */
const GRACE_SECONDS = 30 * 86_400;
/** Most numbers of keys that a writer keeps in memory. */
const KEY_CACHE = 200_000;

export interface RedisWriter {
  apply(change: LiveChange): Promise<boolean>;
  /** Forgets what it knows of the server's data, which may have been lost. */
  forget(): void;
}

export function createRedisWriter(
  client: ScriptedClient,
  prefix: string,
  wanted: CellLayout,
  stored: () => Promise<CellLayout | undefined>,
): RedisWriter {
  const zone = timeZone(wanted.timeZone);
  const slots = slotsOf(wanted);
  /** By slot, the numbers of keys. */
  const numbers = new Map<number, Map<string, number>>();
  /** The layout as the store has it. */
  let layout: string | undefined;

  async function agreeOnLayout(): Promise<string> {
    const before = await stored();
    const agreed = agreedLayout(before, wanted);
    if (before !== undefined && agreed !== before) {
      await client.ecomRelayout(prefix, JSON.stringify(before), JSON.stringify(agreed));
    }
    return JSON.stringify(agreed);
  }
  /** The numbers of all keys of a change, by slot: one more trip only where there are new keys. */
  async function numbersOf({ cells }: LiveChange): Promise<Map<number, Map<string, number>>> {
    const wantedKeys = new Map<number, Set<string>>();
    for (const { breakdowns } of cells.values()) {
      for (const [dimension, rows] of breakdowns) {
        const slot = slots.numberOf(dimension);
        const keys = wantedKeys.get(slot) ?? new Set();
        wantedKeys.set(slot, keys);
        for (const key of rows.keys()) keys.add(key);
      }
    }
    const found = new Map<number, Map<string, number>>();
    for (const [slot, keys] of wantedKeys) {
      let known = numbers.get(slot);
      if (known === undefined || known.size > KEY_CACHE) {
        known = new Map();
        numbers.set(slot, known);
      }
      const missing = [...keys].filter((key) => !known.has(key));
      if (missing.length > 0) {
        const most = maxKeys(slots.names[slot]!);
        const ids = (await client.ecomNumber(
          prefix,
          slot,
          randomUUID(),
          most,
          OTHER_KEY,
          ...missing,
        )) as number[];
        for (const [i, key] of missing.entries()) known.set(key, ids[i]!);
      }
      found.set(slot, new Map([...keys].map((key) => [key, known.get(key)!])));
    }
    return found;
  }
  function forget(): void {
    numbers.clear();
    layout = undefined;
  }

  async function fold(): Promise<void> {
    const [folds, watermarks, texts] = (await client.ecomUnfolded(prefix)) as [string, string[], string[]];
    if (texts.length === 0) return;
    const now = Math.max(0, ...watermarks.map(Number));
    const changed = foldChanges(
      texts.flatMap((text) => JSON.parse(text) as StoredCell[]),
      now,
      zone,
    );
    const ids = [...changed.keys()];
    const stored = (await client.ecomCellsBuffer(prefix, ...ids)) as Buffer[];
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
      ...cells,
      expired.length,
      ...expired.flat(),
    );
  }

  return {
    async apply(change) {
      layout ??= await agreeOnLayout();
      const found = await numbersOf(change);
      let highest = 0;
      for (const ids of found.values()) for (const id of ids.values()) if (id > highest) highest = id;
      const keyId = (slot: number, key: string): number => found.get(slot)!.get(key)!;
      const text = change.cells.size === 0 ? '' : JSON.stringify(storedCells(change.cells, slots, keyId));
      const done = await client.ecomApply(prefix, layout, ...applyArguments(change, highest, text));
      // What was lost may be what the numbers of the keys were; what is there may be of another layout.
      if (done === -1) forget();
      if (done === 1) await fold();
      return done !== -1;
    },
    forget,
  };
}

function applyArguments(
  { advances, claims, states, products }: LiveChange,
  highest: number,
  text: string,
): (string | number)[] {
  const list: (string | number)[] = [advances.length];
  for (const { partition, from, to, watermark } of advances) list.push(partition, from, to, watermark);
  list.push(highest, claims.length);
  for (const key of claims) list.push(key);
  list.push(states.size);
  for (const [key, value] of states) list.push(key, value);
  list.push(products.size);
  for (const [id, { time, price, name, category, brand }] of products) {
    list.push(id, time, price ?? '', name ?? '', category ?? '', brand ?? '');
  }
  list.push(text, FOLD_CHANGES, FOLD_CHARACTERS);
  return list;
}

/** 0 for a cell that is kept for ever. */
function secondsToLive(id: number): number {
  const level = LEVEL_NAMES[Math.floor(id / SPAN / SLOTS)];
  const retention = level === undefined ? Number.POSITIVE_INFINITY : RETENTION[level];
  return retention === Number.POSITIVE_INFINITY ? 0 : retention / 1000 + GRACE_SECONDS;
}
