import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Config, ensureDataDir } from '../../src/config.ts';
import { createLogger, logFile } from '../../src/log.ts';
import { packageFile } from '../../src/package-root.ts';
import { type NewRecord, type SourceProgress } from '../../src/pipeline/event-log/event-log.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { createPatience } from '../../src/pipeline/patience.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { createSupervisor, type Supervisor } from '../../src/pipeline/supervisor/supervisor.ts';
import { allAnswers, countedRecords, isCounted } from '../support/answers.ts';
import { backendUrl, describeWith } from '../support/backends.ts';
import { dropKeys } from '../support/drop.ts';
import { control, slowWay } from '../support/servers.ts';
import { type ServiceShop, serviceShop } from '../support/services.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../support/stores.ts';

const EVENTS = 30_000;
/** For the fault that takes longest. */
const MANY_EVENTS = 100_000;
const CHUNK = 1000;
/** Longest time for all to be counted again after a fault, ms. */
const RECOVERY_MS = 120_000;
const LIMIT = { timeout: 400_000 };
const NOW = Date.now();

let records: NewRecord[];
const calm = new Map<number, Stats[]>();

/** Counts the records without any fault, in a folder of its own. */
async function calmAnswers(count: number): Promise<Stats[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ecom-calm-'));
  const config = configFor(dataDir, { ECOM_PARTITIONS: '4' });
  ensureDataDir(config);
  const stores = await openStores(config);
  await stores.log.append(records.slice(0, count));
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  const answers = await allAnswers(stores, NOW);
  await stores.close();
  rmSync(dataDir, { recursive: true });
  return answers;
}

/** Without what depends on when a rejected line arrived, which has no time of its own. */
function comparable(answers: readonly Stats[]) {
  return answers.map(({ freshness, series, ...rest }) => {
    const { rejected: _, rejectedByReason: __, received: ___, duplicates: ____, ...timed } = freshness;
    const whole = rest.window.label === 'all' ? freshness : timed;
    return { ...rest, freshness: whole, series: series.filter(({ events }) => events > 0) };
  });
}

interface Scene {
  readonly shop: ServiceShop;
  readonly stores: Stores;
  readonly supervisor: Supervisor;
  /** What the supervisor logged so far. */
  logged(): string;
  /** Resolves once so many records are counted. */
  counted(count: number): Promise<void>;
}

async function startSupervisor(config: Config, names: readonly string[]): Promise<Supervisor> {
  const workers = names.map((name) => ({
    component: 'processor' as const,
    name,
    processor: { batch: 1000 },
  }));
  const supervisor = createSupervisor({
    config,
    workers,
    logger: await createLogger(config, 'supervisor'),
    timings: { firstBackoffMs: 200, longestBackoffMs: 2000 },
  });
  await supervisor.start();
  return supervisor;
}

/**
 * Lets all records flow through supervised processors while `fault` happens, and compares the numbers.
 * @param rest what the second half of the records waits for
 */
async function survive(
  fault: (scene: Scene) => Promise<void>,
  shop = serviceShop(),
  processors = 1,
  events = EVENTS,
  rest: Promise<void> = Promise.resolve(),
): Promise<void> {
  const stores = await openStores(shop.config);
  const names = Array.from({ length: processors }, (_, i) => `processor-${i + 1}`);
  const supervisor = await startSupervisor(shop.config, names);
  const logged = (): string => readFileSync(logFile(shop.config, 'supervisor'), 'utf8');
  const counted = async (count: number): Promise<void> => {
    await expect
      .poll(() => countedRecords(stores, NOW).catch(() => 0), { timeout: RECOVERY_MS, interval: 50 })
      .toBeGreaterThanOrEqual(count);
  };
  // As an ingest does: what comes again after a failure is in the log once.
  const { signal } = new AbortController();
  const patience = createPatience({ limitMs: RECOVERY_MS, signal, say: () => {} });
  try {
    const appending = (async () => {
      let before: SourceProgress | undefined;
      for (let i = 0; i < events; i += CHUNK) {
        if (i >= events / 2) await rest;
        const some = records.slice(i, i + CHUNK);
        const rows = i + some.length;
        const [last, next] = [before, { source: shop.name, rows, bytes: rows, digest: '', done: false }];
        await patience(() => stores.log.append(some, next, last));
        before = next;
        await sleep(20);
      }
    })();
    appending.catch(() => {});
    await counted(1);
    await fault({ shop, stores, supervisor, logged, counted });
    await appending;
    await expect
      .poll(() => isCounted(stores).catch(() => false), { timeout: RECOVERY_MS, interval: 100 })
      .toBe(true);
    expect(comparable(await allAnswers(stores, NOW))).toEqual(comparable(calm.get(events)!));
  } finally {
    await supervisor.stop();
    await stores.close();
    await shop.drop();
  }
}

