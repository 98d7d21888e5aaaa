import { type CommandContext } from './context.ts';
import { tell } from './output.ts';

/** How often a line says what goes on where there is no terminal. */
const LINE_MS = 10_000;

/**
 * Shows a spinner while the work goes on; where nobody is there to see it, a line now and then says how far it is.
 * @param work gets a function that changes the text
 * @param isLong whether it may well take long: then there is a line at its start, too
 */
export async function withSpinner<T>(
  { stderr }: Pick<CommandContext, 'stderr'>,
  text: string,
  work: (say: (text: string) => void) => Promise<T>,
  isLong = false,
): Promise<T> {
  if (!stderr.isTTY) return withLines(stderr, text, work, isLong);
  const { default: ora } = await import('ora');
  const spinner = ora({ text, stream: stderr, discardStdin: false }).start();
  try {
    return await work((next) => {
      spinner.text = next;
    });
  } finally {
    spinner.stop();
  }
}

async function withLines<T>(
  stderr: NodeJS.WriteStream,
  text: string,
  work: (say: (text: string) => void) => Promise<T>,
  isLong: boolean,
): Promise<T> {
  let latest = text;
  const started = performance.now();
  if (isLong) tell(stderr, text);
  const lines = setInterval(() => {
    tell(stderr, `${latest} · ${Math.round((performance.now() - started) / 1000)} s`);
  }, LINE_MS);
  try {
    return await work((next) => {
      latest = next;
    });
  } finally {
    clearInterval(lines);
  }
}
