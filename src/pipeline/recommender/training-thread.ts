// Entry of the thread that trains: it may block for minutes without anybody noticing.
import { parentPort } from 'node:worker_threads';
import { type FromTraining, type ToTraining } from './training-messages.ts';

/** Progress is told in steps of so much. */
const STEP = 0.01;

// Imported late: what else is in this file runs wherever the bundler lets others share it.
const { EcomError, errorMessage } = await import('../../errors.ts');
const { createTrainingRoom, evaluateAlgorithms } = await import('./training.ts');

/** Whether an array, a string or a memory of WebAssembly could not be as long as it would have to be. */
function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof EcomError && error.code === 'MEMORY');
}

const room = createTrainingRoom();
const port = parentPort!;
const tell = (message: FromTraining) => port.postMessage(message);

port.on('message', (message: ToTraining) => {
  let told = 0;
  try {
    const progress = (done: number) => {
      if (done < told + STEP) return;
      told = done;
      tell({ type: 'progress', done });
    };
    const result =
      message.type === 'train'
        ? room.train(message.request, progress)
        : evaluateAlgorithms(message.request, progress);
    tell({ type: 'done', result });
  } catch (error) {
    tell({ type: 'failed', message: errorMessage(error), isTooLarge: isTooLarge(error) });
  }
});
