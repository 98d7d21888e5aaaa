import { type Cluster, type Redis } from 'ioredis';
import { EcomError, errorCode, errorMessage } from '../../errors.ts';
import { type RedisTarget } from './redis-url.ts';

/** How long a command waits for an answer, ms. */
const ANSWER_MS = 10_000;
/** New connections that are tried for a command, with pauses that grow: about three seconds. Whoever waits longer says so. */
const RETRIES = 10;
const LONGEST_PAUSE_MS = 500;

/** A client that connects when it is first used, and waits a while for a server that is away. */
export async function connectRedis(target: RedisTarget): Promise<Redis | Cluster> {
  const { Redis, Cluster } = await import('ioredis');
  const { nodes, cluster, tls, username, password, db } = target;
  const retryStrategy = (times: number): number => Math.min(LONGEST_PAUSE_MS, 50 * times);
  const common = {
    ...(tls === undefined ? {} : { tls }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    connectTimeout: 5000,
    commandTimeout: ANSWER_MS,
    maxRetriesPerRequest: RETRIES,
    retryStrategy,
  };
  const client = cluster
    ? new Cluster([...nodes], {
        lazyConnect: true,
        clusterRetryStrategy: retryStrategy,
        redisOptions: common,
      })
    : new Redis({ ...nodes[0]!, db, ...common, lazyConnect: true });
  // What goes wrong is told by the command that fails.
  client.on('error', () => {});
  return client;
}

/** What a client's error means to people; never with a secret in it. */
export function redisError(error: unknown, { nodes }: RedisTarget): EcomError {
  if (error instanceof EcomError) return error;
  const message = errorMessage(error);
  const where = `redis ${nodes.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
  if (/^(WRONGPASS|NOAUTH|NOPERM)|invalid (username|password)/i.test(message)) {
    return new EcomError(
      'UNAVAILABLE',
      `${where} refuses the user, the password, or what the user wants to do`,
      {
        hint: 'check ECOM_REDIS_USERNAME and ECOM_REDIS_PASSWORD; ecom doctor says more',
        cause: error,
      },
    );
  }
  if (/^OOM/.test(message)) {
    return new EcomError('STORAGE', `${where} has used all the memory that it may`, {
      hint: 'raise maxmemory; docs/servers.md says how much a shop takes',
      cause: error,
    });
  }
  // What it holds could not be read: a page that ends too early, a text that is no JSON, a key of another kind.
  const isUnreadable = error instanceof RangeError || error instanceof SyntaxError;
  if ((isUnreadable && errorCode(error) === undefined) || /WRONGTYPE/.test(message)) {
    return new EcomError('STORAGE', `${where}: what ecom keeps there is damaged (${message})`, {
      hint: 'count everything again from the log: ecom down, then ecom rebuild',
      cause: error,
    });
  }
  const said = /max retries per request/.test(message) ? 'it does not answer' : message;
  return new EcomError('UNAVAILABLE', `${where}: ${said}`, {
    hint: 'is it running, and the address right? ecom doctor looks',
    cause: error,
    ...(isAway(error, message) ? { away: where } : {}),
  });
}

function isAway(error: unknown, message: string): boolean {
  const { name } = error as { name?: string };
  // Said by a server that starts, or is just becoming a replica or the leader.
  if (name === 'ReplyError') return /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN)/.test(message);
  return (
    errorCode(error) !== undefined ||
    /max retries per request|^(Command timed out|Connection is closed|None of startup nodes|Failed to refresh slots|Stream isn't writ)/.test(
      message,
    )
  );
}
