import { execFile } from 'node:child_process';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { packageFile } from '../../src/package-root.ts';

const run = promisify(execFile);

export type ServerName = 'kafka' | 'redis' | 'ferretdb';

/** Does something to a test server; resolves once it is done, a start once the server answers. */
export async function control(
  verb: 'start' | 'stop' | 'kill' | 'pause' | 'resume',
  name: ServerName,
): Promise<void> {
  await run('bash', [packageFile('scripts', 'services.sh'), verb, name]);
}

/** A way to a server that takes longer. */
export interface SlowWay {
  readonly port: number;
  /** Added to every answer, ms. */
  delayMs: number;
  close(): void;
}

/** Passes bytes on to a port of this machine, late. */
export async function slowWay(target: number): Promise<SlowWay> {
  const way = { port: 0, delayMs: 0, close: () => {} };
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.pipe(upstream);
    upstream.on('data', (bytes) => setTimeout(() => client.write(bytes), way.delayMs));
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  way.port = (server.address() as AddressInfo).port;
  way.close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return way;
}
