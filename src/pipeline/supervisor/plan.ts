import { EcomError } from '../../errors.ts';
import { type WorkerOptions } from './messages.ts';

export interface PlanOptions {
  /** Number of partitions of the log. */
  readonly partitions: number;
  /** Number of processors that share them. */
  readonly processors: number;
  /** Whether there are rules of alerts to look at. */
  readonly alerts?: boolean;
  /** The simulated shop; none where absent. */
  readonly generator?: { readonly rate: number; readonly seed: string; readonly dirty: number } | undefined;
}

/**
 * The workers that a supervisor runs: `processor-1` … `processor-N`, which share the partitions, `generator` where one is
 * wanted, `recommender`, and `alerts` where there are rules.
 * @throws EcomError `USAGE` where a processor would have no partition
 */
export function planWorkers({ partitions, processors, generator, alerts }: PlanOptions): WorkerOptions[] {
  if (processors > partitions) {
    throw new EcomError('USAGE', `${processors} processors cannot share ${partitions} partitions`, {
      hint: `use --processors ${partitions} or fewer`,
    });
  }
  const workers: WorkerOptions[] = Array.from({ length: processors }, (_, index) => ({
    component: 'processor',
    name: `processor-${index + 1}`,
    processor: { member: { index, count: processors } },
  }));
  if (generator !== undefined) workers.push({ component: 'generator', name: 'generator', generator });
  workers.push({ component: 'recommender', name: 'recommender' });
  if (alerts === true) workers.push({ component: 'alerts', name: 'alerts' });
  return workers;
}
