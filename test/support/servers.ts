import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { packageFile } from '../../src/package-root.ts';
import { tcpProxy } from './tcp-proxy.ts';

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
  const proxy = await tcpProxy(target, () => ({ delayMs: way.delayMs }));
  const way = { ...proxy, delayMs: 0 };
  return way;
}
