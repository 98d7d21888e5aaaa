import { AGENT_PROPERTY } from './agent-name.ts';
import { isRobotAgent } from './robots.ts';
import {
  ALIAS_PROPERTY,
  type Amounts,
  type OrderStatus,
  type ShopEvent,
  SIMULATED_SOURCE,
} from './shop-event.ts';

/** What else is said of an event, each a bit; `outside` is one that only its id and its time count of, `robot` what a known robot sent. */
export const FLAG = {
  partial: 1,
  emptySearch: 2,
  simulated: 4,
  truncated: 8,
  outside: 16,
  placeholder: 32,
  robot: 64,
  alias: 128,
  /** What is filtered by is said of its order by others, if at all. */
  leftToOrder: 256,
} as const;

/** The property in {@link TEXT.list}. */
export const LIST_PROPERTY = 'recommendation_id';

/** What an event says of its whole order, which few do. */
export type OrderFacts = {
  readonly [amount in keyof Amounts]?: number | undefined;
} & { readonly status?: OrderStatus | undefined };

export function factsOf(event: ShopEvent): OrderFacts | undefined {
  const { status, revenue, total, tax, shipping, discount, refunded } = event;
  const says = status ?? revenue ?? total ?? tax ?? shipping ?? discount ?? refunded;
  return says === undefined ? undefined : { status, revenue, total, tax, shipping, discount, refunded };
}

export function flagsOf({ partial, properties, source, truncated, placeholder }: ShopEvent): number {
  let flags = 0;
  if (partial === true) flags |= FLAG.partial;
  if (properties?.results === 0) flags |= FLAG.emptySearch;
  if (source === SIMULATED_SOURCE) flags |= FLAG.simulated;
  if (truncated === true) flags |= FLAG.truncated;
  if (isRobotAgent(properties?.[AGENT_PROPERTY])) flags |= FLAG.robot;
  if (placeholder === true) flags |= FLAG.placeholder;
  if (properties?.[ALIAS_PROPERTY] === true) flags |= FLAG.alias;
  return flags;
}

export function listOf({ properties }: ShopEvent): string | undefined {
  const id = properties?.[LIST_PROPERTY];
  return typeof id === 'string' && id !== '' ? id : undefined;
}

export function propertyOf({ properties }: ShopEvent, name: string): string | undefined {
  if (properties === undefined || !Object.hasOwn(properties, name)) return undefined;
  const value = properties[name];
  if (value === undefined || value === null || value === '' || typeof value === 'object') return undefined;
  return String(value);
}
