import { EventColumns } from '../../src/pipeline/events/columns.ts';
import { type ShopEvent } from '../../src/pipeline/events/shop-event.ts';
import { type InteractionMemory } from '../../src/pipeline/recommender/interactions.ts';

/** Adds an event, as a row of columns by itself, to what a recommender remembers. */
export function addEvent(memory: InteractionMemory, event: ShopEvent): void {
  const columns = new EventColumns();
  columns.add(event, 0, 0);
  memory.add(columns, 0);
}
