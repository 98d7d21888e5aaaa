import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { startServers, stopServers } from '../../src/commands/docker.ts';
import { type DownOptions, down } from '../../src/commands/down.ts';
import { type Config, loadConfig, rememberStack } from '../../src/config.ts';
import { packageFile } from '../../src/package-root.ts';
import { tempDir } from '../support/temp-dir.ts';

const FILE = packageFile('docker-compose.yml');
const COMPOSE = ['compose', '--file', FILE, '--project-name', 'ecom'];

/** What a docker of ours answers: to `docker compose version`, to `docker version`, and to all else. */
interface Answers {
  readonly plugin?: Answer;
  readonly daemon?: Answer;
  readonly compose?: Answer;
}

interface Answer {
  readonly code?: number;
  readonly stderr?: string;
  /** It goes on until it is told to end. */
  readonly hangs?: boolean;
}

/** Puts a program called docker first on the PATH. @returns how it was called, so far */
function fakeDocker(answers: Answers): () => string[][] {
  const dir = tempDir();
  const calls = join(dir, 'calls');
  writeFileSync(
    join(dir, 'docker'),
    `#!${process.execPath}
    const args = process.argv.slice(2);
    require('node:fs').appendFileSync(${JSON.stringify(calls)}, JSON.stringify(args) + '\\n');
    const answers = ${JSON.stringify(answers)};
    const kind = args.join(' ') === 'compose version' ? 'plugin' : args[0] === 'version' ? 'daemon' : 'compose';
    const { code = 0, stderr = '', hangs = false } = answers[kind] ?? {};
    process.stderr.write(stderr);
    process.exitCode = code;
    if (hangs) setInterval(() => {}, 1000);`,
  );
  chmodSync(join(dir, 'docker'), 0o755);
  vi.stubEnv('PATH', `${dir}${delimiter}${process.env.PATH}`);
  return () => {
    const lines = existsSync(calls) ? readFileSync(calls, 'utf8').split('\n') : [];
    // What follows the last line feed is still being written.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as string[]);
  };
}

/** Records what is written to standard error. */
function contextWith(config?: Config, signal = new AbortController().signal) {
  const said: string[] = [];
  const stderr = { write: (text: string) => said.push(text) };
  return { said, context: { config, stderr, signal } as unknown as CommandContext };
}

async function failureOf(answers: Answers) {
  fakeDocker(answers);
  return startServers(contextWith().context).then(
    () => undefined,
    (error) => ({ code: error.code, message: error.message, hint: error.hint }),
  );
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.skipIf(process.platform === 'win32')('the servers of docker-compose.yml', () => {
  test('are started and waited for, by one command', async () => {
    const calls = fakeDocker({ compose: { stderr: ' Container ecom-kafka-1  Healthy\n' } });
    await startServers(contextWith().context);
    expect(calls()).toEqual([[...COMPOSE, 'up', '--detach', '--wait']]);
  });

  test('are stopped with their pages; their data is deleted only where that is asked for', async () => {
    const calls = fakeDocker({});
    await stopServers(contextWith().context, { volumes: false });
    await stopServers(contextWith().context, { volumes: true });
    expect(calls()).toEqual([
      [...COMPOSE, '--profile', 'ui', 'down'],
      [...COMPOSE, '--profile', 'ui', 'down', '--volumes'],
    ]);
  });

  test('without docker it says so and names the embedded stack', async () => {
    vi.stubEnv('PATH', tempDir());
    const starting = startServers(contextWith().context);
    await expect(starting).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'cannot run docker: it is not installed, or not in the PATH',
      hint: expect.stringContaining('ecom up --stack embedded'),
    });
  });

  test('without the compose plugin it says so', async () => {
    const answers = { compose: { code: 125, stderr: "unknown shorthand flag: 'f' in -f\n" } };
    expect(await failureOf({ ...answers, plugin: { code: 1 } })).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'this docker has no compose plugin',
      hint: expect.stringContaining('ecom up --stack embedded'),
    });
  });

  test('without a daemon it gives Docker’s own words, in one line that forges nothing', async () => {
    const words =
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
    const stderr = `\u001b[31m${words}\u001b[0m\u0007\n\n`;
    expect(await failureOf({ compose: { code: 1, stderr }, daemon: { code: 1, stderr } })).toMatchObject({
      code: 'UNAVAILABLE',
      message: `Docker’s daemon cannot be reached: ${words}`,
      hint: expect.stringContaining('ecom up --stack embedded'),
    });
  });

  test.each([
    [
      'an unhealthy server',
      ' Container ecom-kafka-1  Waiting\r Container ecom-kafka-1  Error\ncontainer ecom-kafka-1 is unhealthy\n',
      'docker compose failed: container ecom-kafka-1 is unhealthy',
      'docker compose -p ecom logs',
    ],
    [
      'a port that is taken',
      'Error response from daemon: Bind for 127.0.0.1:6379 failed: port is already allocated\n\u001b[1mWhat’s next:\u001b[0m\n  Read on\n',
      'docker compose failed: Bind for 127.0.0.1:6379 failed: port is already allocated',
      'ECOM_LIVE_URL',
    ],
    ['no word', '', 'docker compose failed: it does not say why', 'docker compose -p ecom logs'],
  ])('of %s it says what docker said', async (_, stderr, message, hint) => {
    expect(await failureOf({ compose: { code: 1, stderr } })).toMatchObject({
      code: 'UNAVAILABLE',
      message,
      hint: expect.stringContaining(hint),
    });
  });

  test('an interrupt ends docker, and says what may still run', async () => {
    const calls = fakeDocker({ compose: { hangs: true } });
    const controller = new AbortController();
    const starting = startServers(contextWith(undefined, controller.signal).context);
    starting.catch(() => {});
    while (calls().length === 0) await sleep(20);
    controller.abort();
    await expect(starting).rejects.toMatchObject({
      code: 'INTERRUPTED',
      hint: expect.stringContaining('ecom down --stack docker'),
    });
    expect(calls()).toHaveLength(1);
  });

  test('a daemon that hangs is given up with the rest', { timeout: 20_000 }, async () => {
    const failure = await failureOf({ compose: { code: 1, stderr: 'timeout\n' }, daemon: { hangs: true } });
    expect(failure?.message).toBe('Docker’s daemon cannot be reached: it does not answer');
  });
});

