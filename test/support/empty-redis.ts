import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A Redis of its own that keeps nothing on the disk: killed, it comes back empty. */
export interface EmptyRedis {
  readonly port: number;
  /** Kills it and starts it again; resolves once it takes connections. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function emptyRedis(): Promise<EmptyRedis> {
  const port = await freePort();
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const settings = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
    server = spawn('redis-server', settings, { stdio: 'ignore' });
    const failed = new Promise<never>((_, reject) => server!.once('error', reject));
    failed.catch(() => {});
    while (!(await Promise.race([failed, answers(port)]))) await sleep(10);
  }
  async function kill(): Promise<void> {
    const dying = server;
    server = undefined;
    if (dying === undefined) return;
    const gone = new Promise((resolve) => dying.once('exit', resolve));
    dying.kill('SIGKILL');
    await gone;
  }
  await start();
  return {
    port,
    async restart() {
      await kill();
      await start();
    },
    close: kill,
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.destroy());
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
