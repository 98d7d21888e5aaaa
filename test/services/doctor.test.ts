import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { type Check } from '../../src/commands/doctor/check.ts';
import { checkServers } from '../../src/commands/doctor/servers.ts';
import { createTopic } from '../../src/pipeline/event-log/kafka-client.ts';
import { backendUrl, describeWith, uniqueName } from '../support/backends.ts';
import { configFor } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const { ECOM_TEST_KAFKA_SASL_URL: sasl, ECOM_TEST_KAFKA_SSL_URL: ssl, ECOM_TEST_KAFKA_CA: ca } = process.env;

async function look(env: Record<string, string>): Promise<Check[]> {
  return checkServers(configFor(tempDir(), env));
}

/** Names of the checks with their states, such as `kafka host ok`. */
function states(checks: readonly Check[]): string[] {
  return checks.map(({ name, state }) => `${name} ${state}`);
}

function base(url: string | undefined): string {
  return (url ?? '').replace(/\/+$/, '');
}

describeWith(['kafka'], 'ecom doctor, of Kafka', () => {
  const url = base(backendUrl('kafka'));

  /** A topic that goes with the test. */
  async function newTopic(partitions: number, settings: Record<string, string> = {}): Promise<string> {
    const topic = uniqueName('doctor');
    const admin = await adminOf(url);
    onTestFinished(async () => {
      await admin.deleteTopics({ topics: [topic] });
      await admin.disconnect();
    });
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await createTopic(admin, { topic, numPartitions: partitions, configEntries });
    return topic;
  }

  test('a topic that is not there yet can be created, and is not created by looking', async () => {
    const topic = uniqueName('doctor');
    const checks = await look({ ECOM_LOG_URL: `${url}/${topic}`, ECOM_PARTITIONS: '3' });
    expect(states(checks)).toEqual([
      'kafka host ok',
      'kafka version ok',
      'kafka login ok',
      'kafka brokers ok',
      'kafka topic ok',
      'kafka rights ok',
    ]);
    expect(checks[1]?.detail).toMatch(/^[34]\.x$/);
    expect(checks[4]?.detail).toBe(`${topic} is not there yet: ecom up creates it with 3 partitions`);
    const admin = await adminOf(url);
    onTestFinished(() => admin.disconnect());
    expect(await admin.listTopics()).not.toContain(topic);
  });

  test('a topic that is there: its partitions, and how long it keeps records', async () => {
    const topic = await newTopic(5, { 'retention.ms': String(36 * 3_600_000) });
    const checks = await look({ ECOM_LOG_URL: `${url}/${topic}` });
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(checks.map(({ detail }) => detail)).toContain(`${topic} has 5 partitions`);
    expect(checks.find(({ name }) => name === 'kafka messages')?.detail).toMatch('packed');
    expect(checks.map(({ detail }) => detail)).toContain('every record for 1.5 days');
  });

  test('a compacted topic would lose events', async () => {
    const topic = await newTopic(1, { 'cleanup.policy': 'compact' });
    const [last] = (await look({ ECOM_LOG_URL: `${url}/${topic}` })).slice(-1);
    expect(last).toMatchObject({ state: 'fail', advice: `set cleanup.policy of ${topic} to delete` });
  });

  test('a topic of others must be there', async () => {
    const [last] = (await look({ ECOM_LOG_URL: `${url}/${uniqueName('doctor')}?format=segment` })).slice(-1);
    expect(last).toMatchObject({ name: 'kafka topic', state: 'fail' });
  });

  test('a broker that sends its clients to where nothing listens', async () => {
    const wrongPort = await closedPort();
    const port = await wayThatRenames(Number(new URL(url).port), wrongPort);
    const [last] = (await look({ ECOM_LOG_URL: `kafka://127.0.0.1:${port}/topic` })).slice(-1);
    expect(last).toMatchObject({
      name: 'kafka brokers',
      state: 'fail',
      detail: expect.stringMatching(`^clients are sent to 127\\.0\\.0\\.1:${wrongPort}: .*ECONNREFUSED`),
      advice: expect.stringContaining('advertised.listeners'),
    });
  });

  test.skipIf(sasl === undefined)('a user: accepted, refused, and missing', async () => {
    const { host } = new URL(sasl!.replace('kafka:', 'http:'));
    const topic = uniqueName('doctor');
    expect(states(await look({ ECOM_LOG_URL: `${base(sasl)}/${topic}` }))).toContain('kafka rights ok');
    const secret = uniqueName('secret');
    const refused = await look({ ECOM_LOG_URL: `kafka://ecom:${secret}@${host}/${topic}` });
    expect(refused.at(-1)).toMatchObject({
      name: 'kafka login',
      state: 'fail',
      detail: expect.stringContaining('the broker refuses ecom'),
      advice: expect.stringContaining('ECOM_KAFKA_PASSWORD'),
    });
    expect(JSON.stringify(refused)).not.toContain(secret);
    const missing = await look({ ECOM_LOG_URL: `kafka://${host}/${topic}` });
    expect(missing.at(-1)).toMatchObject({
      name: 'kafka login',
      state: 'fail',
      advice: expect.stringContaining('ECOM_KAFKA_USERNAME'),
    });
    const needless = await look({ ECOM_LOG_URL: `kafka://u:p@${new URL(url).host}/${topic}` });
    expect(needless.at(-1)).toMatchObject({
      name: 'kafka login',
      state: 'fail',
      detail: 'the broker asks for no user on this port',
    });
  });

  test.skipIf(ssl === undefined || ca === undefined)(
    'TLS: spoken, not trusted, and not expected',
    async () => {
      const { host } = new URL(ssl!.replace('kafkas:', 'http:'));
      const topic = uniqueName('doctor');
      const trusted = await look({ ECOM_LOG_URL: `kafkas://${host}/${topic}`, ECOM_KAFKA_CA_FILE: ca! });
      expect(states(trusted)).toContain('kafka rights ok');
      expect((await look({ ECOM_LOG_URL: `kafkas://${host}/${topic}` })).at(-1)).toMatchObject({
        name: 'kafka host',
        state: 'fail',
        detail: expect.stringContaining('not trusted'),
        advice: expect.stringContaining('ECOM_KAFKA_CA_FILE'),
      });
      expect((await look({ ECOM_LOG_URL: `kafka://${host}/${topic}` })).at(-1)).toMatchObject({
        state: 'fail',
        detail: `${host} speaks TLS`,
        advice: expect.stringContaining('kafkas://'),
      });
      const plain = new URL(url).host;
      expect((await look({ ECOM_LOG_URL: `kafkas://${plain}/${topic}` })).at(-1)).toMatchObject({
        name: 'kafka host',
        state: 'fail',
        detail: expect.stringContaining('does not speak TLS'),
        advice: expect.stringContaining('kafka://'),
      });
    },
  );
});

