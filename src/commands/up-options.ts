/** The flags of `ecom up`, as the command line parses them. */
export interface UpOptions {
  readonly detach?: boolean;
  readonly rate: number;
  /** Asked for, or not wanted; what the shop holds decides where undefined. */
  readonly generator?: boolean;
  readonly demo?: boolean;
  /** Of the process in the background: simulated shoppers were decided on, unasked. */
  readonly simulate?: boolean;
  readonly seed: string;
  readonly dirty: number;
  readonly processors: number;
  readonly stack?: string;
  readonly dashboard: boolean;
}
