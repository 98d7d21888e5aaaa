import { runDashboard } from '../../src/tui/run.ts';
import { type DashboardModel } from '../../src/tui/source.ts';
import { modelFixture, NOW } from '../tui/stats-fixture.ts';

// A dashboard over invented numbers, to be run in a terminal of its own. The argument says what goes wrong, if anything.
const trouble = process.argv[2];
const controller = new AbortController();
process.on('SIGTERM', () => controller.abort());

let reads = 0;
let reading = false;

/** The fixture with names that every terminal agrees on the width of. */
function model(...request: Parameters<typeof modelFixture>): DashboardModel {
  const { stats, components } = modelFixture(...request);
  const topProducts = stats.topProducts.map((product) => ({
    ...product,
    name: product.name?.replace('🧘‍♀️', '') ?? null,
  }));
  return { stats: { ...stats, topProducts }, components };
}

await runDashboard({
  source: {
    async read({ window }) {
      if (reading) throw new Error('two readings at once');
      reading = true;
      await new Promise((resolve) => setTimeout(resolve, 5));
      reading = false;
      reads += 1;
      if (trouble === 'source' && reads > 2 && reads < 12) throw new Error('live.db: the disk is full');
      if (trouble === 'crash' && reads > 2)
        setTimeout(() => Promise.reject(new Error('the crash of the test')), 0);
      if (trouble === 'never' && reads === 2) return new Promise(() => {});
      return model(window, NOW + reads * 1000, 1 + reads / 10);
    },
  },
  window: '30m',
  signal: controller.signal,
  stdin: process.stdin,
  stdout: process.stdout,
  title: 'Demo shop',
});
process.stdout.write(`left after ${reads} readings\n`);
