import { setTimeout as sleep } from 'node:timers/promises';
import { EcomError } from '../errors.ts';

/** Does something, again and again while a server that it needs is away: it has to be something that may come again. */
export type Patience = <T>(work: () => Promise<T>) => Promise<T>;

export interface PatienceOptions {
  /** For how long a server may be away, ms. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Told once for which server is waited, and when it goes on. */
  say(text: string): void;
}

const PAUSE_MS = 500;

export const impatient: Patience = (work) => work();

/**
 * A patience that throws EcomError `UNAVAILABLE` once a server has been away for too long, and the signal's reason. Works that
 * go on at the same time may wait for the same server: that is said once.
 */
export function createPatience({ limitMs, signal, say }: PatienceOptions): Patience {
  /** The servers that are said to be away. */
  const told = new Set<string>();
  return async (work) => {
    const since = new Map<string, number>();
    for (;;) {
      try {
        const result = await work();
        for (const server of since.keys()) if (told.delete(server)) say(`${server} is back, going on`);
        return result;
      } catch (error) {
        const server = error instanceof EcomError ? error.away : undefined;
        if (server === undefined) throw error;
        const now = performance.now();
        if (!told.has(server)) say(`waiting up to ${inWords(limitMs)}: ${(error as Error).message}`);
        told.add(server);
        const began = since.get(server) ?? now;
        since.set(server, began);
        if (now - began >= limitMs) throw gaveUp(server, limitMs, error);
        await sleep(Math.min(PAUSE_MS, limitMs), undefined, { signal });
      }
    }
  };
}

function gaveUp(server: string, limitMs: number, cause: unknown): EcomError {
  return new EcomError('UNAVAILABLE', `${server} has not come back within ${inWords(limitMs)}`, {
    hint: 'is it running? ecom doctor looks',
    cause,
  });
}

function inWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds % 60 === 0 && seconds > 0 ? `${seconds / 60} min` : `${seconds} s`;
}
