import { readTerminalSettings } from '../config.ts';
import { EcomError } from '../errors.ts';
import { stripControls } from '../pipeline/events/text.ts';
import { type CommandContext } from './context.ts';
import { type Check, failed } from './doctor/check.ts';
import { checkDataFolder } from './doctor/data-folder.ts';
import { checkDatabases } from './doctor/databases.ts';
import { checkDriver, checkNode } from './doctor/installation.ts';
import { checkStoresAnswer, checkSupervisor } from './doctor/running.ts';
import { checkServers } from './doctor/servers.ts';
import { checkTerminal } from './doctor/terminal.ts';
import { withFolder } from './folder-option.ts';
import { printJson, write } from './output.ts';

const MARKS = { ok: '✓', warn: '!', fail: '✗' } as const;
const COLOURS = { ok: 32, warn: 33, fail: 31 } as const;

/**
 * Checks the installation, the data folder, the servers, the stores and the terminal, and says what to do about what is wrong.
 * @throws EcomError `UNAVAILABLE` where a check failed; a warning is none
 */
export async function doctor(context: CommandContext, options: { readonly json?: boolean }): Promise<void> {
  const { config, stdout } = context;
  const driver = checkDriver(config);
  const servers = checkServers(config);
  let checks: Check[] = [checkNode(process.version), driver, ...(await checkDataFolder(config))];
  // Even where all stores are servers, the data folder's lock needs a driver.
  if (driver.state !== 'fail') checks = [...checks, ...checkDatabases(config), await checkSupervisor(config)];
  checks = [...checks, ...(await servers)];
  // A store whose server does not answer would only say so again, later.
  if (driver.state !== 'fail' && !(await servers).some(failed))
    checks = [...checks, ...(await checkStoresAnswer(config))];
  checks.push(checkTerminal(context, readTerminalSettings()));
  checks = checks.map(({ advice, ...check }) =>
    advice === undefined ? check : { ...check, advice: withFolder(advice, config) },
  );
  const failures = checks.filter(failed).length;
  if (options.json === true) await printJson(stdout, { schema: 'ecom.doctor/1', ok: failures === 0, checks });
  else await write(stdout, doctorText(checks, stdout.isTTY === true && readTerminalSettings().colour));
  if (failures > 0) {
    throw new EcomError('UNAVAILABLE', `${failures} of ${checks.length} checks failed`, {
      hint: 'what the lines with ✗ say, then ecom doctor again',
    });
  }
}

/** Of the longest name of a check, and a space. */
const NAME_WIDTH = 16;

/** One line a check, and below it what to do. */
export function doctorText(checks: readonly Check[], colour: boolean): string {
  const lines = checks.flatMap(({ name, state, detail, advice }) => {
    const mark = colour ? `\u001b[${COLOURS[state]}m${MARKS[state]}\u001b[39m` : MARKS[state];
    const line = `${mark} ${name.padEnd(NAME_WIDTH)}${stripControls(detail)}`;
    return advice === undefined ? [line] : [line, `${' '.repeat(NAME_WIDTH + 2)}→ ${stripControls(advice)}`];
  });
  return `${lines.join('\n')}\n`;
}
