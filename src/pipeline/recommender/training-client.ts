import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { EcomError, errorCode, errorMessage } from '../../errors.ts';
import { type Progress } from '../../ml/recommender.ts';
import { packageFile } from '../../package-root.ts';
import {
  type EvaluationRequest,
  type EvaluationResult,
  type TrainingRequest,
  type TrainingResult,
} from './training.ts';
import { type FromTraining, type ToTraining } from './training-messages.ts';

/** Training failed, and nothing else: what was published is as it was. */
export class TrainingError extends EcomError {}

/** A thread that does one thing after another. What it is told to do is given up where the signal aborts. */
export interface TrainingClient {
  /** @throws the signal's reason, EcomError `MEMORY` where less to learn from may do, or `UNAVAILABLE` where the thread fails */
  train(request: TrainingRequest, signal?: AbortSignal, progress?: Progress): Promise<TrainingResult>;
  /** @throws as `train` */
  evaluate(request: EvaluationRequest, signal?: AbortSignal, progress?: Progress): Promise<EvaluationResult>;
  close(): Promise<void>;
}

/** Heap of the thread, MiB; numbers in arrays lie outside of it. */
const HEAP_MIB = 1024;

/** Starts the thread with the first request; one that was given up, or that failed, is replaced by the next. */
export function createTrainingClient(heapMib = HEAP_MIB): TrainingClient {
  let thread: Worker | undefined;

  function start(): Worker {
    // A bound that the process was started with would take the place of the thread's. The process's own heap keeps its.
    setFlagsFromString('--max-old-space-size=0');
    const resourceLimits = { maxOldGenerationSizeMb: heapMib };
    const started = new Worker(packageFile('dist', 'training.js'), { resourceLimits, execArgv: [] });
    started.unref();
    return started;
  }
  async function close(): Promise<void> {
    const ending = thread;
    thread = undefined;
    await ending?.terminate();
  }
  async function ask(
    message: ToTraining,
    signal: AbortSignal | undefined,
    progress: Progress = () => {},
  ): Promise<unknown> {
    signal?.throwIfAborted();
    thread ??= start();
    const working = thread;
    working.ref();
    let giveUp = (): void => {};
    try {
      return await new Promise((resolve, reject) => {
        giveUp = () => reject(signal!.reason);
        signal?.addEventListener('abort', giveUp);
        working.removeAllListeners();
        working.on('message', (answer: FromTraining) => {
          if (answer.type === 'progress') progress(answer.done);
          else if (answer.type === 'done') resolve(answer.result);
          else reject(failure(answer.message, answer.isTooLarge));
        });
        working.on('error', (error) => {
          const isFull = errorCode(error) === 'ERR_WORKER_OUT_OF_MEMORY';
          reject(isFull ? outOfHeap(heapMib) : failure(errorMessage(error), false));
        });
        working.on('exit', (code) => reject(failure(`its thread ended with code ${code}`, false)));
        working.postMessage(message);
      });
    } catch (error) {
      await close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
      working.unref();
    }
  }
  return {
    train: (request, signal, progress) =>
      ask({ type: 'train', request }, signal, progress) as Promise<TrainingResult>,
    evaluate: (request, signal, progress) =>
      ask({ type: 'evaluate', request }, signal, progress) as Promise<EvaluationResult>,
    close,
  };
}

function failure(why: string, isTooLarge: boolean, hint?: string): TrainingError {
  const options = hint === undefined ? {} : { hint };
  return new TrainingError(isTooLarge ? 'MEMORY' : 'UNAVAILABLE', `training failed: ${why}`, options);
}

function outOfHeap(mib: number): TrainingError {
  return failure(
    `it needs more than ${mib} MiB`,
    true,
    `let it have more, as with ECOM_TRAINING_MIB=${2 * mib}`,
  );
}