describe.skipIf(process.platform === 'win32')('ecom down', () => {
  async function downWith(stack: string | undefined, options: DownOptions, remembered?: string) {
    const dataDir = join(tempDir(), 'data');
    mkdirSync(dataDir);
    if (remembered !== undefined) rememberStack(loadConfig({ dataDir, stack: remembered }, {}));
    const calls = fakeDocker({});
    const { context, said } = contextWith(loadConfig({ dataDir, stack }, {}));
    await down(context, options);
    return { calls: calls(), said: said.join(''), stack: loadConfig({ dataDir }, {}).stack };
  }

  test('leaves the servers of a folder that used them, and says how to stop them', async () => {
    const { calls, said } = await downWith(undefined, {}, 'docker');
    expect(calls).toEqual([]);
    expect(said).toContain('ecom down --stack docker');
  });

  test('says nothing of servers on the embedded stack', async () => {
    const { calls, said } = await downWith(undefined, {});
    expect(calls).toEqual([]);
    expect(said).not.toContain('server');
  });

  test('stops the servers where the stack is named, and the folder goes on with it', async () => {
    const { calls, stack } = await downWith('docker', { stack: 'docker' }, 'docker');
    expect(calls).toEqual([[...COMPOSE, '--profile', 'ui', 'down']]);
    expect(stack).toBe('docker');
  });

  test('deletes their data where that is asked for, and the folder forgets its stack', async () => {
    const { calls, stack } = await downWith('docker', { stack: 'docker', volumes: true }, 'docker');
    expect(calls).toEqual([[...COMPOSE, '--profile', 'ui', 'down', '--volumes']]);
    expect(stack).toBe('embedded');
  });

  test('deletes nothing unless the stack is named, even where it is remembered', async () => {
    const refused = downWith(undefined, { volumes: true }, 'docker');
    await expect(refused).rejects.toMatchObject({
      code: 'USAGE',
      hint: 'ecom down --stack docker --volumes',
    });
  });
});

describe('docker-compose.yml', () => {
  const text = readFileSync(FILE, 'utf8');
  const listOf = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, value]) => value!);

  test('pins every image to a version', () => {
    const images = listOf(/^ +image: (\S+)$/gm);
    expect(images).toHaveLength(6);
    for (const image of images) expect(image).toMatch(/:v?\d+\.\d+\.\d+[\w.-]*$/);
  });

  test('publishes the ports that the stack’s URLs name, to this machine only', () => {
    const published = listOf(/^ +- ((?:[\d.]+:)?\d+:\d+)$/gm);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/);
    const { logUrl, documentsUrl, liveUrl } = loadConfig({ dataDir: '/d', stack: 'docker' }, {});
    for (const url of [logUrl, documentsUrl, liveUrl]) {
      const { host, port } = new URL(url);
      expect(published).toContain(`${host}:${port}`);
    }
    // Kafka tells its clients where to go on.
    expect(text).toContain(`HOST://${new URL(logUrl).host},`);
  });

  test('is part of the package', () => {
    const { files } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { files: string[] };
    expect(files).toContain('docker-compose.yml');
    expect(dirname(FILE)).toBe(packageFile());
  });
});
