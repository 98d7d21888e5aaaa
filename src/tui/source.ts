import { type SortKey, type Stats, type WindowLabel } from '../pipeline/stats/types.ts';

/** A worker as the dashboard shows it. */
export interface DashboardComponent {
  readonly name: string;
  readonly state: string;
  readonly restarts: number;
  readonly rss: number | null;
}

/** What one frame is drawn from. */
export interface DashboardModel {
  readonly stats: Stats;
  /** Empty where no supervisor runs on this data folder. */
  readonly components: readonly DashboardComponent[];
}

/** Where the dashboard gets its data: implemented by the command that opens it. */
export interface DashboardSource {
  /**
   * Reads the newest numbers; rejects where the store does not answer, and may be asked again.
   * @param sort order of the top lists; what suits the shop's data where absent
   */
  read(window: WindowLabel, sort?: SortKey): Promise<DashboardModel>;
}
