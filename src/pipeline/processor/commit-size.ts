/** How many records a commit takes: under a backlog as many as share its cost, and about a second of work at most. */
export interface CommitSize {
  /** Most records of the next commit. */
  records(): number;
  /** Learns from a commit. @param ms from when its records were there until they were stored */
  took(records: number, ms: number): void;
}

const FIRST = 10_000;
/** Fewer save nothing: what a commit costs by itself is shared by enough. */
const LEAST = 5000;
/**
 * More save nothing either. Of an ingest they would be all that may wait to be counted: what reads then rests while what counts
 * works, and the other way round.
 */
const MOST = 30_000;
/** What a crash repeats, and how long heartbeats and the wish to stop may wait for their turn. */
const WORK_MS = 1000;

/** @param fixed the size, where it is not to follow the pace */
export function createCommitSize(fixed?: number): CommitSize {
  let size = fixed ?? FIRST;
  return {
    records: () => size,
    took(records, ms) {
      if (fixed !== undefined) return;
      const fitting = (records / Math.max(1, ms)) * WORK_MS;
      // One that was fast though it was not full says little: most of its cost may be that of any commit.
      if (ms < WORK_MS && records < size / 2) return;
      // By steps: one slow commit, or the first one of a cold process, is no pace.
      const near = Math.min(size * 2, Math.max(size / 2, fitting));
      size = Math.round(Math.min(MOST, Math.max(LEAST, near)));
    },
  };
}
