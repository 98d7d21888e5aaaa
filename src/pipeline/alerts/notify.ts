import { spawn } from 'node:child_process';
import { environmentVariable, plainEnvironment } from '../../config.ts';
import { errorMessage } from '../../errors.ts';
import { redactUrls } from '../../redact.ts';
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
  const alert = {
    schema: 'ecom.alert/1',
    name,
    when,
    state: state.state === 'firing' ? 'firing' : 'resolved',
    value,
    since: new Date(since).toISOString(),
  };
  const { command, webhook, headers = {} } = rule;
  const message = JSON.stringify(alert);
  const done = await Promise.all([
    command === undefined ? undefined : runCommand(command, message, variablesOf(alert)),
    webhook === undefined ? undefined : post(webhook, headers, message),
  ]);
  return done.filter((problem) => problem !== undefined).map(redactUrls);
}

/** What a command can read of the alert without parsing JSON. */
function variablesOf(alert: { name: string; when: string; state: string; value: number | null }) {
  return {
    ECOM_ALERT_NAME: alert.name,
    ECOM_ALERT_WHEN: alert.when,
    ECOM_ALERT_STATE: alert.state,
    ECOM_ALERT_VALUE: String(alert.value ?? ''),
  };
}

/** The command gets what it takes to run and the alert, and none of our own variables, which may hold passwords. */
function runCommand(
  [program, ...args]: readonly string[],
  message: string,
  variables: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program!, args, {
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: COMMAND_MS,
      env: { ...plainEnvironment(), ...variables },
    });
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

async function post(
  webhook: string,
  named: Readonly<Record<string, string>>,
  body: string,
): Promise<string | undefined> {
  const url = new URL(webhook);
  // Only where it goes: the path often is the secret.
  const { host } = url;
  const headers = readHeaders(url, named);
  if (typeof headers === 'string') return headers;
  // A URL that holds them is refused by fetch, in words that tell them.
  url.username = '';
  url.password = '';
  let problem = '';
  for (let i = 0; i < TRIES; i += 1) {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body,
        // Where a redirect leads, the alert and its credentials may be none of anybody's business.
        redirect: 'manual',
        signal: AbortSignal.timeout(WEBHOOK_MS),
      });
      await answer.body?.cancel();
      if (answer.ok) return undefined;
      problem = `${host} answered ${answer.status}`;
      if (answer.status >= 300 && answer.status < 400) return `${problem}: redirects are not followed`;
      if (answer.status < 500) return problem;
    } catch (error) {
      problem = `${host} cannot be reached: ${errorMessage((error as Error).cause ?? error)}`;
    }
  }
  return problem;
}

/** Headers of a POST, with those of the rule and what the URL says of user and password. @returns a text where one cannot be */
function readHeaders(url: URL, named: Readonly<Record<string, string>>): Headers | string {
  const headers = new Headers({ 'content-type': 'application/json' });
  if (url.username !== '' || url.password !== '') {
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.set('authorization', `Basic ${Buffer.from(login, 'utf8').toString('base64')}`);
  }
  for (const [header, text] of Object.entries(named)) {
    let missing: string | undefined;
    const value = text.replace(/\$\{(\w{1,64})\}/g, (_, variable: string) => {
      const found = environmentVariable(variable);
      if (found === undefined) missing = variable;
      return found ?? '';
    });
    if (missing !== undefined) return `the header ${header} needs the variable ${missing}, which is not set`;
    try {
      headers.set(header, value);
    } catch {
      return `the header ${header} cannot have the value that it is given`;
    }
  }
  return headers;
}
