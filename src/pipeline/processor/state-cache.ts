/** Two generations: what was not used while the younger one filled up goes, at no cost for what was. */
export interface StateCache<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

/** A cache of at most about twice `size` entries. */
export function createStateCache<T>(size: number): StateCache<T> {
  let young = new Map<string, T>();
  let old = new Map<string, T>();

  function set(key: string, value: T): void {
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
