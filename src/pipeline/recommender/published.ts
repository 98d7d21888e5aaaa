/** Kinds of documents that the recommender publishes to the live store. */
export const PUBLISHED = {
  /** Key: product id. */
  similar: 'similar',
  /** Key: `everybody`. */
  popular: 'popular',
  everybody: 'everybody',
} as const;

/** The JSON under each kind. Best first. */
export interface PublishedLists {
  /** `support` is the number of sessions that had both products. */
  readonly similar: readonly (readonly [id: string, score: number, support: number])[];
  readonly popular: readonly (readonly [id: string, score: number])[];
}
