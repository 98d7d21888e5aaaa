import { type EventColumns, TEXT } from '../events/columns.ts';
import { encodeFacts, type Fact, type Spending } from './facts.ts';
import { type Message } from './messages.ts';
import { type OrderPart } from './order-state.ts';
import { RECENT_PRODUCTS } from './shopper-state.ts';

/** What lines that name nobody add for whoever their orders are of. */
export interface OrderLines {
  begin(): void;
  /** Notes it. @param shopper key of the state @param parts what was bought */
  add(shopper: string, time: number, spent: Spending | undefined, parts: readonly OrderPart[]): void;
  messages(): Message[];
}

export function createOrderLines(): OrderLines {
  const owed = new Map<string, { readonly facts: Fact[]; readonly bought: Set<string> }>();
  return {
    begin: () => owed.clear(),
    add(shopper, time, spent, parts) {
      const known = owed.get(shopper);
      const { facts, bought } = known ?? { facts: [], bought: new Set<string>() };
      if (known === undefined) owed.set(shopper, { facts, bought });
      for (const { items } of parts) for (const { product } of items) bought.add(product);
      if (spent === undefined) return;
      const { orders, amount, code, others, corrects } = spent;
      facts.push({
        ...{ time, type: 'purchase', sessionId: undefined, list: undefined, values: [], isLine: true },
        spent: { orders, amount, code, others, corrects },
      });
    },
    messages: () =>
      [...owed].map(([to, { facts, bought }]) => ({
        ...{ type: 'lines', to, facts: encodeFacts(facts), bought: [...bought].slice(-RECENT_PRODUCTS) },
      })),
  };
}

/** The key of the state of whoever a row names, as `shopperOf` gives it. */
export function shopperKeyOf(columns: EventColumns, row: number): string | undefined {
  for (const [field, prefix] of FIELDS) {
    const id = columns.text(row, field);
    if (id !== undefined) return prefix + id;
  }
  return undefined;
}

const FIELDS = [
  [TEXT.userId, 'u:'],
  [TEXT.anonymousId, 'a:'],
  [TEXT.sessionId, 's:'],
] as const;
