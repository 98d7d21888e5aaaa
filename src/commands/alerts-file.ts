import { readFile } from 'node:fs/promises';
import { type Config } from '../config.ts';
import { EcomError, errorCode, errorMessage } from '../errors.ts';
import { parseRules, type Rule } from '../pipeline/alerts/rule.ts';

/**
 * The rules of the alerts' file; undefined where there is none.
 * @throws EcomError where it cannot be read, or a rule is wrong
 */
export async function readRules({ alertsFile }: Config): Promise<Rule[] | undefined> {
  let text: string;
  try {
    text = await readFile(alertsFile, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new EcomError('INPUT', `${alertsFile} cannot be read: ${errorMessage(error)}`);
  }
  return parseRules(text, alertsFile);
}
