import { setTimeout as sleep } from 'node:timers/promises';
import { EcomError, errorMessage } from '../../errors.ts';
import { type Logger } from '../../log.ts';

/** Pause before a component begins anew, ms. */
const PAUSE_MS = 1000;

/**
 * Begins anew what failed because a server is away, as often as it takes, once it was ready: before that, whoever asked for
 * it is told. Says once for which server it waits, and that it goes on.
 */
export function createWait(
  logger: Logger,
  signal: AbortSignal,
  onChange: (server: string | undefined) => void,
) {
  let server: string | undefined;
  let ready = false;
  return {
    begun() {
      ready = true;
    },
    /** Something was done, for which all servers are needed. */
    over() {
      if (server === undefined) return;
      logger.info({ server }, `${server} is back, going on`);
      server = undefined;
      onChange(server);
    },
    async through(run: () => Promise<void>): Promise<void> {
      for (;;) {
        try {
          return await run();
        } catch (error) {
          const away = error instanceof EcomError ? error.away : undefined;
          if (away === undefined || !ready || signal.aborted) throw error;
          if (away !== server) logger.warn({ err: error }, `waiting: ${errorMessage(error)}`);
          server = away;
          onChange(server);
          await sleep(PAUSE_MS, undefined, { signal });
        }
      }
    },
  };
}