describeWith(['mongodb'], 'ecom doctor, of MongoDB', () => {
  const url = base(backendUrl('mongodb'));

  test('all is well, and nothing is left behind', async () => {
    const name = uniqueName('doctor');
    const client = await MongoClient.connect(url);
    onTestFinished(async () => {
      await client.db(name).dropDatabase();
      await client.close();
    });
    const checks = await look({ ECOM_DOCUMENTS_URL: `${url}/${name}` });
    expect(states(checks)).toEqual([
      'mongodb host ok',
      'mongodb login ok',
      'mongodb version ok',
      'mongodb rights ok',
      'mongodb clock ok',
    ]);
    expect(await client.db(name).listCollections().toArray()).toEqual([]);
  });

  test('a password that is refused is told from a server that is away', async () => {
    const secret = uniqueName('secret');
    const refused = await look({ ECOM_DOCUMENTS_URL: `mongodb://u:${secret}@${new URL(url).host}/shop` });
    expect(refused.at(-1)).toMatchObject({
      name: 'mongodb login',
      state: 'fail',
      detail: expect.stringContaining('the server refuses u: '),
      advice: expect.stringContaining('ECOM_MONGODB_PASSWORD'),
    });
    expect(JSON.stringify(refused)).not.toContain(secret);
  });
});

