import { type LiveStore } from '../live-store/live-store.ts';
import { type Counters } from '../metrics/cells.ts';
import { COLUMNS } from '../metrics/columns.ts';

/** Whether any of the events that are counted came from simulated shoppers. */
export function isSimulated(totals: Counters): boolean {
  return Number(totals.get(COLUMNS.simulated) ?? 0) > 0;
}

/** The same of all that a shop has counted. */
export async function readSimulated(live: LiveStore): Promise<boolean> {
  const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }] });
  return isSimulated(tallies[0]!.totals);
}
