import { type LiveStore } from '../pipeline/live-store/live-store.ts';
import { type CellLayout } from '../pipeline/metrics/cells.ts';
import { type CommandContext } from './context.ts';
import { tell } from './output.ts';

/**
 * How the numbers are cut. Where the environment names another time zone or other properties, a line says so: they are those
 * of who counted, until everything is counted again.
 */
export async function storedLayout(
  { config, stderr }: Pick<CommandContext, 'config' | 'stderr'>,
  live: Pick<LiveStore, 'layout'>,
): Promise<CellLayout> {
  const stored = await live.layout();
  const { layout, named } = config;
  const differing = [
    ...(named.timeZone && layout.timeZone !== stored.timeZone
      ? [`by the days of ${stored.timeZone}, not of ${layout.timeZone} as ECOM_TIMEZONE says`]
      : []),
    ...(named.properties && String(layout.properties) !== String(stored.properties)
      ? [
          `broken down by ${list(stored.properties)}, not by ${list(layout.properties)} as ECOM_PROPERTIES says`,
        ]
      : []),
  ];
  if (differing.length > 0) {
    tell(stderr, `note: the numbers are ${differing.join(', and ')}; ecom rebuild counts them anew`);
  }
  return stored;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'no property' : names.join(', ');
}
