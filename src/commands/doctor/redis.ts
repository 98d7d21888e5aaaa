import { randomUUID } from 'node:crypto';
import { type Cluster, type Redis, type RedisOptions } from 'ioredis';
import { type Config } from '../../config.ts';
import { type EcomError } from '../../errors.ts';
import { parseLayout } from '../../pipeline/live-store/layout.ts';
import { parseRedisUrl, type RedisTarget } from '../../pipeline/live-store/redis-url.ts';
import { isWholeState } from '../../pipeline/processor/state-check.ts';
import { type Check, fail, ok, warn } from './check.ts';
import {
  checkEndpoints,
  type Endpoint,
  findUnspokenTls,
  inTime,
  LOOK_MS,
  oneLine,
  type Way,
} from './network.ts';
import { atLeast, checkClock, inTurn } from './steps.ts';

const OLDEST = '6.2';
/** How long a key that could not be deleted again stays, ms. */
const KEY_MS = 10_000;

/** What a server says of itself, by key; empty where it says nothing to this user. */
type Info = ReadonlyMap<string, string>;

/** Whether a live store on Redis can be reached, logged in to, and written, and keeps what is written. */
export async function checkRedis(config: Config): Promise<Check[]> {
  let target: RedisTarget;
  try {
    target = parseRedisUrl({ url: config.liveUrl, ...config.credentials.redis });
  } catch (error) {
    const { message, hint = '' } = error as EcomError;
    return [fail('redis url', message, hint)];
  }
  const way: Way = {
    variable: 'ECOM_LIVE_URL',
    withTls: 'rediss://',
    withoutTls: 'redis://',
    caVariable: 'ECOM_REDIS_CA_FILE',
    tls: target.tls,
  };
  const { check, reached } = await checkEndpoints('redis host', target.nodes, way);
  const [node] = reached;
  if (node === undefined) return [check];
  const client = await createClient(node, target);
  let info: Info = new Map();
  try {
    return await inTurn(
      async () => [check],
      async () => [await checkLogin(client, node, target, way)],
      async () => {
        info = await readInfo(client);
        return [checkVersion(info)];
      },
      async () => checkCluster(info, target),
      async () => (info.size === 0 ? [] : [checkMemory(info), checkDisk(info)]),
      async () => [await checkRights(client, target)],
      async () => checkData(client, target),
      async () => [await checkClock('redis clock', () => serverTime(client))],
    );
  } finally {
    client.disconnect();
  }
}

async function createClient(node: Endpoint, { tls }: RedisTarget): Promise<Redis> {
  const { Redis } = await import('ioredis');
  const client = new Redis({
    ...node,
    ...(tls === undefined ? {} : { tls }),
    lazyConnect: true,
    connectTimeout: LOOK_MS,
    commandTimeout: LOOK_MS,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => null,
  });
  client.on('error', () => {}); // said by the command that fails
  return client;
}

async function checkLogin(client: Redis, node: Endpoint, target: RedisTarget, way: Way): Promise<Check> {
  const name = 'redis login';
  const { username, password, db } = target;
  const user = username ?? (password === undefined ? 'a client without a password' : 'the password');
  try {
    await client.connect();
    const needed = password === undefined || (await login(client, username, password));
    await client.ping();
    if (db !== 0) await client.select(db);
    if (!needed)
      return warn(name, 'the server asks for no password', 'give it one, or remove it from the settings');
    return ok(
      name,
      username !== undefined ? `as ${username}` : `with${password === undefined ? 'out' : ''} a password`,
    );
  } catch (error) {
    const said = oneLine(error);
    if (/^(WRONGPASS|NOAUTH|ERR invalid password)/.test(said)) {
      return fail(
        name,
        `the server refuses ${user}: ${said}`,
        'correct user and password in ECOM_LIVE_URL, or ECOM_REDIS_USERNAME and ECOM_REDIS_PASSWORD',
      );
    }
    if (/DB index|SELECT/.test(said)) {
      return fail(
        name,
        `it has no database ${db}: ${said}`,
        'correct the number after the host in ECOM_LIVE_URL',
      );
    }
    const problem = await findUnspokenTls(node, way);
    return fail(
      name,
      problem?.detail ?? `it can be reached, but does not answer as Redis does: ${said}`,
      problem?.advice ?? 'see whether it is Redis that listens there',
    );
  }
}

/**
 * Not left to the client, which would say the same of a wrong password as of a broken connection.
 * @returns whether the server asked for one
 */
async function login(client: Redis, username: string | undefined, password: string): Promise<boolean> {
  try {
    await client.call('AUTH', username === undefined ? [password] : [username, password]);
    return true;
  } catch (error) {
    if (/no password is set|without any password/.test(oneLine(error))) return false;
    throw error;
  }
}

