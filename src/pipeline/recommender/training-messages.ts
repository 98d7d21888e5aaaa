import { type EvaluationRequest, type TrainingRequest } from './training.ts';

export type ToTraining =
  | { readonly type: 'train'; readonly request: TrainingRequest }
  | { readonly type: 'evaluate'; readonly request: EvaluationRequest };

export type FromTraining =
  | { readonly type: 'progress'; readonly done: number }
  /** What the work returned. */
  | { readonly type: 'done'; readonly result: unknown }
  /** `isTooLarge` where less to learn from may do. */
  | { readonly type: 'failed'; readonly message: string; readonly isTooLarge: boolean };
