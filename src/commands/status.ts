import { type Config, type Stack } from '../config.ts';
import { greatest } from '../extremes.ts';
import { type AlertState } from '../pipeline/alerts/state.ts';
import { stripControls } from '../pipeline/events/text.ts';
import { type Recount, recountText } from '../pipeline/stats/recount.ts';
import { requestControl } from '../pipeline/supervisor/control-client.ts';
import { type ComponentStatus, type ControlResponse } from '../pipeline/supervisor/messages.ts';
import { visibleLine } from '../visible-text.ts';
import { type CommandContext } from './context.ts';
import { draw, printJson, repeat } from './output.ts';
import {
  BEYOND_LOG_ADVICE,
  checkStores,
  isEmbedded,
  PORTS,
  type StoreCheck,
  type StoreReport,
} from './store-check.ts';
import { allWorkers } from './workers.ts';

interface PartitionStatus {
  readonly partition: number;
  /** Offset of the next record to count. */
  readonly position: number;
  /** Offset that the next record gets. */
  readonly end: number;
  /** Below 0 where more is counted than the log holds: see `error`. */
  readonly lag: number;
  /** What is wrong with it. */
  readonly error?: string;
  /** Name of the worker that counts it, null where none does. */
  readonly owner: string | null;
}

/** The answer of `ecom status --json`; it only grows. */
export interface Status {
  readonly schema: 'ecom.status/1';
  readonly dataDir: string;
  readonly stack: Stack;
  /** Whether any of what is counted came from simulated shoppers. */
  readonly simulated: boolean;
  /** The `ecom up` that runs on the folder, null where none does. */
  readonly supervisor: { readonly pid: number; readonly startedAt: string } | null;
  readonly components: readonly Omit<ComponentStatus, 'component'>[];
  readonly partitions: readonly PartitionStatus[];
  /** How far the numbers have come that are being counted again, as after an upgrade; null where they are whole. */
  readonly recount: Recount | null;
  /** Records that the log let go of before they were counted. */
  readonly lost: number;
  /** Records that the log had let go of when the numbers were counted anew. */
  readonly earlier: number;
  readonly stores: readonly StoreCheck[];
  /** How it stands with the rules of alerts; empty where nobody looks at any. */
  readonly alerts: readonly {
    readonly name: string;
    readonly when: string;
    readonly state: AlertState['state'];
    readonly since: string;
  }[];
}

/** Prints what runs on the data folder, how far it has counted and whether the stores answer; it changes nothing. */
export async function status(
  context: CommandContext,
  options: { readonly json?: boolean; readonly watch?: boolean },
): Promise<void> {
  const { config, stdout } = context;
  const print = async (): Promise<void> => {
    const current = await readStatus(config);
    if (options.json === true) await printJson(stdout, current, options.watch === true ? true : undefined);
    else await draw(stdout, `${options.watch && stdout.isTTY ? CLEAR : ''}${statusText(current)}`);
  };
  if (options.watch === true) await repeat(context.signal, 1, print);
  else await print();
}

const CLEAR = '\u001b[H\u001b[2J';

async function readStatus(config: Config): Promise<Status> {
  const [response, report] = await Promise.all([
    requestControl(config, { command: 'status' }),
    checkStores(config),
  ]);
  return composeStatus(config, response, report, Date.now());
}