describeWith(['redis'], 'ecom doctor, of Redis', () => {
  const url = base(backendUrl('redis'));

  /** A connection for what only an administrator may do. */
  function administrator(): Redis {
    const client = new Redis(url);
    onTestFinished(() => client.disconnect());
    return client;
  }

  test('all is well, and nothing is left behind', async () => {
    const prefix = uniqueName('doctor');
    const checks = await look({ ECOM_LIVE_URL: `${url}/0?prefix=${prefix}` });
    expect(checks.filter(({ state }) => state === 'fail')).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual([
      'redis host',
      'redis login',
      'redis version',
      'redis memory',
      'redis disk',
      'redis rights',
      'redis clock',
    ]);
    expect(await administrator().keys(`{${prefix}}*`)).toEqual([]);
  });

  test('a password that is refused, and one that nobody asks for', async () => {
    const { host } = new URL(url);
    const secret = uniqueName('secret');
    const refused = await look({ ECOM_LIVE_URL: `redis://nobody:${secret}@${host}/0` });
    expect(refused.at(-1)).toMatchObject({
      name: 'redis login',
      state: 'fail',
      detail: expect.stringContaining('the server refuses nobody: WRONGPASS'),
      advice: expect.stringContaining('ECOM_REDIS_PASSWORD'),
    });
    const needless = await look({ ECOM_LIVE_URL: `redis://${host}/0`, ECOM_REDIS_PASSWORD: secret });
    expect(needless[1]).toMatchObject({ name: 'redis login', state: 'warn' });
    expect(JSON.stringify([refused, needless])).not.toContain(secret);
  });

  test('a user gets along with the rights that are advised, and not with fewer', async () => {
    const admin = administrator();
    const user = uniqueName('doctor');
    const prefix = uniqueName('doctor');
    const env = {
      ECOM_LIVE_URL: `${url}/0?prefix=${prefix}`,
      ECOM_REDIS_USERNAME: user,
      ECOM_REDIS_PASSWORD: 'secret',
    };
    onTestFinished(async () => {
      await admin.acl('DELUSER', user);
    });
    await admin.acl('SETUSER', user, 'on', '>secret', '~other*', '+@all', '-info');
    const [version, refused] = (await look(env)).slice(2);
    expect(version).toMatchObject({ name: 'redis version', state: 'warn' });
    expect(refused).toMatchObject({
      name: 'redis rights',
      state: 'fail',
      detail: expect.stringMatching(/cannot be written: .*(NOPERM|permission)/i),
    });
    const rights = /^ACL SETUSER NAME (.*) gives the user/.exec(refused?.advice ?? '')?.[1];
    await admin.acl('SETUSER', user, 'reset', 'on', '>secret', ...rights!.split(' '));
    const checks = await look(env);
    expect(checks.filter(({ state }) => state === 'fail')).toEqual([]);
    expect(checks[1]).toMatchObject({ name: 'redis login', detail: `as ${user}` });
  });

  test('a server that drops keys when it is full is a warning', async () => {
    const admin = administrator();
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    onTestFinished(async () => {
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
    });
    const memory = (await look({ ECOM_LIVE_URL: url })).find(({ name }) => name === 'redis memory');
    expect(memory).toMatchObject({ state: 'warn', advice: expect.stringContaining('noeviction') });
  });
});

describeWith(['redis', 'redis-cluster'], 'ecom doctor, of Redis Cluster', () => {
  test('is told from a single server', async () => {
    const { host } = new URL(backendUrl('redis-cluster')!.replace('redis+cluster:', 'redis:'));
    const prefix = uniqueName('doctor');
    const cluster = await look({ ECOM_LIVE_URL: `redis+cluster://${host}?prefix=${prefix}` });
    expect(cluster.filter(({ state }) => state === 'fail')).toEqual([]);
    expect(cluster.map(({ name }) => name)).toContain('redis rights');
    expect((await look({ ECOM_LIVE_URL: `redis://${host}` })).at(-1)).toMatchObject({
      state: 'fail',
      advice: expect.stringContaining('redis+cluster://'),
    });
    const single = new URL(backendUrl('redis')!).host;
    expect((await look({ ECOM_LIVE_URL: `redis+cluster://${single}` })).at(-1)).toMatchObject({
      state: 'fail',
      advice: expect.stringContaining('redis://'),
    });
  });
});

async function adminOf(url: string): Promise<Admin> {
  const admin = new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  return admin;
}

function listenOn(onSocket: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer(onSocket);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = await listenOn(() => {});
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Passes bytes on to a port, and in the answers writes another port for it. @returns the port of this way */
async function wayThatRenames(target: number, name: number): Promise<number> {
  const [from, to] = [target, name].map((port) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(port);
    return bytes;
  }) as [Buffer, Buffer];
  const server = await listenOn((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    client.pipe(upstream);
    upstream.on('data', (bytes: Buffer) => {
      for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from, at + 4)) to.copy(bytes, at);
      client.write(bytes);
    });
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  onTestFinished(() => {
    server.close();
  });
  return portOf(server);
}
