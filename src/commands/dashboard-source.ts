import { type Config } from '../config.ts';
import { type ComponentStatus } from '../pipeline/supervisor/messages.ts';
import { type DashboardSource } from '../tui/source.ts';

/** Length of the dashboard's top lists: more than the highest terminal shows. */
const TOP_LIMIT = 50;

/**
 * Reads what the dashboard shows from the stores, which must exist, and from whoever knows the workers.
 * @param components the workers; where it rejects the dashboard shows none
 */
export async function createDashboardSource(
  config: Config,
  components: () => Promise<readonly ComponentStatus[]>,
): Promise<DashboardSource & { close(): Promise<void> }> {
  const [{ openLiveStore }, { openEventLog }, { readStats }] = await Promise.all([
    import('../pipeline/live-store/open.ts'),
    import('../pipeline/event-log/open.ts'),
    import('../pipeline/stats/read-stats.ts'),
  ]);
  const log = await openEventLog(config);
  const live = await openLiveStore(config).catch(async (error) => {
    await log.close();
    throw error;
  });
  return {
    async read(window, sort) {
      const request = { window, sort, limit: TOP_LIMIT, now: Date.now(), currency: config.currency };
      const [stats, workers] = await Promise.all([
        readStats({ live, log }, request),
        components().catch((): readonly ComponentStatus[] => []),
      ]);
      return {
        stats,
        components: workers.map(({ name, state, restarts, metrics }) => ({
          name,
          state,
          restarts,
          rss: metrics?.rss ?? null,
        })),
      };
    },
    async close() {
      await live.close();
      await log.close();
    },
  };
}
