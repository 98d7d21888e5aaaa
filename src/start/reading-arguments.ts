import { isAbsolute } from 'node:path';
import { DEMO_FOLDER, shopFolder } from '../data-dir.ts';
import { type ReadingRequest } from '../pipeline/supervisor/reading-request.ts';

const COMMANDS: readonly (string | undefined)[] = ['stats', 'recommend'];
/** Options of these commands that change neither a store nor when the command ends. */
const WITH_VALUE =
  /^--(window|from|to|compare|by|sort|limit|fail-if|data-dir|user|session|algorithm|exclude|category)$/;
const ALONE = /^--(anomalies|json|demo|in-stock|explain)$/;
/** What of the environment the answers depend on. */
const VARIABLES = /^(ECOM_\w+|NO_COLOR|TERM)$/;

export interface ReadingLine {
  readonly request: Omit<ReadingRequest, 'terminal'>;
  /** Data folders whose shop it may be about, absolute, the likelier one first. */
  readonly folders: readonly string[];
}

/** Takes apart the line of a command that only reads; `undefined` for any other, and for whatever is not clear at sight. */
export function readingLine(argv: readonly string[], env: NodeJS.ProcessEnv): ReadingLine | undefined {
  if (!COMMANDS.includes(argv[0])) return undefined;
  let folder: string | undefined;
  let demo = false;
  for (let i = 1; i < argv.length; i += 1) {
    const argument = argv[i]!;
    const equals = argument.indexOf('=');
    const name = equals < 0 ? argument : argument.slice(0, equals);
    if (WITH_VALUE.test(name)) {
      if (equals < 0) i += 1;
      const value = equals < 0 ? argv[i] : argument.slice(equals + 1);
      if (value === undefined) return undefined;
      if (name === '--data-dir') folder = value;
    } else if (ALONE.test(argument)) demo ||= argument === '--demo';
    else return undefined;
  }
  const named = Object.entries(env).filter(
    (entry): entry is [string, string] => VARIABLES.test(entry[0]) && entry[1] !== undefined,
  );
  // Who answers may be in another folder.
  if (named.some(([name, value]) => name.endsWith('_FILE') && value !== '' && !isAbsolute(value)))
    return undefined;
  if (folder !== undefined && !isAbsolute(folder)) return undefined;
  // Said to be wrong in the ordinary way.
  if (env.ECOM_DATA_DIR?.trim() === '') return undefined;
  const shop = shopFolder(folder, env);
  const simulated = `${shop}/${DEMO_FOLDER}`;
  return {
    request: { argv, env: { ...Object.fromEntries(named), ECOM_DATA_DIR: folder ?? shop } },
    folders: demo ? [simulated] : [shop, simulated],
  };
}
