import { existsSync } from 'node:fs';
import { type Config } from '../../config.ts';
import { errorMessage } from '../../errors.ts';
import { LIMITS } from '../../pipeline/events/shop-event.ts';
import { type Position } from '../../pipeline/live-store/live-store.ts';
import { recountText } from '../../pipeline/stats/recount.ts';
import { requestControl } from '../../pipeline/supervisor/control-client.ts';
import { controlSocketPath } from '../../pipeline/supervisor/control-socket.ts';
import { isInstanceRunning } from '../../pipeline/supervisor/instance-lock.ts';
import { leftOutText, productsText } from '../model-text.ts';
import { BEYOND_LOG_ADVICE, checkStores, partitionsBeyondLog } from '../store-check.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** Whether an `ecom up` holds the data folder, and answers, and its workers run. */
export async function checkSupervisor(config: Config): Promise<Check> {
  const name = 'supervisor';
  try {
    const response = await requestControl(config, { command: 'status' });
    if (response?.ok === true) {
      const ailing = response.components.filter(({ state }) => state === 'backoff' || state === 'failed');
      const running = `running, process ${response.pid}`;
      if (ailing.length === 0) return ok(name, running);
      const list = ailing.map((worker) => `${worker.name} (${worker.lastError})`).join(', ');
      return fail(name, `${running}, but these do not work: ${list}`, `ecom logs ${ailing[0]!.name}`);
    }
    if (isInstanceRunning(config)) {
      return fail(
        name,
        'a process holds the data folder but does not answer',
        'ecom logs supervisor; then end the process called ecom with kill',
      );
    }
    const left = process.platform !== 'win32' && existsSync(controlSocketPath(config));
    return ok(name, left ? 'not running; the last one was killed, which does no harm' : 'not running');
  } catch (error) {
    return fail(name, errorMessage(error), 'ecom logs supervisor');
  }
}

/** Whether the stores answer, and the log holds all that is counted; an embedded one that is not there yet is created when it is needed. */
export async function checkStoresAnswer(config: Config): Promise<Check[]> {
  const report = await checkStores(config);
  const checks = report.stores.map(({ port, url, ok: answered, latencyMs, error = '', missing }): Check => {
    const name = `${port} store`;
    if (answered) return ok(name, `${url} answers in ${latencyMs} ms`);
    if (missing === true) return ok(name, `${url} is not there yet: ecom up or ecom ingest creates it`);
    return fail(
      name,
      `${url}: ${error}`,
      'see the lines above, or choose another folder with --data-dir DIR',
    );
  });
  const beyond = partitionsBeyondLog(report);
  if (report.positions.length > 0) checks.push(checkNewest(report.positions, Date.now()));
  if (report.model?.products !== undefined)
    checks.push(checkModel(report.model.products, report.model.productsLeftOut));
  if (report.recount) {
    checks.push(
      warn(
        'numbers',
        recountText(report.recount),
        'wait while ecom up counts, or start it; without it, ecom rebuild counts all of it',
      ),
    );
  }
  if (report.lost !== undefined && report.lost > 0) {
    const count = report.lost.toLocaleString('en-US');
    checks.push(
      warn(
        'lost records',
        `${count} were gone from the log before they were counted`,
        'let the log keep its records for longer than processors may be away, then ingest the source again',
      ),
    );
  }
  if (beyond.length === 0) return checks;
  const found = beyond.map(({ partition, position }) => {
    const counted = position.toLocaleString('en-US');
    return `partition ${partition} is counted to ${counted}, and the log ends at ${report.bounds[partition]!.end.toLocaleString('en-US')}`;
  });
  return [
    ...checks,
    fail('positions', `the log is older than the numbers: ${found.join('; ')}`, BEYOND_LOG_ADVICE),
  ];
}

/** Whether something was learnt of all products. */
export function checkModel(products: number, productsLeftOut = 0): Check {
  const name = 'recommendations';
  const text = productsText(products, productsLeftOut);
  if (productsLeftOut === 0) return ok(name, `learnt of ${text}`);
  return warn(
    name,
    `learnt of ${text}: left out are ${leftOutText(productsLeftOut)}`,
    'they are counted as all others, and not recommended; docs/recommendations.md says of how many something is learnt',
  );
}

/** Whether the newest event is one of the past. @param now the wall clock, ms since the epoch */
export function checkNewest(positions: readonly Position[], now: number): Check {
  const name = 'newest event';
  const newest = positions.reduce((latest, { watermark }) => Math.max(latest, watermark), 0);
  if (newest === 0) return ok(name, 'none yet');
  const at = new Date(newest).toISOString();
  if (newest <= now + LIMITS.clockMs) return ok(name, at);
  return warn(
    name,
    `${at}, ${((newest - now) / 3_600_000).toFixed(1)} hours ahead of this machine’s clock`,
    'set the clocks right with NTP, here or where events are counted; ecom rebuild then takes out what came from the future',
  );
}
