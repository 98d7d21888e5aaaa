import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What becomes of the bytes of an answer: passed on, late by so many ms, halved before the connection ends, or not passed on. */
export type Fate = 'pass' | 'cut' | 'halve' | { readonly delayMs: number };

export interface TcpProxy {
  readonly port: number;
  close(): void;
}

/** Passes bytes on to a port of this machine, and of those that come back what `fateOf` says. They stay in order. */
export async function tcpProxy(target: number, fateOf: () => Fate): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.pipe(upstream);
    let last: Promise<void> = Promise.resolve();
    upstream.on('data', (bytes) => {
      const fate = fateOf();
      const due = performance.now() + (typeof fate === 'object' ? fate.delayMs : 0);
      last = last.then(async () => {
        const left = due - performance.now();
        if (left > 0) await sleep(left);
        if (fate === 'cut') cut();
        else if (client.destroyed) return;
        else if (fate === 'halve') client.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), cut);
        else client.write(bytes);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
