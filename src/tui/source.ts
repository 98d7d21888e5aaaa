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
  /** Where it was asked for; absent too where nothing was learnt yet. */
  readonly recommendations?: DashboardRecommendations | undefined;
}

/** What the recommender has published. */
export interface DashboardRecommendations {
  /** Whom it is for; what is trending for everybody where absent. */
  readonly user?: string | undefined;
  /** Of the model; 0 before the first full training. */
  readonly version: number;
  /** When the recommender last published, ms since the epoch. */
  readonly time: number;
  /** Best first, with what speaks for each: for everybody, the product that goes with it best, and for how many shoppers. */
  readonly items: readonly { readonly name: string; readonly why: string }[];
}

export interface DashboardRequest {
  readonly window: WindowLabel;
  /** Order of the top lists; what suits the shop's data where absent. */
  readonly sort?: SortKey | undefined;
  readonly recommendations: boolean;
}

/** Where the dashboard gets its data: implemented by the command that opens it. */
export interface DashboardSource {
  /** Reads the newest numbers; rejects where the store does not answer, and may be asked again. */
  read(request: DashboardRequest): Promise<DashboardModel>;
}
