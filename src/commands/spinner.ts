import { type CommandContext } from './context.ts';

/**
 * Shows a spinner while the work goes on, where somebody is there to see it.
 * @param work gets a function that changes the text
 */
export async function withSpinner<T>(
  { stderr }: Pick<CommandContext, 'stderr'>,
  text: string,
  work: (say: (text: string) => void) => Promise<T>,
): Promise<T> {
  if (!stderr.isTTY) return work(() => {});
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
