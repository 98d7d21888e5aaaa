import { type ErrorCode } from '../../errors.ts';
import { type HandedPiece } from '../event-log/handed-records.ts';
import { type ChangeMessage } from '../live-store/change-message.ts';

export type ToCounting =
  | { readonly type: 'step'; readonly waitMs: number }
  | { readonly type: 'close' }
  /** Records that the log holds, before the step that is to count them. */
  | { readonly type: 'handed'; readonly pieces: readonly HandedPiece[] }
  /** What became of the last change. */
  | { readonly type: 'applied'; readonly applied: boolean }
  | { readonly type: 'unapplied'; readonly error: ErrorMessage };

export type FromCounting =
  /** `room` is how many records the next step takes, at most. */
  | { readonly type: 'counted'; readonly records: number; readonly room: number }
  | { readonly type: 'failed'; readonly error: ErrorMessage }
  | { readonly type: 'closed' }
  /** The memory of a piece that was handed over, which is done with. */
  | { readonly type: 'taken'; readonly memory: SharedArrayBuffer }
  /** To be stored: the thread waits for the answer before it sends another one. */
  | { readonly type: 'change'; readonly change: ChangeMessage };

/** An error between threads. */
export interface ErrorMessage {
  /** The class of an error that is not for people, such as `RangeError`. */
  readonly name: string;
  readonly message: string;
  /** Missing where it is no error for people. */
  readonly code?: ErrorCode | undefined;
  readonly hint?: string | undefined;
  readonly away?: string | undefined;
  readonly stack?: string | undefined;
}
