import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../../errors.ts';
import { readOptionalFile } from '../../optional-file.ts';
import { notify } from '../alerts/notify.ts';
import { parseRules, type Rule } from '../alerts/rule.ts';
import { createWatch } from '../alerts/watch.ts';
import { openEventLog } from '../event-log/open.ts';
import { openLiveStore } from '../live-store/open.ts';
import { type RunComponent } from './component.ts';

const LOOK_MS = 5000;

/** Looks at the rules of the alerts' file, again and again, and tells what they name. */
export const run: RunComponent = async ({ config, logger, signal, ready, handled }) => {
  const log = await openEventLog(config);
  const live = await openLiveStore(config, { counts: true });
  const watch = createWatch({
    live,
    log,
    currency: config.currency,
    onChange(rule, state) {
      const { name, when, value } = state;
      const said = state.state === 'firing' ? 'fires' : 'is over';
      logger.warn({ alert: name, when, value }, `alert ${name} ${said}`);
      void notify(rule, state).then((problems) => {
        for (const problem of problems) logger.error({ alert: name }, `alert ${name}: ${problem}`);
      });
    },
  });
  let rules: Rule[] = [];
  let text: string | undefined;
  let problem: string | undefined;
  /** A file that was edited holds from now on; one that is wrong leaves what holds. */
  async function readRules(): Promise<void> {
    try {
      const now = (await readOptionalFile(config.alertsFile)) ?? '{"alerts":[]}';
      if (now === text) return;
      text = now;
      rules = parseRules(now, config.alertsFile);
      logger.info({ alerts: rules.length }, 'rules read');
      problem = undefined;
    } catch (error) {
      // Said once, not at every look.
      if (errorMessage(error) !== problem) logger.error({ err: error }, errorMessage(error));
      problem = errorMessage(error);
    }
  }
  try {
    await readRules();
    ready();
    while (!signal.aborted) {
      await readRules();
      handled((await watch.look(rules, Date.now())).length);
      await sleep(LOOK_MS, undefined, { signal });
    }
  } finally {
    await Promise.allSettled([log.close(), live.close()]);
  }
};
