import { randomUUID } from 'node:crypto';
import { type Cluster, type Redis } from 'ioredis';
import { type CellLayout } from '../metrics/cells.ts';
import { isOutdated, outdatedError, parseLayout } from './layout.ts';
import { type Inbox, type LiveStore, type ProductInfo, type SeenStep } from './live-store.ts';
import { connectRedis, redisError } from './redis-client.ts';
import { createRedisReader, positionsOf, type RedisReader } from './redis-reader.ts';
import { SCRIPTS, type ScriptedClient } from './redis-scripts.ts';
import { parseRedisUrl, type RedisOptions } from './redis-url.ts';
import { createRedisWriter, type RedisWriter } from './redis-writer.ts';

/** Most messages of an inbox that are read at once. */
const MESSAGES_AT_ONCE = 2000;
/** Most fields in one command. */
const FIELDS = 5000;
/** How often something is published again that was lost while it was. */
const TRIES = 3;
/** How long what a publisher that crashed has left behind lies around, s. */
const LEFTOVER_SECONDS = 3600;
/** How long a rebuild that applies nothing is taken to be alive, s; what it has counted is dropped then. */
const REBUILDING_SECONDS = 600;

interface Connection {
  readonly client: (Redis | Cluster) & ScriptedClient;
  readonly writer: RedisWriter;
  readonly reader: RedisReader;
  layout(): Promise<CellLayout>;
}

export interface RedisLiveStoreOptions extends RedisOptions {
  /** How cells are to be cut where there are none yet. */
  readonly layout: CellLayout;
  /** Whether numbers in an older form are emptied, to be counted again. */
  readonly counts?: boolean;
}

/**
 * The live store on Redis. A change is one script; its deltas are gathered in a list and folded into the cells' pages by
 * whichever processor finds enough of them. All keys are under one prefix that is a hash tag.
 */
export function createRedisLiveStore(options: RedisLiveStoreOptions): LiveStore {
  return createStore(options, '');
}

