import { type LiveStore } from '../live-store/live-store.ts';
import { type AlertState } from './state.ts';

export interface PublishedAlerts {
  /** When it was looked last, ms since the epoch. */
  readonly time: number;
  readonly alerts: readonly AlertState[];
}

const [KIND, KEY] = ['alerts', 'state'];
/** What was published is old news after so long, ms. */
const NEWS_MS = 60_000;

export async function writeAlerts(live: LiveStore, alerts: PublishedAlerts): Promise<void> {
  await live.publish(KIND, new Map([[KEY, JSON.stringify(alerts)]]));
}

/** How it stands with the alerts; undefined where nobody has looked yet. */
export async function readAlerts(live: LiveStore): Promise<PublishedAlerts | undefined> {
  const json = (await live.published(KIND, [KEY])).get(KEY);
  return json === undefined ? undefined : (JSON.parse(json) as PublishedAlerts);
}

/** The same; undefined also where nobody has looked lately. */
export async function readCurrentAlerts(live: LiveStore, now: number): Promise<PublishedAlerts | undefined> {
  const found = await readAlerts(live);
  return found !== undefined && now - found.time <= NEWS_MS ? found : undefined;
}
