import { type Config, readTerminalSettings } from '../config.ts';
import { EcomError } from '../errors.ts';
import { type WindowLabel } from '../pipeline/stats/types.ts';
import { type CommandContext } from './context.ts';
import { type OwnWorkers } from './dashboard-source.ts';
import { requireData } from './require-data.ts';
import { type View } from './view.ts';

/** How long an answer about the components is shown before it is asked for again, ms. */
const COMPONENTS_MS = 1000;

/**
 * Shows the shop live on the whole terminal until the user quits.
 * @throws EcomError `USAGE` where there is no terminal, `NOT_FOUND` where there is no data
 */
export async function dashboard(
  context: CommandContext,
  options: {
    readonly window: WindowLabel;
    readonly where?: readonly string[];
    readonly includeRobots?: boolean;
    readonly user?: string;
  },
): Promise<void> {
  const { config, stdin, stdout, signal } = context;
  const { colour, dumb } = readTerminalSettings();
  if (!stdin.isTTY || !stdout.isTTY || dumb) {
    const what = dumb
      ? 'a terminal that it can draw on, and TERM is dumb'
      : 'a terminal for its input and output';
    throw new EcomError('USAGE', `the dashboard needs ${what}`, {
      hint: 'ecom stats --watch prints the numbers anywhere, with --json for programs',
    });
  }
  requireData(config);
  const [{ createDashboardSource }, { runDashboard }] = await Promise.all([
    import('./dashboard-source.ts'),
    import('../tui/run.ts'),
  ]);
  await tellLayout(context);
  const { where = [], includeRobots = false, user } = options;
  const isView = where.length > 0 || includeRobots;
  const view = isView ? await openFilled(context, where, includeRobots) : undefined;
  const source = await createDashboardSource(config, followComponents(config), { user, view });
  try {
    await runDashboard({
      source,
      window: options.window,
      recommendations: user !== undefined,
      signal,
      stdin,
      stdout,
      title: isView ? [...where, ...(includeRobots ? ['robots too'] : [])].join(' and ') : config.dataDir,
      colour,
    });
  } finally {
    await source.close();
    await view?.close();
  }
}

/** Says so before the screen is taken, where the numbers are cut in another way than the environment says. */
async function tellLayout(context: CommandContext): Promise<void> {
  const { config } = context;
  if (!config.named.timeZone && !config.named.properties) return;
  const [{ openLiveStore }, { storedLayout }] = await Promise.all([
    import('../pipeline/live-store/open.ts'),
    import('./stored-layout.ts'),
  ]);
  const live = await openLiveStore(config);
  try {
    await storedLayout(context, live);
  } finally {
    await live.close();
  }
}

/** A view that has counted what is in the log. */
async function openFilled(context: CommandContext, where: readonly string[], robots: boolean): Promise<View> {
  const [{ parseFilter }, { fill, openView }] = await Promise.all([
    import('../pipeline/stats/filter.ts'),
    import('./view.ts'),
  ]);
  const view = await openView(context.config, parseFilter(where), robots);
  try {
    await fill(context, view);
    return view;
  } catch (error) {
    await view.close();
    throw error;
  }
}

/** The components as the supervisor last told: it is asked in the background, so that no frame waits for it. */
function followComponents(config: Config): () => Promise<OwnWorkers> {
  const none: OwnWorkers = { supervisor: undefined, components: [] };
  let known = none;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking = false;
  async function ask(): Promise<void> {
    asking = true;
    try {
      const { askSupervisor } = await import('./supervisor-client.ts');
      const answer = await askSupervisor(config, { command: 'status' });
      known = answer === undefined ? none : { supervisor: answer.pid, components: answer.components };
    } catch {
      known = none; // one that does not answer is shown as none
    } finally {
      asking = false;
      askedAt = performance.now();
    }
  }
  return async () => {
    if (!asking && performance.now() - askedAt >= COMPONENTS_MS) void ask();
    return known;
  };
}
