import { LogRecords } from '../event-log/event-log.ts';
import { EventColumns, LIST_PROPERTY } from '../events/columns.ts';
import { type ShopEvent } from '../events/shop-event.ts';
import { type TimeZone } from '../events/time-zone.ts';
import { type CellLayout } from '../metrics/cells.ts';
import { createSessionCounter } from './count-sessions.ts';
import { createShopperCounter } from './count-shoppers.ts';
import { DecodedBatch } from './decoded-batch.ts';
import { EventKeys } from './event-keys.ts';
import { type Fact } from './facts.ts';
import { type ShopperState } from './shopper-state.ts';
import { type Tally } from './tally.ts';

/** Counts facts as the events that they are of. */
export interface FactCounter {
  /** Follows facts, one after the other, from a state on, which is brought up to date. */
  follow(facts: readonly Fact[], state: ShopperState): void;
}

/** @param tally what they are added to, or taken from */
export function createFactCounter(tally: Tally, layout: CellLayout, zone: TimeZone): FactCounter {
  const { properties } = layout;
  const columns = new EventColumns(properties);
  const keys = new EventKeys(tally, layout);
  const shoppers = createShopperCounter(tally, zone);
  const sessions = createSessionCounter(tally, keys);
  const nothing = {
    partition: 0,
    records: new LogRecords(),
    rejected: new Map(),
    clock: 0,
    lost: 0,
    earlier: 0,
  };

  function eventOf({ time, type, sessionId, list, values }: Fact): ShopEvent {
    const said = values.map((value, i) => [properties[i], value]).filter(([, value]) => value !== undefined);
    return {
      id: '',
      type,
      time,
      ...(sessionId === undefined ? {} : { sessionId }),
      items: [],
      source: '',
      properties: { ...Object.fromEntries(said), ...(list === undefined ? {} : { [LIST_PROPERTY]: list }) },
    };
  }

  return {
    follow(facts, state) {
      columns.begin(Buffer.alloc(0));
      for (const fact of facts) columns.add(eventOf(fact), 0, 0);
      const shoppersOf = new Int32Array(facts.length);
      const batch = new DecodedBatch({ ...nothing, columns, shoppers: shoppersOf }, 0, facts.length, 0);
      keys.begin(batch);
      facts.forEach(({ time, spent, isLine }, row) => {
        if (isLine === true && state.firstSeen !== 0) {
          shoppers.buy(state, time, spent!);
          return;
        }
        keys.find(batch, row);
        shoppers.appear(state, time);
        if (spent !== undefined) shoppers.buy(state, time, spent);
        sessions.followSession(batch, row, state, spent !== undefined && spent.corrects !== true);
      });
    },
  };
}