/** @param place what all its keys have after the hash tag */
function createStore(options: RedisLiveStoreOptions, place: string): LiveStore {
  const target = parseRedisUrl(options);
  // A hash tag: all keys are on one node of a cluster.
  const prefix = `{${target.prefix}}${place}`;
  let connection: Promise<Connection> | undefined;
  /** Whether what is there is in today's form; a server that was away is asked again. */
  let checked: Promise<void> | undefined;

  async function connect(): Promise<Connection> {
    const client = (await connectRedis(target)) as Connection['client'];
    for (const [name, lua] of Object.entries(SCRIPTS)) client.defineCommand(name, { numberOfKeys: 1, lua });
    const storedLayout = () => client.get(`${prefix}:layout`);
    return {
      client,
      writer: createRedisWriter(client, prefix, options.layout, storedLayout),
      reader: createRedisReader(client, prefix, options.layout),
      async layout() {
        const json = await storedLayout();
        return json === null ? options.layout : parseLayout(json);
      },
    };
  }
  async function using<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    connection ??= connect();
    try {
      const opened = await connection;
      checked ??= forgetOutdated(opened.client, prefix, options.counts === true);
      await checked.catch((error: unknown) => {
        checked = undefined;
        throw error;
      });
      return await work(opened);
    } catch (error) {
      throw redisError(error, target);
    }
  }
  /** Fields of a hash that are there, by name. */
  async function fields(
    client: Redis | Cluster,
    key: string,
    names: readonly string[],
  ): Promise<Map<string, Buffer>> {
    const found = new Map<string, Buffer>();
    for (let i = 0; i < names.length; i += FIELDS) {
      const part = names.slice(i, i + FIELDS);
      // biome-ignore lint/plugin: FIELDS at most
      (await client.hmgetBuffer(key, ...part)).forEach((value, j) => {
        if (value !== null) found.set(part[j]!, value);
      });
    }
    return found;
  }

  return {
    layout: () => using(({ layout }) => layout()),
    generation: () => using(async ({ client }) => (await client.get(`${prefix}:generation`)) ?? ''),
    positions: () =>
      using(async ({ client }) => {
        const [positions, watermarks] = (await client.ecomPositions(prefix)) as [string[], string[]];
        return positionsOf(positions, watermarks);
      }),
    seen: (partition) => using(({ client }) => steps(client, `${prefix}:seen:${partition}`)),
    derived: (partition) => using(({ client }) => steps(client, `${prefix}:derived:${partition}`)),
    inboxes: (partitions) =>
      using(async ({ client }) => {
        if (partitions.length === 0) return new Map();
        const found = (await client.ecomInboxesBuffer(prefix, MESSAGES_AT_ONCE, partitions)) as (
          | Buffer
          | Buffer[]
        )[];
        return new Map(
          partitions.map((partition, i): [number, Inbox] => [
            partition,
            { taken: Number(found[2 * i]), messages: found[2 * i + 1] as Buffer[] },
          ]),
        );
      }),
    states: (keys) => using(({ client }) => fields(client, `${prefix}:states`, keys)),
    apply: (change) => using(({ writer }) => writer.apply(change)),
    snapshot: (query) => using(({ reader }) => reader.snapshot(query)),
    products: (ids) =>
      using(async ({ client }) => {
        const found = await fields(client, `${prefix}:products`, ids);
        return new Map([...found].map(([id, text]) => [id, toProduct(String(text))]));
      }),
    publish: (kind, entries) =>
      using(async ({ client }) => {
        for (let tries = 1; ; tries += 1) {
          if (await publish(client, prefix, kind, [...entries])) return;
          if (tries === TRIES) throw new Error(`what was to be published of ${kind} is lost again and again`);
        }
      }),
    published: (kind, keys) =>
      using(async ({ client }) => {
        const found = new Map<string, string>();
        for (let i = 0; i < keys.length; i += FIELDS) {
          const part = keys.slice(i, i + FIELDS);
          const values = (await client.ecomPublished(prefix, kind, part)) as (string | null)[];
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
    rebuild: async () => {
      await using(({ client }) => client.ecomRebuild(prefix, REBUILDING_SECONDS));
      const beside = createStore(options, `${place}:rebuild`);
      return {
        live: {
          ...beside,
          async apply(change) {
            await using(({ client }) => client.set(`${prefix}:rebuilding`, '1', 'EX', REBUILDING_SECONDS));
            return beside.apply(change);
          },
        },
        replace: (force) =>
          using(
            async ({ client }) =>
              (await client.ecomReplace(prefix, force === true ? 1 : 0, randomUUID())) === 1,
          ),
        async close() {
          await beside.close();
          await using(({ client }) => client.ecomAbandon(prefix));
        },
      };
    },
    async close() {
      const client = (await connection)?.client;
      client?.disconnect();
    },
  };
}

/** What an older version has counted is counted again from the log, in today's form. */
async function forgetOutdated(client: Connection['client'], prefix: string, counts: boolean): Promise<void> {
  const layout = await client.get(`${prefix}:layout`);
  let outdated = false;
  try {
    outdated = layout !== null && isOutdated(layout);
  } catch {
    // A damaged note is told of by whoever needs it.
  }
  if (!outdated) return;
  if (!counts) throw outdatedError('the live store on Redis');
  await client.ecomOutdated(prefix, layout!);
}

/** Fills a hash and puts it in place. @returns false where the server has lost a part of it meanwhile */
async function publish(
  client: Connection['client'],
  prefix: string,
  kind: string,
  entries: readonly (readonly [string, string])[],
): Promise<boolean> {
  const name = randomUUID();
  const key = `${prefix}:documents:${name}`;
  for (let i = 0; i < entries.length; i += FIELDS) {
    await client.hset(key, entries.slice(i, i + FIELDS).flat());
    await client.expire(key, LEFTOVER_SECONDS);
  }
  return (await client.ecomPublish(prefix, kind, name, entries.length)) === 1;
}

async function steps(client: Connection['client'], key: string): Promise<SeenStep[]> {
  const found = await client.zrangeBuffer(key, 0, -1, 'WITHSCORES');
  return Array.from({ length: found.length / 2 }, (_, i) => toSeenStep(found[2 * i]!, found[2 * i + 1]!));
}

function toSeenStep(stored: Buffer, end: Buffer): SeenStep {
  const space = stored.indexOf(' ');
  return {
    from: Number(stored.subarray(0, space)),
    to: Number(end),
    ids: stored.subarray(space + 1),
  };
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
