import { AGENT_PROPERTY, saysAgent } from './agent-name.ts';
import { AMOUNTS, type EventItem, LIMITS, type ShopEvent } from './shop-event.ts';

/** Names of the fields of an event, as it is written. */
export const EVENT_NAMES: ReadonlySet<string> = new Set<keyof ShopEvent>([
  'id',
  'type',
  'time',
  'userId',
  'anonymousId',
  'sessionId',
  'orderId',
  'partial',
  'status',
  'currency',
  ...AMOUNTS,
  'query',
  'items',
  'source',
  'properties',
  'placeholder',
]);

export const ITEM_NAMES: ReadonlySet<string> = new Set<keyof EventItem>([
  'productId',
  'name',
  'category',
  'brand',
  'price',
  'total',
  'quantity',
]);

/** Own names by how others write them: first those that differ in case and punctuation only. */
type NearNames = readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>];

const NEAR_EVENT_NAMES = nearNames(EVENT_NAMES, {
  eventid: 'id',
  messageid: 'id',
  eventtype: 'type',
  timestamp: 'time',
  eventtime: 'time',
  customerid: 'userId',
  transactionid: 'orderId',
  currencycode: 'currency',
  orderstatus: 'status',
  subtotal: 'revenue',
  value: 'revenue',
  purchaserevenue: 'revenue',
  grandtotal: 'total',
  taxes: 'tax',
  taxamount: 'tax',
  shippingamount: 'shipping',
  discountamount: 'discount',
  searchterm: 'query',
  products: 'items',
  lineitems: 'items',
});
const NEAR_ITEM_NAMES = nearNames(ITEM_NAMES, {
  itemid: 'productId',
  sku: 'productId',
  productname: 'name',
  itemname: 'name',
  title: 'name',
  unitprice: 'price',
  itemrevenue: 'total',
  linetotal: 'total',
  qty: 'quantity',
  units: 'quantity',
});

function nearNames(own: ReadonlySet<string>, others: Readonly<Record<string, string>>): NearNames {
  const same = [...own].map((name) => [simplified(name), name] as const);
  return [new Map(same), new Map(Object.entries(others))];
}

/**
 * Gives the fields of a parsed event and of its items their own names where somebody wrote `user_id`, `OrderID` or `qty`, in
 * place. A field that is there under its own name, with another value, is left as it is: which of the two is meant is not known.
 * A user agent becomes the property that it has in all formats.
 */
export function mendNames(parsed: unknown): void {
  if (!isObject(parsed)) return;
  mendAgent(parsed, mend(parsed, EVENT_NAMES, NEAR_EVENT_NAMES));
  const { items } = parsed;
  if (!Array.isArray(items)) return;
  for (const item of items) if (isObject(item)) mend(item, ITEM_NAMES, NEAR_ITEM_NAMES);
}

/** The name that a field of an event has here; `undefined` for one that no event has. */
export function eventNameOf(name: string): string | undefined {
  if (EVENT_NAMES.has(name)) return name;
  const [same, others] = NEAR_EVENT_NAMES;
  return same.get(simplified(name)) ?? others.get(simplified(name));
}

/** @returns names that are not its own */
function mend(object: Record<string, unknown>, own: ReadonlySet<string>, near: NearNames): readonly string[] {
  let unknown: string[] | undefined;
  for (const name in object) {
    if (own.has(name)) continue;
    unknown ??= [];
    unknown.push(name);
  }
  if (unknown === undefined) return [];
  for (const names of near) {
    for (const name of unknown) {
      const meant = names.get(simplified(name));
      if (meant === undefined || !Object.hasOwn(object, name)) continue;
      const [said, found] = [object[meant], object[name]];
      if (said !== undefined && said !== null && said !== '' && said !== found) continue;
      object[meant] = found;
      delete object[name];
    }
  }
  return unknown;
}

function mendAgent(event: Record<string, unknown>, unknown: readonly string[]): void {
  const properties = event.properties ?? {};
  if (!isObject(properties)) return;
  // Of several, the shortest is the nearest, wherever it stands.
  const near = Object.keys(properties).filter((name) => saysAgent(name, properties[name]));
  near.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  for (const name of near) move(properties, name, properties);
  for (const name of unknown) if (move(event, name, properties)) event.properties = properties;
}

function move(from: Record<string, unknown>, name: string, properties: Record<string, unknown>): boolean {
  const value = from[name];
  const isAgent = saysAgent(name, value) || (from !== properties && name === AGENT_PROPERTY);
  if (!isAgent || typeof value !== 'string') return false;
  const said = properties[AGENT_PROPERTY];
  if (said !== undefined && said !== null && said !== '' && said !== value) return false;
  const isNew = !Object.hasOwn(properties, AGENT_PROPERTY);
  if (from !== properties && isNew && Object.keys(properties).length >= LIMITS.properties) return false;
  delete from[name];
  properties[AGENT_PROPERTY] = value;
  return true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function simplified(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]/g, '');
}
