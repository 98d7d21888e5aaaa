import { CommanderError } from 'commander';
import { EcomError } from '../errors.ts';
import { type Reading, type ReadingRequest } from '../pipeline/supervisor/reading-request.ts';
import { writeVisibly } from '../visible-text.ts';
import { createCommandLine, EXIT, type Surroundings } from './command-line.ts';
import { addRecommend, addStats } from './reading-commands.ts';

/**
 * Runs a command that only reads, and keeps what it would print. The stores are read for every answer.
 * @param serves the data folder that it has to be about, where it may not be about any
 * @returns `undefined` where the command has to be run in the ordinary way, which then says what is wrong
 */
export async function runReading(request: ReadingRequest, serves?: string): Promise<Reading | undefined> {
  const output: [1 | 2, string][] = [];
  const { env, argv, terminal } = request;
  const line = createCommandLine({
    env: { ...env },
    stdin: undefined as never,
    stdout: stream(output, 1, terminal.stdout),
    stderr: stream(output, 2, terminal.stderr),
    get signal(): AbortSignal {
      throw new Error('nobody interrupts a reading');
    },
  } satisfies Surroundings);
  if (argv[0] === 'stats') addStats(checked(line, serves));
  else if (argv[0] === 'recommend') addRecommend(checked(line, serves));
  else return undefined;
  try {
    await line.program.parseAsync(argv, { from: 'user' });
    return { exit: EXIT.done, output };
  } catch (error) {
    if (error instanceof CommanderError || !(error instanceof EcomError)) return undefined;
    const exit = await line.fail(error);
    // A running shop answers what it knows, and leaves it to the command itself to fail.
    return serves === undefined || exit === EXIT.condition ? { exit, output } : undefined;
  }
}

function checked(line: ReturnType<typeof createCommandLine>, serves: string | undefined): typeof line {
  return {
    ...line,
    shownContext(flags, trusted) {
      const context = line.shownContext(flags, trusted);
      if (serves !== undefined && context.config.dataDir !== serves) throw new Error('another data folder');
      return context;
    },
  };
}

/** As much of a stream as commands that read make use of. @param columns of the terminal; 0 where it is none */
function stream(output: [1 | 2, string][], to: 1 | 2, columns: number): NodeJS.WriteStream {
  const captured = {
    write(text: string): boolean {
      output.push([to, text]);
      return true;
    },
    ...(columns > 0 && { isTTY: true, columns }),
  } as NodeJS.WriteStream;
  writeVisibly(captured);
  return captured;
}
