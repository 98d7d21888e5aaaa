import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Writes a text and waits while the reader is slow, so that memory stays bounded. */
export async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

/** Prints one JSON object: indented for people on a terminal, one line for a pipe or where `compact`. */
export async function printJson(
  stream: NodeJS.WriteStream,
  value: unknown,
  compact = !stream.isTTY,
): Promise<void> {
  await write(stream, `${compact ? JSON.stringify(value) : JSON.stringify(value, null, 2)}\n`);
}

/** Calls `work` every `seconds` until the signal aborts; returns without error then. */
export async function repeat(signal: AbortSignal, seconds: number, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(seconds * 1000, undefined, { signal }).catch(() => {});
  }
}
