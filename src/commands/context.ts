import { type Config } from '../config.ts';

/** What every command gets: the configuration, the three streams, and word of a wish to stop. */
export interface CommandContext {
  readonly config: Config;
  /** Whether a terminal may get colours. */
  readonly colour: boolean;
  readonly stdin: NodeJS.ReadStream;
  /** Data, and nothing else. */
  readonly stdout: NodeJS.WriteStream;
  /** Progress, warnings, notes. */
  readonly stderr: NodeJS.WriteStream;
  /**
   * Aborted by the first Ctrl-C or SIGTERM; a second one kills. Signals are only caught once this was read, so a command
   * that has nothing to tidy up leaves it alone and dies at once.
   */
  readonly signal: AbortSignal;
}
