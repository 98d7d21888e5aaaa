/** How the times of a replay relate to the clock. All times are ms since the epoch. */
export interface Pace {
  /** What becomes of an event's time. */
  readonly shift: ((time: number) => number) | undefined;
  /** How long an event of that time, moved already, has to wait, ms; not above 0 where it is due. */
  wait(time: number): number;
}

export interface PaceOptions {
  /** Multiple of real time; `undefined` is as fast as it goes. */
  readonly speed: number | undefined;
  /** Whether events are to happen now. */
  readonly rebase: boolean;
  /** Time of the newest event; needed to rebase without a speed. */
  readonly newest?: number | undefined;
  readonly clock: () => number;
}

/**
 * With a speed, the first event is due at once, and every other after its distance from the first, divided by the speed;
 * rebased, that is also its time. Without a speed, rebasing moves all events by the same time, so that the newest happens
 * now.
 */
export function createPace({ speed, rebase, newest, clock }: PaceOptions): Pace {
  if (speed === undefined) {
    const distance = rebase && newest !== undefined ? clock() - newest : 0;
    return { shift: rebase ? (time) => time + distance : undefined, wait: () => 0 };
  }
  let origin: { readonly event: number; readonly clock: number } | undefined;
  const due = (time: number): number => {
    origin ??= { event: time, clock: clock() };
    return origin.clock + (time - origin.event) / speed;
  };
  return {
    shift: rebase ? (time) => Math.round(due(time)) : undefined,
    wait: (time) => (rebase ? time : due(time)) - clock(),
  };
}

/** Parses `--speed`: `max` is `undefined`, `60x` is 60; NaN for anything else. */
export function parseSpeed(text: string): number | undefined {
  if (text === 'max') return undefined;
  const match = /^(\d{1,9}(?:\.\d{1,6})?)x?$/i.exec(text);
  const speed = match === null ? Number.NaN : Number(match[1]);
  return speed > 0 ? speed : Number.NaN;
}
