import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { type Config } from '../../src/config.ts';
import { packageFile } from '../../src/package-root.ts';
import { openEventLog } from '../../src/pipeline/event-log/open.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { countedRecords, isCounted } from '../support/answers.ts';
import { describeWith } from '../support/backends.ts';
import { control, type ServerName } from '../support/servers.ts';
import { type ServiceShop, serviceShop } from '../support/services.ts';
import { configFor, openStores } from '../support/stores.ts';

const EVENTS = 2000;
const MANY = 60_000;
const LIMIT = { timeout: 300_000 };
const WAIT = { timeout: 120_000, interval: 50 };

/** Records of which none is a duplicate. */
function generated(count: number): string[] {
  const generator = createGenerator({
    seed: 'away',
    rate: 10,
    start: Date.now() - 3_600_000,
    dirty: 0,
    rhythm: 'flat',
    currency: 'USD',
  });
  return Array.from({ length: count }, () => generator.next().value);
}
const lines = generated(EVENTS);

/** A shop one of whose stores is on a server, and the others in its folder. */
function shopWith(variable: 'ECOM_LOG_URL' | 'ECOM_DOCUMENTS_URL' | 'ECOM_LIVE_URL'): ServiceShop {
  const shop = serviceShop();
  const { dataDir, env } = shop.config;
  // With a message an event, the log's bounds tell how many are appended.
  const settings = { [variable]: env[variable]!, ECOM_PARTITIONS: '4', ECOM_KAFKA_MESSAGES: 'single' };
  return { ...shop, config: configFor(dataDir, settings) };
}

function startIngest(config: Config, patienceSeconds: number) {
  const child = spawn(process.execPath, [packageFile('bin', 'ecom.js'), 'ingest', '-'], {
    env: { ...process.env, ...config.env, ECOM_PATIENCE: String(patienceSeconds) },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  child.stdout.resume();
  child.stdin.on('error', () => {});
  return {
    said,
    send: (some: readonly string[]) => child.stdin.write(some.map((line) => `${line}\n`).join('')),
    end: () => child.stdin.end(),
    exit: new Promise<number | null>((resolve) => child.on('close', resolve)),
  };
}

/** Appends of an ingest that is under way are told by the log; on Kafka transactions take offsets too. */
async function appended(config: Config): Promise<number> {
  const log = await openEventLog(config);
  try {
    return (await log.bounds()).reduce((sum, { end }) => sum + end, 0);
  } finally {
    await log.close();
  }
}

async function counted(config: Config): Promise<number> {
  const stores = await openStores(config);
  try {
    expect(await isCounted(stores)).toBe(true);
    return await countedRecords(stores, Date.now());
  } finally {
    await stores.close();
  }
}

describeWith(['kafka', 'mongodb', 'redis'], 'ingest while a server is away', () => {
  afterAll(async () => {
    for (const name of ['kafka', 'redis', 'ferretdb'] as const) await control('start', name);
  });

  test.each([
    ['kafka', 'ECOM_LOG_URL', /kafka/],
    ['ferretdb', 'ECOM_DOCUMENTS_URL', /mongodb/],
    ['redis', 'ECOM_LIVE_URL', /redis/],
  ] as const)('%s', LIMIT, async (server: ServerName, variable, name) => {
    const shop = shopWith(variable);
    const { config } = shop;
    // It goes on when the server is back.
    const patient = startIngest(config, 600);
    patient.send(lines.slice(0, 500));
    await expect.poll(() => appended(config).catch(() => 0), WAIT).toBeGreaterThanOrEqual(500);
    await control('stop', server);
    patient.send(lines.slice(500, 1000));
    await expect
      .poll(() => patient.said, WAIT)
      .toContainEqual(expect.stringMatching(/^waiting up to 10 min/));
    await sleep(2000);
    await control('start', server);
    await expect.poll(() => patient.said, WAIT).toContainEqual(expect.stringMatching(/is back, going on$/));
    patient.send(lines.slice(1000, 1200));
    patient.end();
    expect(await patient.exit, patient.said.join('\n')).toBe(0);
    // A connection that broke meanwhile may be noticed only when it is used again, and is told then too.
    for (const line of patient.said.filter((text) => /^waiting/.test(text))) expect(line).toMatch(name);
    // Redis keeps nothing on its disk here: what is lost is counted again from the log.
    expect(await counted(config)).toBe(1200);

    // It gives up, and what is safe is not ingested again.
    const impatient = startIngest(config, 1);
    impatient.send(lines.slice(0, 1200));
    impatient.send(lines.slice(1200, 1600));
    await expect.poll(() => appended(config).catch(() => 0), WAIT).toBeGreaterThanOrEqual(1600);
    await control('stop', server);
    impatient.send(lines.slice(1600));
    expect(await impatient.exit, impatient.said.join('\n')).toBe(1);
    expect(impatient.said.slice(-2)).toEqual([
      expect.stringMatching(/^error: .* has not come back within 1 s$/),
      expect.stringMatching(/new lines, which are safe; run the same command again/),
    ]);
    await control('start', server);
    const again = startIngest(config, 600);
    again.send(lines);
    again.end();
    expect(await again.exit, again.said.join('\n')).toBe(0);
    expect(await counted(config)).toBe(EVENTS);
    await shop.drop();
  });

  // What is larger than an append is counted in a thread of its own, with connections of its own.
  test.each(['kafka', 'ferretdb', 'redis'] as const)('%s, while a thread counts', LIMIT, async (server) => {
    const many = generated(MANY);
    const shop = serviceShop();
    const ingest = startIngest(shop.config, 600);
    ingest.send(many.slice(0, MANY / 2));
    const stores = await openStores(shop.config);
    await expect.poll(() => countedRecords(stores, Date.now()), WAIT).toBeGreaterThan(0);
    await stores.close();
    await control('kill', server);
    ingest.send(many.slice(MANY / 2));
    ingest.end();
    await expect.poll(() => ingest.said, WAIT).toContainEqual(expect.stringMatching(/^waiting up to 10 min/));
    await control('start', server);
    expect(await ingest.exit, ingest.said.join('\n')).toBe(0);
    expect(await counted(shop.config)).toBe(MANY);
    await shop.drop();
  });
});