/** Lines of `key:value` under headings. */
async function readInfo(client: Redis): Promise<Info> {
  const text = await client.info().catch(() => '');
  return new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon <= 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

function checkVersion(info: Info): Check {
  const name = 'redis version';
  const version = info.get('redis_version');
  if (version === undefined) {
    return warn(name, 'the user may not ask for it', 'let the user run INFO to have more looked at');
  }
  const valkey = info.get('valkey_version');
  const detail = valkey === undefined ? version : `Valkey ${valkey}`;
  if (atLeast(version, OLDEST)) return ok(name, detail);
  return fail(name, `${detail} is too old`, `upgrade Redis to ${OLDEST} or newer`);
}

function checkCluster(info: Info, { cluster }: RedisTarget): Check[] {
  const enabled = info.get('cluster_enabled');
  if (enabled === undefined || (enabled === '1') === cluster) return [];
  const name = 'redis cluster';
  return cluster
    ? [fail(name, 'the server is not part of a cluster', 'write redis:// in ECOM_LIVE_URL')]
    : [fail(name, 'the server is part of a cluster', 'write redis+cluster:// in ECOM_LIVE_URL')];
}

function checkMemory(info: Info): Check {
  const name = 'redis memory';
  const limit = Number(info.get('maxmemory') ?? 0);
  const policy = info.get('maxmemory_policy') ?? '';
  const used = mebibytes(Number(info.get('used_memory') ?? 0));
  const detail = `${used} used${limit === 0 ? '' : ` of ${mebibytes(limit)}`}, ${policy}`;
  if (policy === 'noeviction') return ok(name, detail);
  return warn(
    name,
    `${detail}: when its memory is full it drops keys, and numbers with them`,
    'set maxmemory-policy noeviction; ecom then waits until there is room, and says so',
  );
}

function checkDisk(info: Info): Check {
  const name = 'redis disk';
  if (info.get('aof_enabled') === '1') return ok(name, 'appendonly');
  return warn(
    name,
    'no append-only file: Redis loses numbers when it restarts',
    'nothing needs to be done, for ecom counts them again from the log, as far back as that reaches; appendonly yes saves the time',
  );
}

/** Runs a script that writes a key and deletes it, as the store does for every micro-batch. */
async function checkRights(client: Redis, target: RedisTarget): Promise<Check> {
  const name = 'redis rights';
  const keys = `{${target.prefix}}:*`;
  const key = `{${target.prefix}}:doctor-${randomUUID()}`;
  const writer = target.cluster ? await createCluster(target) : client;
  try {
    const script = "redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) return redis.call('DEL', KEYS[1])";
    await inTime(writer.eval(script, 1, key, KEY_MS));
    return ok(name, `runs scripts, and writes keys ${keys}`);
  } catch (error) {
    const said = oneLine((error as { lastNodeError?: unknown }).lastNodeError ?? error);
    return fail(
      name,
      `keys ${keys} cannot be written: ${said}`,
      said.includes('READONLY')
        ? 'write the host of the primary in ECOM_LIVE_URL: this one is a replica'
        : `ACL SETUSER NAME ~${keys} +@read +@write +@scripting +@connection +info +time +cluster gives the user what it needs`,
    );
  } finally {
    if (target.cluster) writer.disconnect();
  }
}

/** Most states that are looked at, and how many at once. */
const MAX_STATES = 20_000;
const STATES_AT_ONCE = 1000;

/** Whether what is remembered can be read: how the numbers are cut, and some of the shoppers and orders. */
async function checkData(client: Redis, target: RedisTarget): Promise<Check[]> {
  const name = 'redis data';
  const reader = target.cluster ? await createCluster(target) : client;
  const damaged = (what: string): Check[] => [
    fail(name, `{${target.prefix}}: ${what} is damaged`, 'count everything again from the log: ecom rebuild'),
  ];
  try {
    const layout = await inTime(reader.get(`{${target.prefix}}:layout`));
    if (layout === null) return [];
    try {
      parseLayout(layout);
    } catch {
      return damaged('the note of how the numbers are cut');
    }
    let [seen, cursor] = [0, '0'];
    do {
      const scan = reader.hscanBuffer(`{${target.prefix}}:states`, cursor, 'COUNT', STATES_AT_ONCE);
      const [next, found] = await inTime(scan);
      for (let i = 0; i < found.length; i += 2) {
        const key = String(found[i]);
        if (!isWholeState(key, found[i + 1]!)) return damaged(`what is known of '${key}'`);
      }
      seen += found.length / 2;
      cursor = String(next);
    } while (cursor !== '0' && seen < MAX_STATES);
    return [ok(name, `${cursor === '0' ? 'all' : 'the first'} ${seen} states can be read`)];
  } catch (error) {
    return [fail(name, `cannot be read: ${oneLine(error)}`, 'ecom doctor again; else ecom rebuild')];
  } finally {
    if (target.cluster) reader.disconnect();
  }
}

async function createCluster({ nodes, username, password, tls }: RedisTarget): Promise<Cluster> {
  const { Cluster } = await import('ioredis');
  const redisOptions: RedisOptions = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    connectTimeout: LOOK_MS,
    disableClientInfo: true,
  };
  const cluster = new Cluster([...nodes], { clusterRetryStrategy: () => null, redisOptions });
  cluster.on('error', () => {});
  return cluster;
}

async function serverTime(client: Redis): Promise<number> {
  const [seconds, microseconds] = await client.time();
  return Number(seconds) * 1000 + Number(microseconds) / 1000;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