describeWith(['kafka', 'mongodb', 'redis'], 'faults of real servers', () => {
  beforeAll(async () => {
    expect(existsSync(packageFile('dist', 'worker.js')), 'run npm run build first').toBe(true);
    const start = NOW - 6 * 3_600_000;
    const options = {
      seed: 'faults',
      rate: 10,
      start,
      dirty: 0.05,
      rhythm: 'flat',
      currency: 'USD',
    } as const;
    const generator = createGenerator(options);
    records = Array.from({ length: MANY_EVENTS }, () => {
      const { key, value } = generator.next();
      return { key, value };
    });
    for (const count of [EVENTS, MANY_EVENTS]) {
      calm.set(count, await calmAnswers(count));
      expect(calm.get(count)![0]!.freshness.received).toBe(count);
    }
  });
  afterAll(async () => {
    for (const name of ['kafka', 'redis', 'ferretdb'] as const) await control('start', name);
  });

  test('Kafka is restarted under load', LIMIT, async () => {
    await survive(async ({ counted }) => {
      await counted(5000);
      await control('stop', 'kafka');
      await sleep(2000);
      await control('start', 'kafka');
    });
  });

  test('Kafka is killed under load', LIMIT, async () => {
    await survive(async ({ counted }) => {
      await counted(5000);
      await control('kill', 'kafka');
      await control('start', 'kafka');
    });
  });

  test('Redis is restarted and has an older state of its data', LIMIT, async () => {
    await survive(async ({ counted }) => {
      await counted(5000);
      const client = new Redis(backendUrl('redis')!);
      await client.save();
      client.disconnect();
      await counted(10_000);
      await control('kill', 'redis');
      await control('start', 'redis');
    });
  });

  test('Redis is restarted and has lost its data, which the log gives again', LIMIT, async () => {
    await survive(async ({ shop, counted }) => {
      await counted(10_000);
      await dropKeys(backendUrl('redis')!, shop.name);
      await counted(10_000);
      const client = new Redis(backendUrl('redis')!);
      await client.flushall();
      await client.save();
      client.disconnect();
      await control('kill', 'redis');
      await control('start', 'redis');
    });
  });

  test.each([
    ['redis', /redis/],
    ['ferretdb', /mongodb/],
    ['kafka', /kafka/],
  ] as const)(
    '%s is away for longer than a client waits: the processor waits, and says so',
    LIMIT,
    async (server, name) => {
      const shop = serviceShop();
      let goOn = (): void => {};
      const rest = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const away = async ({ counted, supervisor }: Scene): Promise<void> => {
        const worker = () => supervisor.status()[0]!;
        await counted(5000);
        await control('stop', server);
        // However quickly records are counted, some come while it is away.
        goOn();
        await expect.poll(() => worker().metrics?.waiting, { timeout: 60_000 }).toMatch(name);
        expect(worker().state).toBe('running');
        await control('start', server);
        await expect.poll(() => worker().metrics?.waiting, { timeout: 60_000 }).toBeUndefined();
        expect(worker().restarts).toBe(0);
        const log = readFileSync(logFile(shop.config, 'processor-1'), 'utf8');
        expect(log).toMatch(/"msg":"waiting: /);
        expect(log).toMatch(/is back, going on/);
      };
      await survive(away, shop, 1, EVENTS, rest).finally(goOn);
    },
  );

  test('MongoDB is restarted', LIMIT, async () => {
    await survive(async ({ counted }) => {
      await counted(5000);
      await control('kill', 'ferretdb');
      await sleep(1000);
      await control('start', 'ferretdb');
    });
  });

  test('Redis answers late', LIMIT, async () => {
    const target = Number(new URL(backendUrl('redis')!).port);
    const way = await slowWay(target);
    const bare = serviceShop();
    const url = new URL(bare.config.liveUrl);
    url.port = String(way.port);
    const shop = {
      ...bare,
      config: configFor(bare.config.dataDir, { ...bare.config.env, ECOM_LIVE_URL: url.href }),
    };
    try {
      await survive(async ({ counted }) => {
        for (const delayMs of [20, 200, 1000, 50]) {
          way.delayMs = delayMs;
          await sleep(3000);
        }
        way.delayMs = 0;
        await counted(5000);
      }, shop);
    } finally {
      way.close();
    }
  });

  test('ten times a processor is killed, and another one joins and leaves', LIMIT, async () => {
    await survive(
      async ({ shop, supervisor, logged }) => {
        for (let round = 0; round < 10; round += 1) {
          const { pid, state } = supervisor.status()[round % 2]!;
          if (pid !== null && state === 'running') process.kill(pid, 'SIGKILL');
          const other = await startSupervisor(shop.config, [`joining-${round}`]);
          await sleep(500);
          await other.stop();
        }
        expect(logged()).toMatch(/killed by SIGKILL/);
      },
      serviceShop(),
      2,
      MANY_EVENTS,
    );
  });
});
