import { Worker } from 'node:worker_threads';
import { type Config } from '../../config.ts';
import { packageFile } from '../../package-root.ts';
import { type Placed } from '../event-log/event-log.ts';
import { PieceMemory, piecesOf } from '../event-log/handed-records.ts';
import { type NewLines } from '../event-log/new-lines.ts';
import { type ChangeMessage, createChangeReceiver } from '../live-store/change-message.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { type Processor } from '../processor/processor.ts';
import { type FromCounting, type ToCounting } from './counting-messages.ts';
import { endOf, fromMessage, toMessage } from './error-message.ts';

/** Space for new objects, MiB: nearly all of them die before it is full. */
const YOUNG_MIB = 48;

/**
 * Bytes that are handed over, at most about: what a step counts, and as much that waits. What comes beyond is read from the
 * log.
 */
const HANDED_BYTES = 56 * 1024 * 1024;

/** What counts, and can be given what was just appended, so that it need not read and scan that again. */
export interface CountingClient extends Pick<Processor, 'step' | 'room' | 'close'> {
  handOver(lines: NewLines, placed: Placed): void;
  /** Whether more of it than is handed over by now would be read from the log. */
  isFull(): boolean;
}

/**
 * A processor in a thread of its own, which reads the stores itself, as they are files, and has its changes applied here: so that
 * reading and storing take one core, and counting the other. It takes
 * one step after the other, in the order in which they were asked for.
 */
export function createCountingClient(config: Config, live: Pick<LiveStore, 'apply'>): CountingClient {
  const thread = new Worker(packageFile('dist', 'counting.js'), {
    workerData: config,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    execArgv: [],
  });
  const received = createChangeReceiver();
  let room = 0;
  const memory = new PieceMemory();
  let ended: Error | undefined;
  /** Who waits for a step: the thread answers in the order of the questions. */
  const asking: { resolve(answer: FromCounting): void; reject(error: Error): void }[] = [];
  let closing: (() => void) | undefined;

  const tell = (message: ToCounting): void => thread.postMessage(message);
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of asking.splice(0)) reject(ended);
    closing?.();
  };
  thread.on('error', (error) => end(endOf(error)));
  thread.on('exit', () => end(new Error('the thread that counts has ended')));
  thread.on('message', (message: FromCounting) => {
    if (message.type === 'change') void apply(message.change);
    else if (message.type === 'taken') memory.takeBack(message.memory);
    else if (message.type === 'closed') closing?.();
    else asking.shift()?.resolve(message);
  });

  async function apply(change: ChangeMessage): Promise<void> {
    try {
      tell({ type: 'applied', applied: await live.apply(received(change)) });
    } catch (error) {
      tell({ type: 'unapplied', error: toMessage(error) });
    }
  }

  function askForStep(waitMs: number): Promise<FromCounting> {
    if (ended !== undefined) return Promise.reject(ended);
    return new Promise((resolve, reject) => {
      asking.push({ resolve, reject });
      tell({ type: 'step', waitMs });
    });
  }
  return {
    async step(waitMs = 0) {
      const answer = await askForStep(waitMs);
      if (answer.type === 'failed') throw fromMessage(answer.error);
      if (answer.type !== 'counted') return 0;
      room = answer.room;
      return answer.records;
    },
    room: () => room,
    handOver(lines, placed) {
      if (memory.given >= HANDED_BYTES) return;
      const pieces = piecesOf(lines, placed, (bytes) => memory.give(bytes));
      tell({ type: 'handed', pieces });
    },
    isFull: () => memory.given >= HANDED_BYTES,
    async close() {
      if (ended === undefined) {
        await new Promise<void>((resolve) => {
          closing = resolve;
          tell({ type: 'close' });
        });
      }
      await thread.terminate();
    },
  };
}
