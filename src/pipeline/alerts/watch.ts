import { type LiveStore } from '../live-store/live-store.ts';
import { type LogReach, readStats } from '../stats/read-stats.ts';
import { type Stats } from '../stats/types.ts';
import { readAlerts, writeAlerts } from './published.ts';
import { type Rule } from './rule.ts';
import { type AlertState, nextState } from './state.ts';

export interface WatchOptions {
  readonly live: LiveStore;
  readonly log: LogReach;
  readonly currency: string;
  /** Called for every alert that begins to fire or ceases to. */
  onChange(rule: Rule, state: AlertState): void;
}

/** Looks at rules and publishes how it stands with them. It goes on from what was published before. */
export function createWatch({ live, log, currency, onChange }: WatchOptions) {
  let states: Map<string, AlertState> | undefined;

  return {
    async look(rules: readonly Rule[], now: number): Promise<readonly AlertState[]> {
      states ??= new Map((await readAlerts(live))?.alerts.map((state) => [state.name, state]));
      const answers = new Map<string, Stats>();
      const next = new Map<string, AlertState>();
      for (const rule of rules) {
        const { window, compares } = rule;
        const key = `${window}${compares}`;
        const stats =
          answers.get(key) ??
          (await readStats({ live, log }, { period: window, compare: compares, limit: 1, now, currency }));
        answers.set(key, stats);
        const before = states.get(rule.name);
        // Numbers that are being counted again would ring for what did not happen.
        if (stats.freshness.recount !== null) {
          if (before !== undefined) next.set(rule.name, before);
          continue;
        }
        const state = nextState(rule, before, rule.evaluate(stats), now);
        next.set(rule.name, state);
        if ((state.state === 'firing') !== (before?.when === rule.when && before.state === 'firing'))
          onChange(rule, state);
      }
      states = next;
      const list = [...next.values()];
      await writeAlerts(live, { time: now, alerts: list });
      return list;
    },
  };
}
