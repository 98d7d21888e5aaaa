import { createPatience, type Patience } from '../pipeline/patience.ts';
import { type CommandContext } from './context.ts';
import { tell } from './output.ts';

/** What a command that writes waits with for servers that are away, for as long as the user says, and tells so. */
export function patienceOf({ config, stderr, signal }: CommandContext): Patience {
  return createPatience({
    limitMs: config.patienceSeconds * 1000,
    signal,
    say: (text) => tell(stderr, text),
  });
}
