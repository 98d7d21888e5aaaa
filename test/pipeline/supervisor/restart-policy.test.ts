import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterEnd, type Timings, type WorkerEnd } from '../../../src/pipeline/supervisor/restart-policy.ts';

const timings: Timings = {
  readyMs: 1,
  silenceMs: 1,
  stopMs: 1,
  firstBackoffMs: 500,
  longestBackoffMs: 30_000,
  stableMs: 60_000,
};
const crash: WorkerEnd = {
  code: null,
  signal: 'SIGKILL',
  stopping: false,
  everReady: true,
  readyForMs: 0,
  crashes: 0,
};

describe('what follows the end of a worker', () => {
  test('one that was told to stop has stopped, however it ended', () => {
    expect(afterEnd({ ...crash, stopping: true }, timings)).toEqual({ next: 'stopped' });
    expect(afterEnd({ ...crash, stopping: true, code: 1, signal: null }, timings)).toEqual({
      next: 'stopped',
    });
  });

  test('one that ended with 0 had nothing more to do', () => {
    expect(afterEnd({ ...crash, code: 0, signal: null }, timings)).toEqual({ next: 'stopped' });
  });

  test('one that never was ready has failed and is not tried again', () => {
    expect(afterEnd({ ...crash, code: 1, signal: null, everReady: false }, timings)).toEqual({
      next: 'failed',
    });
  });

  test('one that says so is not started again, though it worked', () => {
    expect(afterEnd({ ...crash, final: true }, timings)).toEqual({ next: 'failed' });
  });

  test('crashes in a row double the wait up to the longest', () => {
    const waits: number[] = [];
    let crashes = 0;
    for (let i = 0; i < 9; i += 1) {
      const decision = afterEnd({ ...crash, crashes, readyForMs: 59_999 }, timings);
      if (decision.next !== 'backoff') throw new Error(decision.next);
      waits.push(decision.delayMs);
      crashes = decision.crashes;
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('one that was stable for long enough begins anew', () => {
    expect(afterEnd({ ...crash, crashes: 7, readyForMs: 60_000 }, timings)).toEqual({
      next: 'backoff',
      delayMs: 500,
      crashes: 1,
    });
  });

  test('a worker that worked once is started again after any number of crashes, within bounds', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.nat(10_000_000),
        fc.integer({ min: 1, max: 255 }),
        (crashes, readyForMs, code) => {
          const decision = afterEnd({ ...crash, signal: null, code, crashes, readyForMs }, timings);
          expect(decision.next).toBe('backoff');
          if (decision.next !== 'backoff') return;
          expect(decision.delayMs).toBeGreaterThanOrEqual(timings.firstBackoffMs);
          expect(decision.delayMs).toBeLessThanOrEqual(timings.longestBackoffMs);
        },
      ),
    );
  });
});
