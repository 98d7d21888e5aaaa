/** How much a run does; the same numbers do the same again. */
export interface SoakOptions {
  readonly kills: number;
  readonly lines: number;
  readonly faults: number;
  readonly seed: string;
}

/** How a part went. */
export interface Outcome {
  /** Its counts, in one line. */
  readonly line: string;
  /** What was lost, doubled or differs; none where all is well. */
  readonly problems: readonly string[];
}

/**
 * A part runs in a process of its own. What it notes is where it is; one that notes nothing for as long as `STUCK_MS` counts as
 * stuck, and its last note says at what.
 */
export type Part = (options: SoakOptions, note: (text: string) => void) => Promise<readonly Outcome[]>;

export const STUCK_MS = 120_000;

/** Most memory of a part's own objects, MiB: one that needs more ends, and that is a problem. */
export const HEAP_MIB = 512;
