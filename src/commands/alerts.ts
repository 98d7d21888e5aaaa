import { EcomError } from '../errors.ts';
import { readCurrentAlerts } from '../pipeline/alerts/published.ts';
import { type AlertState } from '../pipeline/alerts/state.ts';
import { openLiveStore } from '../pipeline/live-store/open.ts';
import { dateTime } from '../tui/format/time.ts';
import { readRules } from './alerts-file.ts';
import { type CommandContext } from './context.ts';
import { printJson, write } from './output.ts';
import { requireData } from './require-data.ts';

/**
 * Prints the rules of the alerts' file and how it stands with them. For machines no file is no rules, unless one is named.
 * @throws EcomError `NOT_FOUND` without a file, `USAGE` where a rule in it is wrong
 */
export async function alerts(
  { config, stdout }: CommandContext,
  options: { readonly json?: boolean },
): Promise<void> {
  const rules = await readRules(config);
  const printed = (watched: boolean, alerts: readonly unknown[]) =>
    printJson(stdout, { schema: 'ecom.alerts/1', file: config.alertsFile, watched, alerts });
  if (rules === undefined) {
    if (options.json && !config.named.alertsFile) return printed(false, []);
    throw new EcomError('NOT_FOUND', `there are no rules: no file ${config.alertsFile}`, {
      hint: 'docs/alerts.md describes it, with an example',
    });
  }
  requireData(config);
  const live = await openLiveStore(config);
  const found = await readCurrentAlerts(live, Date.now()).finally(() => live.close());
  const watched = found !== undefined;
  const states = new Map(found?.alerts.map((state) => [state.name, state]));
  const rows = rules.map(({ name, when, command, webhook }) => {
    const state = states.get(name);
    const known = state?.when === when ? state : undefined;
    return {
      name,
      when,
      tells: [...(command === undefined ? [] : ['command']), ...(webhook === undefined ? [] : ['webhook'])],
      state: known?.state ?? null,
      since: known === undefined ? null : new Date(known.since).toISOString(),
      value: known?.value ?? null,
    };
  });
  if (options.json) return printed(watched, rows);
  const lines = rows.map(
    ({ name, when, state, since, value }) =>
      `${MARKS[state ?? 'unknown']}  ${name}: ${when}${since === null ? '' : `  (since ${dateTime(since, 'UTC')} UTC, now ${shown(value)})`}\n`,
  );
  const hint = watched
    ? ''
    : 'nobody looks at them: start ecom up, or restart it where it runs without them\n';
  await write(stdout, lines.join('') + hint);
}

const MARKS: Readonly<Record<AlertState['state'] | 'unknown', string>> = {
  ok: 'ok     ',
  pending: 'pending',
  firing: 'FIRING ',
  unknown: '-      ',
};

function shown(value: number | null): string {
  return value === null ? 'nothing to tell' : String(Number(value.toPrecision(4)));
}
