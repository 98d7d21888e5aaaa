import { PassThrough, Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { rebuild } from '../../src/commands/rebuild.ts';
import { replay } from '../../src/commands/replay.ts';
import { train } from '../../src/commands/train.ts';
import { type Config, ensureDataDir } from '../../src/config.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { allAnswers } from '../support/answers.ts';
import { backendUrl, describeWith, uniqueName } from '../support/backends.ts';
import { dropDatabase, dropKeys } from '../support/drop.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';

const NOW = Date.now();
const LIMIT = { timeout: 120_000 };

/** A server, and a way to it on which no answer comes while it is away. */
async function wayTo(url: string, path: string) {
  const [server, target] = [{ away: false }, new URL(url)];
  const way = await tcpProxy(Number(target.port), () => (server.away ? 'cut' : 'pass'));
  onTestFinished(() => way.close());
  return Object.assign(server, { url: `${target.protocol}//127.0.0.1:${way.port}/${path}` });
}

/** A shop with events and dead letters, whose documents and numbers are on servers that may go away. */
async function openShop() {
  const [mongodb, redis, name] = [backendUrl('mongodb')!, backendUrl('redis')!, uniqueName('wait')];
  const servers = { mongodb: await wayTo(mongodb, name), redis: await wayTo(redis, `0?prefix=${name}`) };
  const config = configFor(tempDir(), {
    ECOM_PARTITIONS: '2',
    ECOM_DOCUMENTS_URL: servers.mongodb.url,
    ECOM_LIVE_URL: servers.redis.url,
  });
  ensureDataDir(config);
  onTestFinished(async () => {
    await dropDatabase(mongodb, name);
    await dropKeys(redis, name);
  });
  const stores = await openStores(config);
  const options = { seed: 'wait', rate: 10, start: NOW - 3_600_000, dirty: 0, currency: 'USD' } as const;
  const generator = createGenerator({ ...options, rhythm: 'flat' });
  await stores.log.append(Array.from({ length: 1000 }, () => generator.next()));
  const bad = { type: 'view_item', time: 'then', userId: 'u' };
  await stores.log.append(
    [1, 2].map((id) => ({ key: 'k', value: JSON.stringify({ ...bad, id: `bad${id}` }) })),
  );
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  await processor.close();
  await stores.close();
  return { config, servers };
}

async function look(config: Config) {
  const stores = await openStores(config);
  const answers = await allAnswers(stores, NOW);
  const letters = await stores.documents.deadLettersAfter(undefined, 9);
  await stores.close();
  return { answers, letters };
}

/**
 * A command's surroundings, in which a server goes away when the command asks a second time where to say what it does: its
 * stores are open then, and its work begins. The server is back once the command has said that it waits.
 */
function contextWithout(config: Config, server: { away: boolean }) {
  const said: string[] = [];
  const [stdout, stderr] = [new PassThrough().resume(), new PassThrough()];
  stderr.on('data', (text) => {
    said.push(...String(text).trimEnd().split('\n'));
    if (said.some((line) => line.startsWith('waiting up to'))) server.away = false;
  });
  let asked = 0;
  const context = {
    config,
    stdout,
    get stderr() {
      asked += 1;
      if (asked === 2) server.away = true;
      return stderr;
    },
    signal: new AbortController().signal,
  };
  return { said, context: context as unknown as CommandContext };
}

const waitsFor = (server: string) => [
  expect.stringMatching(`^waiting up to 10 min: ${server} `),
  expect.stringMatching(`^${server} .* is back, going on$`),
];

/** Without what is said of the work itself. */
const waitsIn = (said: readonly string[]) => said.filter((line) => /^waiting up to| is back, /.test(line));

describeWith(['mongodb', 'redis'], 'commands that write, while a server goes away', () => {
  describe.each(['mongodb', 'redis'] as const)('%s', (name) => {
    test('train waits', LIMIT, async () => {
      const { config, servers } = await openShop();
      const { context, said } = contextWithout(config, servers[name]);
      await train(context, { algorithm: ['popular'] });
      expect(waitsIn(said)).toEqual(waitsFor(name));
    });

    test('rebuild waits', LIMIT, async () => {
      const { config, servers } = await openShop();
      const before = await look(config);
      const { context, said } = contextWithout(config, servers[name]);
      await rebuild(context, {});
      expect(waitsIn(said)).toEqual(waitsFor(name));
      expect(await look(config)).toEqual(before);
    });

    test('dead-letters replay waits', LIMIT, async () => {
      const { config, servers } = await openShop();
      const [first, second] = (await look(config)).letters;
      const { context, said } = contextWithout(config, servers[name]);
      const event = { type: 'search', query: 'tea', time: NOW, userId: 'u' };
      // It goes away when the letters are known, and the file is read.
      const stdin = Readable.from(
        (function* () {
          servers[name].away = true;
          yield `${JSON.stringify({ id: `${first!.partition}:${first!.offset}`, event })}\n`;
        })(),
      );
      await replay({ ...context, stdin } as unknown as CommandContext, { from: '-' });
      expect(waitsIn(said)).toEqual(waitsFor(name));
      expect((await look(config)).letters).toEqual([second]);
    });
  });
});
