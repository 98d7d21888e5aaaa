/** The flags of `ecom up`, as the command line parses them. */
export interface UpOptions {
  readonly detach?: boolean;
  readonly rate: number;
  readonly generator: boolean;
  readonly seed: string;
  readonly dirty: number;
  readonly processors: number;
  readonly stack?: string;
  readonly dashboard: boolean;
}
