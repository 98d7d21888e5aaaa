import { type Config } from '../config.ts';
import { type ComponentStatus } from '../pipeline/supervisor/messages.ts';
import { type DashboardRecommendations, type DashboardSource } from '../tui/source.ts';
import { type View } from './view.ts';

/** Length of the dashboard's top lists: more than the highest terminal shows. */
const TOP_LIMIT = 50;

/** A supervisor's process and its workers; neither where none runs. */
export interface OwnWorkers {
  readonly supervisor: number | undefined;
  readonly components: readonly ComponentStatus[];
}

/**
 * Reads what the dashboard shows from the stores, which must exist, and from whoever knows the workers.
 * @param ownWorkers those of this data folder; where it rejects the dashboard shows none
 * @param options.user whom recommendations are for; everybody where absent
 * @param options.view where only what fits a filter is to be shown
 */
export async function createDashboardSource(
  config: Config,
  ownWorkers: () => Promise<OwnWorkers>,
  {
    user,
    view,
  }: { user?: string | undefined; view?: Pick<View, 'live' | 'catchUp' | 'robots'> | undefined } = {},
): Promise<DashboardSource & { close(): Promise<void> }> {
  const [{ openLiveStore }, { openLogBounds }, { readStats }, { allWorkers, readWorkers }] =
    await Promise.all([
      import('../pipeline/live-store/open.ts'),
      import('./log-bounds.ts'),
      import('../pipeline/stats/read-stats.ts'),
      import('./workers.ts'),
    ]);
  const live = await openLiveStore(config);
  const log = await openLogBounds(config, live).catch(async (error) => {
    await live.close();
    throw error;
  });
  async function readRecommended(): Promise<DashboardRecommendations | undefined> {
    const { readRecommendations } = await import('./dashboard-recommendations.ts');
    return readRecommendations(live, user, config.recommendFile, TOP_LIMIT);
  }

  return {
    async read({ window, sort, recommendations: wanted }) {
      await view?.catchUp();
      const now = Date.now();
      const request = { period: window, sort, limit: TOP_LIMIT, now, currency: config.currency };
      const [stats, reports, { supervisor, components }, recommendations] = await Promise.all([
        readStats({ live: view?.live ?? live, log, robots: view?.robots }, request),
        readWorkers(live, now),
        ownWorkers().catch((): OwnWorkers => ({ supervisor: undefined, components: [] })),
        wanted ? readRecommended() : undefined,
      ]);
      return {
        stats,
        recommendations,
        components: allWorkers(components, supervisor, reports, now).map(
          ({ name, state, restarts, metrics }) => ({ name, state, restarts, rss: metrics?.rss ?? null }),
        ),
      };
    },
    async close() {
      await log.close();
      await live.close();
    },
  };
}
