import { EcomError } from '../../errors.ts';
import { EVENT_TYPES, type EventItem, type ShopEvent } from '../events/shop-event.ts';

/** Fields of items; an event has its items narrowed down to those that fit. */
const ITEM_FIELDS = { product: 'productId', category: 'category', brand: 'brand' } as const;
/** Fields of events; every other name is one of their properties. `source` is the feed, or the property of that name. */
const EVENT_FIELDS = { type: 'type', source: 'source', user: 'userId', session: 'sessionId' } as const;

/** What a condition can be about, besides the properties of events. */
export const FILTER_FIELDS: readonly string[] = [...Object.keys(ITEM_FIELDS), ...Object.keys(EVENT_FIELDS)];

/** One `--where`: `category=electronics`, `country=DE,AT` (one of them), `brand!=acme`. */
export interface Condition {
  readonly field: string;
  readonly negated: boolean;
  readonly values: readonly string[];
}

/** @throws EcomError `USAGE` for what is no condition */
export function parseFilter(texts: readonly string[]): Condition[] {
  return texts.map((text) => {
    const match = /^\s*([\w.-]{1,64})\s*(!?=)(?!=)(.*)$/s.exec(text);
    const values = (match?.[3] ?? '').split(',').map((value) => value.trim());
    if (match === null || values.includes('')) {
      throw new EcomError('USAGE', `--where '${text}' is no condition`, {
        hint: 'use field=value, field=one,other or field!=value, such as --where category=electronics',
      });
    }
    if (match[1] === 'type') requireTypes(values);
    return { field: match[1]!, negated: match[2] === '!=', values };
  });
}

/** Of the fields, this one has values that are known: another one fits nothing, which would look like an empty shop. */
function requireTypes(values: readonly string[]): void {
  const unknown = values.find((value) => !(EVENT_TYPES as readonly string[]).includes(value));
  if (unknown === undefined) return;
  throw new EcomError('USAGE', `--where names '${unknown}', which is no type of event`, {
    hint: `use one of: ${EVENT_TYPES.join(', ')}`,
  });
}

/** The conditions in one form, whatever their order. */
export function filterText(conditions: readonly Condition[]): string {
  return conditions
    .map(({ field, negated, values }) => `${field}${negated ? '!=' : '='}${[...values].sort().join(',')}`)
    .sort()
    .join(' and ');
}

/** Names of the properties of events that conditions are about. */
export function propertiesOf(conditions: readonly Condition[]): string[] {
  return [...new Set(conditions.map(({ field }) => field))].filter((field) => !FILTER_FIELDS.includes(field));
}

/**
 * What is left of an event where all conditions hold: itself, or with only the items that fit; `undefined` for an event
 * that does not fit. An event without the field fits no `=`, and every `!=`.
 * @param onProperty is told each property of the conditions once, with the first event that has it
 */
export function createFilter(
  conditions: readonly Condition[],
  onProperty: (name: string) => void = () => {},
): (event: ShopEvent) => ShopEvent | undefined {
  let unseen = propertiesOf(conditions);
  const ofItems = conditions.filter(({ field }) => Object.hasOwn(ITEM_FIELDS, field));
  const ofEvents = conditions.filter(({ field }) => !Object.hasOwn(ITEM_FIELDS, field));
  const fits = ({ values }: Condition, value: unknown): boolean =>
    value !== undefined && typeof value !== 'object' && values.includes(String(value));
  const holds = (condition: Condition, value: unknown): boolean =>
    fits(condition, value) !== condition.negated;
  const itemFits = (item: EventItem): boolean =>
    ofItems.every((condition) =>
      holds(condition, item[ITEM_FIELDS[condition.field as keyof typeof ITEM_FIELDS]]),
    );

  return (event) => {
    if (unseen.length > 0) {
      const found = unseen.filter((name) => ownProperty(event, name) !== undefined);
      for (const name of found) onProperty(name);
      if (found.length > 0) unseen = unseen.filter((name) => !found.includes(name));
    }
    for (const condition of ofEvents) {
      const { field } = condition;
      const value = Object.hasOwn(EVENT_FIELDS, field)
        ? event[EVENT_FIELDS[field as keyof typeof EVENT_FIELDS]]
        : ownProperty(event, field);
      const isCampaign = field === 'source' && fits(condition, ownProperty(event, field));
      if (isCampaign ? condition.negated : !holds(condition, value)) return undefined;
    }
    if (ofItems.length === 0) return event;
    const items = event.items.filter(itemFits);
    if (items.length === 0) return undefined;
    if (items.length === event.items.length) return event;
    // What is said of the whole order does not hold for some of its products.
    const { revenue: _r, total: _t, tax: _x, shipping: _s, discount: _d, refunded: _f, ...rest } = event;
    return { ...rest, items };
  };
}

/**
 * Whether an event is a line of an order that does not say itself what the conditions are about: another line of its order may, and is not
 * asked.
 */
export function leavesToOrder(conditions: readonly Condition[]): (event: ShopEvent) => boolean {
  const ofOrders = propertiesOf(conditions);
  const ofUser = conditions.some(({ field }) => field === 'user');
  return (event) => {
    const { type, orderId, partial, userId } = event;
    if (orderId === undefined || !(type === 'refund' || (type === 'purchase' && partial === true)))
      return false;
    return (
      (ofUser && userId === undefined) || ofOrders.some((name) => ownProperty(event, name) === undefined)
    );
  };
}

/** What an event says, not what every object has, such as `constructor`. */
function ownProperty({ properties }: ShopEvent, name: string): unknown {
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
}
