import { type Config } from '../config.ts';
import { readOptionalFile } from '../optional-file.ts';
import { parseRules, type Rule } from '../pipeline/alerts/rule.ts';

/**
 * The rules of the alerts' file; undefined where there is none.
 * @throws EcomError where it cannot be read, or a rule is wrong
 */
export async function readRules({ alertsFile }: Config): Promise<Rule[] | undefined> {
  const text = await readOptionalFile(alertsFile);
  return text === undefined ? undefined : parseRules(text, alertsFile);
}
