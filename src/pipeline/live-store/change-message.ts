import { ByteDictionary, type DictionaryNames } from '../events/byte-dictionary.ts';
import { type DeltaNames } from '../metrics/bucket-deltas.ts';
import { type LiveChange } from './live-store.ts';

/** A change on its way to another thread: names are those that are new since the change before, states lie in one piece. */
export interface ChangeMessage extends Omit<LiveChange, 'names' | 'states'> {
  readonly columns: NamesMessage;
  /** By slot. */
  readonly keys: readonly NamesMessage[];
  readonly stateKeys: readonly string[];
  /** Where each state ends in `states`. */
  readonly stateEnds: Uint32Array<ArrayBuffer>;
  readonly states: Uint8Array<ArrayBuffer>;
}

interface NamesMessage extends DictionaryNames {
  /** Tells dictionaries apart: one that is full is followed by another. */
  readonly id: number;
}

/** What can be moved to the other thread, and need not be copied. */
export function buffersOf({ cells, keys, states }: ChangeMessage): ArrayBuffer[] {
  const tables = cells.tables.flatMap((entries) =>
    entries === undefined ? [] : [entries.buckets, entries.keys, entries.columns, entries.amounts],
  );
  return [...tables, ...keys.map(({ bytes }) => bytes), states].map(({ buffer }) => buffer);
}

/** Makes messages of changes, all of which have to arrive, in this order. */
export function createChangeSender(): (change: LiveChange) => ChangeMessage {
  /** How many names of a dictionary are sent. */
  const sent = new WeakMap<ByteDictionary, { readonly id: number; count: number }>();
  let ids = 0;

  function unsent(names: ByteDictionary): NamesMessage {
    let known = sent.get(names);
    if (known === undefined) {
      known = { id: ids, count: 0 };
      ids += 1;
      sent.set(names, known);
    }
    const message = { id: known.id, ...names.namesFrom(known.count) };
    known.count = names.size;
    return message;
  }

  return ({ names, states: statesByKey, ...rest }) => {
    const stateEnds = new Uint32Array(statesByKey.size);
    let end = 0;
    let count = 0;
    for (const { length } of statesByKey.values()) {
      end += length;
      stateEnds[count] = end;
      count += 1;
    }
    const states = new Uint8Array(end);
    let start = 0;
    for (const state of statesByKey.values()) {
      states.set(state, start);
      start += state.length;
    }
    return {
      ...rest,
      columns: unsent(names.columns),
      keys: names.keys.map(unsent),
      stateKeys: [...statesByKey.keys()],
      stateEnds,
      states,
    };
  };
}

/** Makes changes of messages, in the order in which they were made. */
export function createChangeReceiver(): (message: ChangeMessage) => LiveChange {
  let columns: Known | undefined;
  const keys: Known[] = [];

  return (message) => {
    const { advances, generation, cells, claims, expects, products, messages } = message;
    const { columns: newColumns, keys: newKeys, stateKeys, stateEnds, states: bytes } = message;
    columns = withNew(columns, newColumns);
    newKeys.forEach((names, slot) => {
      keys[slot] = withNew(keys[slot], names);
    });
    const names: DeltaNames = { columns: columns.names, keys: keys.map((known) => known.names) };
    const states = new Map<string, Uint8Array>();
    let start = 0;
    stateKeys.forEach((key, i) => {
      states.set(key, bytes.subarray(start, stateEnds[i]));
      start = stateEnds[i]!;
    });
    return { advances, generation, cells, names, claims, expects, states, products, messages };
  };
}

interface Known {
  readonly id: number;
  readonly names: ByteDictionary;
}

function withNew(before: Known | undefined, { id, ...names }: NamesMessage): Known {
  const known = before?.id === id ? before : { id, names: new ByteDictionary() };
  known.names.addNames(names);
  return known;
}