/** Puts together what the supervisor and the stores said. */
export function composeStatus(
  config: Config,
  response: ControlResponse | undefined,
  {
    stores,
    bounds,
    positions,
    recount = null,
    reports,
    simulated = false,
    lost = 0,
    earlier = 0,
    alerts,
  }: StoreReport,
  now: number,
): Status {
  const running = response?.ok === true ? response : undefined;
  const workers = allWorkers(running?.components ?? [], running?.pid, reports, now);
  const counted = new Map(positions.map(({ partition, position }) => [partition, position]));
  const embedded = PORTS.every((port) => isEmbedded(config, port));
  return {
    schema: 'ecom.status/1',
    dataDir: config.dataDir,
    stack: embedded ? 'embedded' : config.stack === 'docker' ? 'docker' : 'services',
    simulated,
    supervisor:
      running === undefined
        ? null
        : { pid: running.pid, startedAt: new Date(running.startedAt).toISOString() },
    components: workers.map(({ component: _, ...worker }) => worker),
    partitions: bounds.map(({ begin, end }, partition) => {
      const position = counted.get(partition) ?? begin;
      const owner = workers.find(({ metrics }) => metrics?.partitions?.includes(partition) === true);
      const lag = end - Math.max(begin, position);
      const isBeyond = counted.has(partition) && lag < 0;
      return {
        partition,
        position,
        end,
        lag: isBeyond ? lag : Math.max(0, lag),
        owner: owner?.name ?? null,
        ...(isBeyond && { error: 'more is counted than the log holds' }),
      };
    }),
    recount,
    lost,
    earlier,
    stores,
    alerts: (alerts?.alerts ?? []).map(({ name, when, state, since }) => ({
      name,
      when,
      state,
      since: new Date(since).toISOString(),
    })),
  };
}

/** The status as text for people. */
export function statusText(current: Status): string {
  const { supervisor, components, partitions, stores } = current;
  const lines = [
    `data     ${current.dataDir} (${current.stack}${current.simulated ? ', SIMULATED' : ''})`,
    supervisor === null
      ? 'ecom     not running'
      : `ecom     running, process ${supervisor.pid} since ${supervisor.startedAt}`,
  ];
  const table = (title: string[], rows: string[][]): void => {
    if (rows.length > 0) for (const line of ['', ...columns([title, ...rows])]) lines.push(line);
  };
  table(
    ['COMPONENT', 'STATE', 'HOST', 'PID', 'UPTIME', 'RESTARTS', 'EVENTS', 'MEMORY', 'LAST ERROR'],
    components.map(({ name, state, host, pid, uptimeMs, restarts, metrics, lastError }) => [
      name,
      state,
      stripControls(host),
      pid === null ? '-' : String(pid),
      uptimeMs === null ? '-' : duration(uptimeMs),
      String(restarts),
      metrics === undefined ? '-' : metrics.events.toLocaleString('en-US'),
      metrics === undefined ? '-' : `${Math.round(metrics.rss / 2 ** 20)} MB`,
      stripControls(metrics?.waiting ? `waiting for ${metrics.waiting}` : (lastError ?? '')).slice(0, 80),
    ]),
  );
  table(
    ['PARTITION', 'POSITION', 'END', 'LAG', 'OWNER'],
    partitions.map(({ partition, position, end, lag, owner }) => [
      ...[partition, position, end, lag].map((value) => value.toLocaleString('en-US')),
      owner ?? '-',
    ]),
  );
  const wrong = partitions.filter(({ error }) => error !== undefined);
  for (const { partition, error } of wrong) lines.push(`error: partition ${partition}: ${error}`);
  if (wrong.length > 0) lines.push(`  try: ${BEYOND_LOG_ADVICE}`);
  if (current.recount !== null) lines.push('', recountText(current.recount));
  if (current.lost > 0)
    lines.push(
      '',
      `${current.lost.toLocaleString('en-US')} records are lost: gone from the log before they were counted`,
    );
  if (current.earlier > 0)
    lines.push(
      '',
      `${current.earlier.toLocaleString('en-US')} earlier records are not in the numbers: the log no longer held them when all was counted again`,
    );
  table(
    ['STORE', 'ANSWERS', 'URL'],
    stores.map(({ port, ok, latencyMs, error, url }) => [
      port,
      ok ? `in ${latencyMs} ms` : `no: ${stripControls(error ?? '')}`,
      url,
    ]),
  );
  table(
    ['ALERT', 'STATE', 'SINCE', 'RULE'],
    current.alerts.map(({ name, state, since, when }) => [
      stripControls(name),
      state,
      since,
      stripControls(when),
    ]),
  );
  return `${lines.map(visibleLine).join('\n')}\n`;
}

/** Aligns the cells of rows to the left. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => greatest(rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
