import { spawn } from 'node:child_process';
import { errorMessage } from '../../errors.ts';
import { type Rule } from './rule.ts';
import { type AlertState } from './state.ts';

const COMMAND_MS = 30_000;
const WEBHOOK_MS = 10_000;
const TRIES = 3;

/**
 * Tells what a rule names that it fires, or does no longer: JSON on the command's standard input, or as the body of a POST.
 * @returns what went wrong, without anything that is secret; empty where nothing did
 */
export async function notify(rule: Rule, state: AlertState): Promise<string[]> {
  const { name, when, value, since } = state;
  const message = JSON.stringify({
    schema: 'ecom.alert/1',
    name,
    when,
    state: state.state === 'firing' ? 'firing' : 'resolved',
    value,
    since: new Date(since).toISOString(),
  });
  const done = await Promise.all([
    rule.command === undefined ? undefined : runCommand(rule.command, message),
    rule.webhook === undefined ? undefined : post(rule.webhook, message),
  ]);
  return done.filter((problem) => problem !== undefined);
}

function runCommand([program, ...args]: readonly string[], message: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program!, args, { stdio: ['pipe', 'ignore', 'ignore'], timeout: COMMAND_MS });
    child.on('error', (error) => resolve(`the command cannot be run: ${error.message}`));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal === null ? `the command ended with ${code}` : `the command was ended by ${signal}`);
    });
    // A command that does not read is none of our concern.
    child.stdin.on('error', () => {});
    child.stdin.end(message);
  });
}

async function post(url: string, body: string): Promise<string | undefined> {
  // Only where it goes: the path often is the secret.
  const { host } = new URL(url);
  let problem = '';
  for (let i = 0; i < TRIES; i += 1) {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(WEBHOOK_MS),
      });
      await answer.body?.cancel();
      if (answer.ok) return undefined;
      problem = `${host} answered ${answer.status}`;
      if (answer.status < 500) return problem;
    } catch (error) {
      problem = `${host} cannot be reached: ${errorMessage((error as Error).cause ?? error)}`;
    }
  }
  return problem;
}
