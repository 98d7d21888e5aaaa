import { isbot } from 'isbot';
import { ByteDictionary } from './byte-dictionary.ts';

/** User agents that are remembered with what they are; beyond it, all are forgotten. */
const REMEMBERED = 4096;

const agents = new ByteDictionary();
const verdicts: boolean[] = [];

/** Whether a user agent, of `size` bytes, is that of a known robot. Each text is looked at once. */
export function isRobot(bytes: Uint8Array, from: number, size: number): boolean {
  const known = agents.find(bytes, from, size);
  if (known !== -1) return verdicts[known]!;
  if (agents.size >= REMEMBERED) agents.clear();
  const number = agents.number(bytes, from, size);
  const verdict = isbot(agents.textOf(number));
  verdicts[number] = verdict;
  return verdict;
}

/** The same of a property's value. */
export function isRobotAgent(agent: unknown): boolean {
  if (typeof agent !== 'string' || agent === '') return false;
  const bytes = Buffer.from(agent);
  return isRobot(bytes, 0, bytes.length);
}
