import { type CommandContext } from '../context.ts';
import { type Check, ok, warn } from './check.ts';

const LEAST_COLUMNS = 80;
const LEAST_ROWS = 24;

/** Whether the dashboard can be shown, and how well. */
export function checkTerminal(
  { stdin, stdout }: Pick<CommandContext, 'stdin' | 'stdout'>,
  { colour }: { readonly colour: boolean },
): Check {
  if (!stdin.isTTY || !stdout.isTTY)
    return ok('terminal', 'none here: ecom up prints a line of numbers instead of the dashboard');
  const { columns, rows } = stdout;
  const detail = `${columns}×${rows}, ${colour ? 'colour' : 'no colour'}`;
  if (columns >= LEAST_COLUMNS && rows >= LEAST_ROWS) return ok('terminal', detail);
  return warn(
    'terminal',
    detail,
    `enlarge the window to ${LEAST_COLUMNS}×${LEAST_ROWS} to see all of the dashboard`,
  );
}
