import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { notify } from '../../../src/pipeline/alerts/notify.ts';
import { parseRule } from '../../../src/pipeline/alerts/rule.ts';
import { createWatch } from '../../../src/pipeline/alerts/watch.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

describe('watch', () => {
  test('tells once that an alert fires and once that it is over, whoever looks', async () => {
    const config = configFor(tempDir());
    ensureDataDir(config);
    const stores = await openStores(config);
    const now = Date.now();
    const rule = parseRule('few', 'events 5m < 2');
    const told: string[] = [];
    const watcher = () =>
      createWatch({ ...stores, currency: 'USD', onChange: (_, { state }) => told.push(state) });
    const first = watcher();
    await first.look([rule], now);
    await first.look([rule], now + 1000);
    // Another one goes on from what the first has published.
    const second = watcher();
    await second.look([rule], now + 2000);
    expect(told).toEqual(['firing']);
    const ask = { period: '5m', limit: 1, now: now + 2000, currency: 'USD' } as const;
    expect((await readStats(stores, ask)).alerts).toMatchObject([{ name: 'few', value: 0 }]);

    const events = [1, 2, 3].map((i) => ({ id: `e${i}`, type: 'page_view', time: now, userId: 'u' }));
    await stores.log.append(events.map((event) => ({ key: 'u', value: JSON.stringify(event) })));
    const processor = createProcessor({ ...stores, settings: SETTINGS });
    while ((await processor.step()) > 0);
    await second.look([rule], now + 3000);
    expect(told).toEqual(['firing']);
    await second.look([rule], now + 62_000);
    expect(told).toEqual(['firing', 'ok']);
    expect((await readStats(stores, { ...ask, now: now + 62_000 })).alerts).toEqual([]);
    expect((await readStats(stores, { ...ask, now: now + 200_000 })).alerts).toBeUndefined();
    await stores.close();
  });
});

/** How a rule names a variable of the environment. */
const variable = (name: string): string => `\${${name}}`;

describe('notify', () => {
  const state = { name: 'few', when: 'orders<1', state: 'firing', since: 0, value: 0, heldAt: 0 } as const;

  test('runs the command without a shell, with the alert on its input', async () => {
    const file = join(tempDir(), 'out $(id)');
    const script = `require('fs').writeFileSync(process.argv[1], require('fs').readFileSync(0))`;
    const rule = parseRule('few', 'orders<1', {
      command: [process.execPath, '-e', script, file],
      webhook: undefined,
    });
    expect(await notify(rule, state)).toEqual([]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ name: 'few', state: 'firing', value: 0 });
    const failing = parseRule('few', 'orders<1', { command: ['/no/such/program'], webhook: undefined });
    expect(await notify(failing, state)).toEqual([expect.stringMatching(/cannot be run/)]);
  });

  test('posts to the webhook, again where the server fails, and never tells its path', async () => {
    const bodies: string[] = [];
    const answers = [500, 200, 403];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(answers[bodies.length - 1]!).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const webhook = `http://127.0.0.1:${port}/secret-path`;
    const rule = parseRule('few', 'orders<1', { command: undefined, webhook });
    expect(await notify(rule, { ...state, state: 'ok' })).toEqual([]);
    expect(bodies).toHaveLength(2);
    expect(JSON.parse(bodies[1]!)).toMatchObject({ name: 'few', state: 'resolved' });
    const [problem] = await notify(rule, state);
    expect(problem).toBe(`127.0.0.1:${port} answered 403`);
  });

  async function serverOf(status: number, headers: Record<string, string> = {}) {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      request.resume().on('end', () => response.writeHead(status, headers).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { seen, port: (server.address() as AddressInfo).port };
  }

  test('follows no redirect', async () => {
    const target = await serverOf(200);
    const { port } = await serverOf(307, { location: `http://127.0.0.1:${target.port}/elsewhere` });
    const webhook = `http://127.0.0.1:${port}/x`;
    const [problem] = await notify(parseRule('few', 'orders<1', { webhook }), state);
    expect(problem).toBe(`127.0.0.1:${port} answered 307: redirects are not followed`);
    expect(target.seen).toEqual([]);
  });

  test('sends what the rule and the URL say of who asks, and tells none of it', async () => {
    const { seen, port } = await serverOf(401);
    vi.stubEnv('HOOK_TOKEN', 't0ken');
    onTestFinished(() => void vi.unstubAllEnvs());
    const headers = { authorization: `Bearer ${variable('HOOK_TOKEN')}`, 'x-shop': 'mine' };
    const told = await notify(
      parseRule('few', 'orders<1', { webhook: `http://127.0.0.1:${port}/s3cret`, headers }),
      state,
    );
    expect(seen[0]).toMatchObject({ authorization: 'Bearer t0ken', 'x-shop': 'mine' });
    const login = parseRule('few', 'orders<1', { webhook: `http://me:pa%20ss@127.0.0.1:${port}/s3cret?k=v` });
    told.push(...(await notify(login, state)));
    expect(seen[1]!.authorization).toBe(`Basic ${Buffer.from('me:pa ss').toString('base64')}`);
    const absent = parseRule('few', 'orders<1', {
      webhook: 'http://127.0.0.1:1/',
      headers: { a: variable('NO_SUCH') },
    });
    told.push(...(await notify(absent, state)));
    const closed = parseRule('few', 'orders<1', { webhook: 'http://me:pass@127.0.0.1:1/s3cret' });
    told.push(...(await notify(closed, state)));
    expect(told).toHaveLength(4);
    expect(told[2]).toMatch(/needs the variable NO_SUCH/);
    expect(told.join()).not.toMatch(/s3cret|t0ken|pass|pa%20ss|me:/);
  });

  test('hands no secret of ours to a command, and tells it the alert', async () => {
    vi.stubEnv('ECOM_REDIS_PASSWORD', 'hidden');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'hidden');
    onTestFinished(() => void vi.unstubAllEnvs());
    const file = join(tempDir(), 'env');
    const script = `require('fs').writeFileSync(process.argv[1], JSON.stringify(process.env))`;
    const rule = parseRule('few', 'orders<1', { command: [process.execPath, '-e', script, file] });
    expect(await notify(rule, state)).toEqual([]);
    const env = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    expect(env).toMatchObject({ ECOM_ALERT_NAME: 'few', ECOM_ALERT_STATE: 'firing', PATH: process.env.PATH });
    expect(JSON.stringify(env)).not.toContain('hidden');
  });
});
