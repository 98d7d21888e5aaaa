import { type ErrorCode } from '../../errors.ts';

export type ToCounting = { readonly type: 'step'; readonly waitMs: number } | { readonly type: 'close' };

export type FromCounting =
  /** `room` is how many records the next step takes, at most. */
  | { readonly type: 'counted'; readonly records: number; readonly room: number }
  /** `code` is missing where it was no error for people. */
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly code?: ErrorCode;
      readonly hint?: string | undefined;
      readonly away?: string | undefined;
      readonly stack?: string | undefined;
    }
  | { readonly type: 'closed' };
