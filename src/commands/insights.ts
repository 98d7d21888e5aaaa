import { timeZone } from '../pipeline/events/time-zone.ts';
import { openLiveStore } from '../pipeline/live-store/open.ts';
import { readInsights } from '../pipeline/stats/read-insights.ts';
import { type CommandContext } from './context.ts';
import { type InsightSection } from './insights-text.ts';
import { printJson, write } from './output.ts';
import { type PeriodOptions, periodOf } from './period.ts';
import { requireData } from './require-data.ts';
import { storedLayout } from './stored-layout.ts';

export interface InsightsOptions extends PeriodOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/**
 * Prints how shoppers behave: when they come, whether they come back, who buys, what they search for and pass by.
 * @param section only this one; all of them where undefined
 */
export async function insights(
  { config, stdout, stderr }: CommandContext,
  section: InsightSection | undefined,
  options: InsightsOptions,
): Promise<void> {
  requireData(config);
  const live = await openLiveStore(config);
  try {
    const { timeZone: zone } = await storedLayout({ config, stderr }, live);
    const answer = await readInsights(live, {
      period: periodOf(options, '30d', timeZone(zone)),
      limit: options.limit,
      now: Date.now(),
      currency: config.currency,
    });
    if (options.json) {
      await printJson(stdout, answer);
      return;
    }
    const [{ insightsText }, { readTerminalSettings }] = await Promise.all([
      import('./insights-text.ts'),
      import('../config.ts'),
    ]);
    const styled = stdout.isTTY === true && readTerminalSettings().colour;
    await write(stdout, insightsText(answer, { section, width: stdout.columns ?? 80, styled }));
  } finally {
    await live.close();
  }
}
