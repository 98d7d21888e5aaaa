/** Names of all algorithms, for who only has to know those: the command line and the settings. */
export const ALGORITHMS = [
  'hybrid',
  'popular',
  'trending',
  'bought-together',
  'item-knn',
  'als',
  'svd',
  'ease',
  'content',
  'session-knn',
] as const;

export type AlgorithmName = (typeof ALGORITHMS)[number];
