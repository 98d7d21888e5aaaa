import { Worker } from 'node:worker_threads';
import { type Config } from '../../config.ts';
import { EcomError } from '../../errors.ts';
import { packageFile } from '../../package-root.ts';
import { type Processor } from '../processor/processor.ts';
import { type FromCounting, type ToCounting } from './counting-messages.ts';

/** Space for new objects, MiB: nearly all of them die before it is full. */
const YOUNG_MIB = 48;

/**
 * A processor in a thread of its own, with stores of its own, which are files: so that reading and counting take a core each.
 * It takes one step at a time.
 */
export function createCountingClient(config: Config): Pick<Processor, 'step' | 'room' | 'close'> {
  const thread = new Worker(packageFile('dist', 'counting.js'), {
    workerData: config,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    execArgv: [],
  });
  let room = 0;
  let ended: Error | undefined;
  thread.on('error', (error) => {
    ended ??= error;
  });
  thread.on('exit', () => {
    ended ??= new Error('the thread that counts has ended');
  });

  function ask(message: ToCounting): Promise<FromCounting> {
    return new Promise((resolve, reject) => {
      if (ended !== undefined) {
        reject(ended);
        return;
      }
      const fail = (): void => reject(ended!);
      thread.once('exit', fail);
      thread.once('message', (answer: FromCounting) => {
        thread.off('exit', fail);
        resolve(answer);
      });
      thread.postMessage(message);
    });
  }
  return {
    async step(waitMs = 0) {
      const answer = await ask({ type: 'step', waitMs });
      if (answer.type === 'failed') throw errorOf(answer);
      if (answer.type === 'closed') return 0;
      room = answer.room;
      return answer.records;
    },
    room: () => room,
    async close() {
      if (ended === undefined) await ask({ type: 'close' }).catch(() => {});
      await thread.terminate();
    },
  };
}

function errorOf({ message, code, hint, away, stack }: FromCounting & { type: 'failed' }): Error {
  const error =
    code === undefined
      ? new Error(message)
      : new EcomError(code, message, {
          ...(hint === undefined ? {} : { hint }),
          ...(away === undefined ? {} : { away }),
        });
  if (stack !== undefined) error.stack = stack;
  return error;
}
