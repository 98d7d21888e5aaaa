import { readTerminalSettings } from '../config.ts';
import { EcomError } from '../errors.ts';
import { COMMANDS_LOG } from '../log.ts';
import { COMPONENTS } from '../pipeline/supervisor/messages.ts';
import { visibleText } from '../visible-text.ts';
import { type CommandContext } from './context.ts';
import { formatLogEntry, type LogEntry } from './log-entry.ts';
import { createLogReader, isOf, loggedNames } from './log-reader.ts';
import { repeat, tell, write } from './output.ts';

const FOLLOW_SECONDS = 0.25;

/**
 * Prints what the supervisor and the workers logged, merged by time; with `follow` it goes on until interrupted.
 * @throws EcomError `NOT_FOUND` for a component that is none
 */
export async function logs(
  context: CommandContext,
  component: string | undefined,
  options: { readonly follow?: boolean; readonly lines: number; readonly json?: boolean },
): Promise<void> {
  const { config, stdout, stderr } = context;
  const names = loggedNames(config);
  checkComponent(component, names);
  const colour = stdout.isTTY === true && readTerminalSettings().colour;
  const print = async (entries: readonly LogEntry[]): Promise<void> => {
    for (const entry of entries) {
      await write(
        stdout,
        options.json === true ? `${visibleText(withSchema(entry.line))}\n` : formatLogEntry(entry, colour),
      );
    }
  };
  const reader = createLogReader(config, component);
  if (!names.some((name) => isOf(name, component))) {
    tell(stderr, `nothing is logged yet for ${component ?? 'any component'} on ${config.dataDir}`);
  }
  await print(reader.tail(options.lines));
  if (options.follow === true) {
    await repeat(context.signal, FOLLOW_SECONDS, async () => print(reader.more()));
  }
}

/** @param line an object as JSON */
function withSchema(line: string): string {
  const fields = line.slice(line.indexOf('{') + 1).trimStart();
  return `{"schema":"ecom.log/1"${fields === '}' ? '' : ','}${fields}`;
}

function checkComponent(component: string | undefined, logged: readonly string[]): void {
  const known = [...new Set(['supervisor', ...COMPONENTS, COMMANDS_LOG, ...logged])];
  if (component === undefined || known.includes(component)) return;
  throw new EcomError('NOT_FOUND', `no component is called '${component}'`, {
    hint: `one of: ${known.join(', ')}`,
  });
}
