import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { styledText, visibleLine, visibleText } from '../visible-text.ts';

/** Writes a text for people and waits while the reader is slow, so that memory stays bounded. */
export async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  await draw(stream, styledText(text));
}

/** Writes a text that may move the cursor: what it quotes has to be harmless already. */
export async function draw(stream: NodeJS.WritableStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

/** Says a line to people, which may quote what somebody else wrote. */
export function tell(stream: NodeJS.WriteStream, line: string): void {
  stream.write(`${visibleLine(line)}\n`);
}

/** Prints one JSON object: indented for people on a terminal, one line for a pipe or where `compact`. */
export async function printJson(
  stream: NodeJS.WriteStream,
  value: unknown,
  compact = !stream.isTTY,
): Promise<void> {
  await write(stream, `${visibleText(JSON.stringify(value, null, compact ? 0 : 2))}\n`);
}

/** Calls `work` every `seconds` until the signal aborts; returns without error then. */
export async function repeat(signal: AbortSignal, seconds: number, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(seconds * 1000, undefined, { signal }).catch(() => {});
  }
}
