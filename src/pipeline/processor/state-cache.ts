/** Two generations: what was not used while the younger one filled up goes, at no cost for what was. */
export interface StateCache {
  get(key: string): Uint8Array | undefined;
  set(key: string, state: Uint8Array): void;
}

/** A cache of encoded states by key, of at most about twice `size` entries. */
export function createStateCache(size: number): StateCache {
  let young = new Map<string, Uint8Array>();
  let old = new Map<string, Uint8Array>();

  function set(key: string, value: Uint8Array): void {
    if (young.size >= size) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  }
  return {
    get(key) {
      const value = young.get(key);
      if (value !== undefined) return value;
      const aged = old.get(key);
      if (aged !== undefined) set(key, aged);
      return aged;
    },
    set,
  };
}
