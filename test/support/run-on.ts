import { PassThrough } from 'node:stream';
import { type CommandContext } from '../../src/commands/context.ts';
import { configFor } from './stores.ts';

/** A command's surroundings, and what it prints. */
export interface Run {
  readonly context: CommandContext;
  readonly stdout: PassThrough;
  text(): string;
  abort(): void;
}

/** @param terminal whether standard output is one, of 100 × 20 */
export function runOn(dataDir: string, { terminal = false } = {}): Run {
  const controller = new AbortController();
  const stdout = Object.assign(new PassThrough(), { isTTY: terminal, columns: 100, rows: 20 });
  let text = '';
  stdout.on('data', (chunk) => {
    text += chunk;
  });
  const streams = { stdin: process.stdin, stdout, stderr: new PassThrough() };
  const context = {
    config: configFor(dataDir),
    ...streams,
    signal: controller.signal,
  } as unknown as CommandContext;
  return { context, stdout, text: () => text, abort: () => controller.abort() };
}
