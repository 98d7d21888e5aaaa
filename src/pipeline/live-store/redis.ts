import { randomUUID } from 'node:crypto';
import { type Cluster, type Redis } from 'ioredis';
import { type CellLayout } from './cells.ts';
import { type LiveStore, type ProductInfo } from './live-store.ts';
import { connectRedis, redisError } from './redis-client.ts';
import { createRedisReader, positionsOf, type RedisReader } from './redis-reader.ts';
import { SCRIPTS, type ScriptedClient } from './redis-scripts.ts';
import { parseRedisUrl, type RedisOptions } from './redis-url.ts';
import { createRedisWriter, type RedisWriter } from './redis-writer.ts';

/** Most fields in one command. */
const FIELDS = 5000;
/** How long what a publisher that crashed has left behind lies around, s. */
const LEFTOVER_SECONDS = 3600;

interface Connection {
  readonly client: (Redis | Cluster) & ScriptedClient;
  readonly writer: RedisWriter;
  readonly reader: RedisReader;
  layout(): Promise<CellLayout>;
}

export interface RedisLiveStoreOptions extends RedisOptions {
  /** How cells are to be cut where there are none yet. */
  readonly layout: CellLayout;
}

/**
 * The live store on Redis. A change is one script; its cells are gathered in a list and folded into tables, as in the embedded
 * store, by whichever processor finds enough of them. All keys are under one prefix that is a hash tag.
 */
export function createRedisLiveStore(options: RedisLiveStoreOptions): LiveStore {
  const target = parseRedisUrl(options);
  // A hash tag: all keys are on one node of a cluster.
  const prefix = `{${target.prefix}}`;
  let connection: Promise<Connection> | undefined;

  async function connect(): Promise<Connection> {
    const client = (await connectRedis(target)) as Connection['client'];
    for (const [name, lua] of Object.entries(SCRIPTS)) client.defineCommand(name, { numberOfKeys: 1, lua });
    let known: CellLayout | undefined;
    const storedLayout = async (): Promise<CellLayout | undefined> => {
      const json = await client.get(`${prefix}:layout`);
      return json === null ? undefined : (JSON.parse(json) as CellLayout);
    };
    const layout = async (): Promise<CellLayout> => {
      known ??= await storedLayout();
      return known ?? options.layout;
    };
    const writer = createRedisWriter(client, prefix, options.layout, storedLayout);
    const namesOf = (ids: readonly number[]) => client.hmget(`${prefix}:names`, ...ids.map(String));
    const reader = createRedisReader(client, prefix, namesOf, layout);
    // A server that is there again may have another state of its data.
    client.on('ready', () => {
      writer.forget();
      reader.forget();
      known = undefined;
    });
    return { client, writer, reader, layout };
  }
  async function using<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    connection ??= connect();
    try {
      return await work(await connection);
    } catch (error) {
      throw redisError(error, target);
    }
  }
  /** Fields of a hash that are there, by name. */
  async function fields(
    client: Redis | Cluster,
    key: string,
    names: readonly string[],
  ): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (let i = 0; i < names.length; i += FIELDS) {
      const part = names.slice(i, i + FIELDS);
      (await client.hmget(key, ...part)).forEach((value, j) => {
        if (value !== null) found.set(part[j]!, value);
      });
    }
    return found;
  }

  return {
    layout: () => using(({ layout }) => layout()),
    positions: () =>
      using(async ({ client }) =>
        positionsOf(
          ...((await Promise.all(
            ['positions', 'watermarks'].map((name) => flatHash(client, `${prefix}:${name}`)),
          )) as [string[], string[]]),
        ),
      ),
    states: (keys) => using(({ client }) => fields(client, `${prefix}:states`, keys)),
    apply: (change) => using(({ writer }) => writer.apply(change)),
    snapshot: (query) => using(({ reader }) => reader.snapshot(query)),
    products: (ids) =>
      using(async ({ client }) => {
        const found = await fields(client, `${prefix}:products`, ids);
        return new Map([...found].map(([id, text]) => [id, toProduct(text)]));
      }),
    publish: (kind, entries) =>
      using(async ({ client }) => {
        const name = randomUUID();
        const key = `${prefix}:documents:${name}`;
        const list = [...entries];
        for (let i = 0; i < list.length; i += FIELDS) {
          await client.hset(key, ...list.slice(i, i + FIELDS).flat());
          if (i === 0) await client.expire(key, LEFTOVER_SECONDS);
        }
        await client.ecomPublish(prefix, kind, name);
      }),
    published: (kind, keys) =>
      using(async ({ client }) => {
        const found = new Map<string, string>();
        for (let i = 0; i < keys.length; i += FIELDS) {
          const part = keys.slice(i, i + FIELDS);
          const values = (await client.ecomPublished(prefix, kind, ...part)) as (string | null)[];
          values.forEach((value, j) => {
            if (value !== null) found.set(part[j]!, value);
          });
        }
        return found;
      }),
    report: ({ id, time, json }) =>
      using(async ({ client }) => {
        await client.ecomReport(prefix, id, time, json);
      }),
    reports: (since) =>
      using(async ({ client }) =>
        Object.entries(await client.hgetall(`${prefix}:reports`))
          .map(([id, text]) => {
            const space = text.indexOf(' ');
            return { id, time: Number(text.slice(0, space)), json: text.slice(space + 1) };
          })
          .filter(({ time }) => time >= since)
          .sort((a, b) => (a.id < b.id ? -1 : 1)),
      ),
    reset: () =>
      using(async ({ client, writer, reader }) => {
        // Those that count first: who counts meanwhile is refused, and begins anew.
        await client.ecomReset(prefix);
        writer.forget();
        reader.forget();
      }),
    async close() {
      const client = (await connection)?.client;
      client?.disconnect();
    },
  };
}

async function flatHash(client: Redis | Cluster, key: string): Promise<string[]> {
  return Object.entries(await client.hgetall(key)).flat();
}

function toProduct(text: string): ProductInfo {
  const [time, price, name, category, brand] = text.split('\u001f');
  return {
    time: Number(time),
    ...(name && { name }),
    ...(category && { category }),
    ...(brand && { brand }),
    ...(price && { price: Number(price) }),
  };
}
