import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Check } from '../../src/commands/doctor/check.ts';
import { checkDatabases } from '../../src/commands/doctor/databases.ts';
import { type KafkaApis, kafkaVersion } from '../../src/commands/doctor/kafka-probe.ts';
import { checkServers } from '../../src/commands/doctor/servers.ts';
import { atLeast, checkClock } from '../../src/commands/doctor/steps.ts';
import { prepareStores } from '../../src/commands/store-check.ts';
import { configFor } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const SECRET = 'hunter2';

async function look(env: Record<string, string>): Promise<Check[]> {
  return checkServers(configFor(tempDir(), env));
}

async function listen(onSocket: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const { server, port } = await listen(() => {});
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const STORES = [
  ['ECOM_LOG_URL', 'kafka', '/topic'],
  ['ECOM_DOCUMENTS_URL', 'mongodb', '/database'],
  ['ECOM_LIVE_URL', 'redis', '/0'],
] as const;

describe('what ecom doctor says of servers', () => {
  test('nothing where all stores are embedded', async () => {
    expect(await look({})).toEqual([]);
  });

  test.each(STORES)('%s: a closed port', async (variable, scheme, path) => {
    const port = await closedPort();
    const checks = await look({ [variable]: `${scheme}://u:${SECRET}@127.0.0.1:${port}${path}` });
    expect(checks).toEqual([
      {
        name: `${scheme} host`,
        state: 'fail',
        detail: `nothing listens on 127.0.0.1:${port}`,
        advice: expect.stringContaining(variable),
      },
    ]);
  });

  test.each(STORES)('%s: a host that is unknown', async (variable, scheme, path) => {
    const checks = await look({ [variable]: `${scheme}://u:${SECRET}@no-such-host.invalid${path}` });
    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatchObject({
      name: `${scheme} host`,
      state: 'fail',
      detail: expect.stringMatching(/^the host no-such-host\.invalid cannot be resolved: /),
      advice: expect.stringContaining(variable),
    });
  });

  // The client of MongoDB gives up only after its time: see the server that is silent.
  test.each(STORES.filter(([, scheme]) => scheme !== 'mongodb'))(
    '%s: something else that listens there',
    async (variable, scheme, path) => {
      const { port } = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      const checks = await look({ [variable]: `${scheme}://127.0.0.1:${port}${path}` });
      expect(checks[0]).toMatchObject({ name: `${scheme} host`, state: 'ok' });
      expect(checks.at(-1)).toMatchObject({
        state: 'fail',
        detail: expect.stringContaining('not answer as'),
        advice: expect.stringContaining('listens there'),
      });
    },
  );

  test.each([
    ['ECOM_LOG_URL', `kafka://u:${SECRET}@host:port/topic`],
    ['ECOM_DOCUMENTS_URL', `mongodb://u:${SECRET}@one:two:three/database`],
    ['ECOM_LIVE_URL', `redis://u:${SECRET}@host:port/0`],
  ])('%s: a URL that cannot be read, without what is secret in it', async (variable, url) => {
    const checks = await look({ [variable]: url });
    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatchObject({ state: 'fail', advice: expect.stringMatching(/host/i) });
    expect(checks[0]?.name).toMatch(/ url$/);
    expect(checks[0]?.detail).toContain(variable);
    expect(JSON.stringify(checks)).not.toContain(SECRET);
  });

  test.each([
    ['ECOM_LOG_URL', 'log', 'kafka:'],
    ['ECOM_DOCUMENTS_URL', 'documents', 'mongodb:'],
    ['ECOM_LIVE_URL', 'live', 'redis:'],
  ])('%s: a scheme that nobody speaks', async (variable, port, known) => {
    const checks = await look({ [variable]: `postgres://u:${SECRET}@127.0.0.1/shop` });
    expect(checks).toEqual([
      {
        name: `${port} store`,
        state: 'fail',
        detail: `${variable}: there is no ${port} store that speaks postgres:`,
        advice: expect.stringContaining(known),
      },
    ]);
  });

  test('a server that is silent is not waited for', { timeout: 20_000 }, async () => {
    const { port } = await listen(() => {});
    const checks = await look({
      ECOM_LOG_URL: `kafka://127.0.0.1:${port}/topic`,
      ECOM_DOCUMENTS_URL: `mongodb://127.0.0.1:${port}/database`,
      ECOM_LIVE_URL: `redis://127.0.0.1:${port}/0`,
    });
    expect(checks.filter(({ state }) => state === 'fail').map(({ name }) => name)).toEqual([
      'kafka version',
      'mongodb login',
      'redis login',
    ]);
  });

  test('files of stores that are not in use are left alone', async () => {
    const dataDir = tempDir();
    await prepareStores(configFor(dataDir));
    const config = configFor(dataDir, { ECOM_LIVE_URL: 'redis://127.0.0.1/0' });
    expect(checkDatabases(config).map(({ name }) => name)).toEqual(['log.db', 'documents.db']);
  });

  test.each([
    [900, 'ok', 'agrees'],
    [-900, 'ok', 'agrees'],
    [5000, 'warn', '5.0 s ahead of'],
    [-90_000, 'warn', '90.0 s behind'],
  ])('a clock that is off by %i ms: %s', async (skew, state, detail) => {
    const check = await checkClock('clock', async () => Date.now() + skew);
    expect(check).toMatchObject({ state, detail: expect.stringContaining(detail) });
  });

  test('a clock is read in the middle of a slow way', async () => {
    const check = await checkClock('clock', async () => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      return Date.now() - 300;
    });
    expect(check.state).toBe('ok');
  });

  test.each([
    ['6.2', '6.2', true],
    ['7.0.15', '6.2', true],
    ['6.10.1', '6.2', true],
    ['6.0.16', '6.2', false],
    ['5.9', '6.0', false],
    ['8.0.0-rc1', '8.0', true],
    ['', '6.0', false],
  ])('version %s is at least %s: %s', (version, oldest, answer) => {
    expect(atLeast(version, oldest)).toBe(answer);
  });

  test('tells a broker’s version by what it knows', () => {
    const apis = (entries: Record<number, number>): KafkaApis =>
      new Map(Object.entries(entries).map(([kind, oldest]) => [Number(kind), { oldest, newest: 99 }]));
    expect(kafkaVersion(apis({ 1: 4, 65: 0 }))).toBe('4');
    expect(kafkaVersion(apis({ 1: 0, 65: 0 }))).toBe('3');
    expect(kafkaVersion(apis({ 1: 0 }))).toBe('older');
  });
});
