import { type AlgorithmName } from '../../ml/algorithm-names.ts';
import { UNNAMED } from '../events/shop-event.ts';
import { DEFAULT_WEIGHTS, type InteractionWeights } from './weights.ts';

/** The file `recommend.json`, as it is written. */
export interface SettingsFile {
  weights?: InteractionWeights;
  halfLifeDays?: number;
  ignoreProducts?: readonly string[];
  robotActionsPerDay?: number;
  pin?: readonly string[];
  bury?: readonly string[];
  diversity?: number;
  outOfStockFile?: string;
  holdOut?: number;
  arms?: readonly Arm[];
}

/** Shoppers who are served by an algorithm, relative to those of the other arms. */
export interface Arm {
  readonly algorithm: AlgorithmName;
  readonly share: number;
}

/** What a shop decides about its recommendations. */
export interface RecommendSettings {
  readonly weights: InteractionWeights;
  /** After so many ms a shopper's interaction counts half. */
  readonly halfLifeMs: number;
  /** Products that are none, such as postage; what its source does not name is always one of them. */
  isIgnored(productId: string): boolean;
  /** Who does more within a day is taken for a robot. */
  readonly robotActionsPerDay: number;
  /** Always first, in this order; always last. */
  readonly pin: readonly string[];
  readonly bury: readonly string[];
  /** 0 to 1: how much a product loses for each one of its category that comes before it. */
  readonly diversity: number;
  /** A file with the id of a product that is out of stock a line. */
  readonly outOfStockFile: string | undefined;
  /** Share of the shoppers who get nothing but what is trending, so that what recommending adds can be told. */
  readonly holdOut: number;
  /** How the others are divided; all of them get the hybrid where there are none. */
  readonly arms: readonly Arm[];
}

const DAY_MS = 86_400_000;
export const DEFAULT_SETTINGS: RecommendSettings = toSettings({});

/** Fills in what the file does not say. `*` at the end of a product to ignore stands for anything. */
export function toSettings(file: SettingsFile): RecommendSettings {
  const patterns = file.ignoreProducts ?? [];
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return {
    weights: { ...DEFAULT_WEIGHTS, ...file.weights },
    halfLifeMs: (file.halfLifeDays ?? Number.POSITIVE_INFINITY) * DAY_MS,
    isIgnored: (id) => id === UNNAMED || exact.has(id) || prefixes.some((prefix) => id.startsWith(prefix)),
    robotActionsPerDay: file.robotActionsPerDay ?? 2000,
    pin: file.pin ?? [],
    bury: file.bury ?? [],
    diversity: file.diversity ?? 0,
    outOfStockFile: file.outOfStockFile,
    holdOut: file.holdOut ?? 0,
    arms: file.arms ?? [],
  };
}
