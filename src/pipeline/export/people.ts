import { LINK_TYPE, type ShopEvent, shopperOf } from '../events/shop-event.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { type Device, userAt } from '../processor/links.ts';
import { decodeShopperState } from '../processor/shopper-record.ts';

/** Events that are looked at together, and devices that are remembered. */
const PART = 1000;
const DEVICES = 50_000;

export interface OwnedEvent {
  readonly event: ShopEvent;
  /** Whose it is, as `shopperOf` gives it; `undefined` for nobody. */
  readonly shopper: string | undefined;
}

/** The events of a shop, each with the person whose it is: those that were done on a user's device are the user's. */
export async function* withPeople(
  events: AsyncIterable<ShopEvent>,
  live: Pick<LiveStore, 'states'>,
): AsyncIterable<OwnedEvent> {
  /** By key; `undefined` for a device that is nobody's. */
  const devices = new Map<string, Device | undefined>();
  let part: ShopEvent[] = [];

  async function owned(): Promise<OwnedEvent[]> {
    if (devices.size > DEVICES) devices.clear();
    const keys = new Set(part.filter(isAnonymous).map((event) => `a:${event.anonymousId}`));
    const missing = [...keys].filter((key) => !devices.has(key));
    const states = await live.states(missing);
    for (const key of missing) {
      const state = states.get(key);
      devices.set(key, state === undefined ? undefined : decodeShopperState(state).device);
    }
    return part.map((event) => ({ event, shopper: ownerOf(event) }));
  }
  function ownerOf(event: ShopEvent): string | undefined {
    const device = isAnonymous(event) ? devices.get(`a:${event.anonymousId}`) : undefined;
    return device === undefined ? shopperOf(event) : `u:${userAt(device, event.time)}`;
  }

  for await (const event of events) {
    if (event.type === LINK_TYPE) continue;
    part.push(event);
    if (part.length < PART) continue;
    yield* await owned();
    part = [];
  }
  yield* await owned();
}

function isAnonymous({ userId, anonymousId }: ShopEvent): boolean {
  return userId === undefined && anonymousId !== undefined;
}
