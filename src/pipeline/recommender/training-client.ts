import { Worker } from 'node:worker_threads';
import { EcomError } from '../../errors.ts';
import { type Progress } from '../../ml/recommender.ts';
import { packageFile } from '../../package-root.ts';
import {
  type AlgorithmEvaluation,
  type EvaluationRequest,
  type TrainingRequest,
  type TrainingResult,
} from './training.ts';
import { type FromTraining, type ToTraining } from './training-messages.ts';

/** A thread that does one thing after another. What it is told to do is given up where the signal aborts. */
export interface TrainingClient {
  /** @throws the signal's reason, or EcomError `UNAVAILABLE` where the thread fails */
  train(request: TrainingRequest, signal?: AbortSignal, progress?: Progress): Promise<TrainingResult>;
  /** @throws as `train` */
  evaluate(
    request: EvaluationRequest,
    signal?: AbortSignal,
    progress?: Progress,
  ): Promise<AlgorithmEvaluation[]>;
  close(): Promise<void>;
}

/** Heap of the thread, MB; numbers in arrays lie outside of it. */
const HEAP_MB = 1024;

/** Starts the thread with the first request; one that was given up is replaced by the next. */
export function createTrainingClient(): TrainingClient {
  let thread: Worker | undefined;

  function start(): Worker {
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB };
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
          else reject(new EcomError('UNAVAILABLE', `training failed: ${answer.message}`));
        });
        working.on('error', reject);
        working.on('exit', (code) =>
          reject(new EcomError('UNAVAILABLE', `the thread that trains ended with code ${code}`)),
        );
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
      ask({ type: 'evaluate', request }, signal, progress) as Promise<AlgorithmEvaluation[]>,
    close,
  };
}
