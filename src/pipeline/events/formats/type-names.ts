import { ByteDictionary } from '../byte-dictionary.ts';
import { type EventType } from '../shop-event.ts';
import { mendSurrogates } from '../text.ts';
import { type Piece, piece } from './line-writer.ts';
import { type RowFields } from './row-fields.ts';

export interface NamedType {
  /** What a line begins with. */
  readonly json: Piece;
  readonly isPurchase: boolean;
}

/** Which type of event a field names. */
export class TypeNames {
  private readonly names = new ByteDictionary();
  private readonly types: NamedType[] = [];

  constructor(typeOf: ReadonlyMap<string, EventType>) {
    for (const [name, type] of typeOf) {
      // Half a surrogate pair has no bytes of its own.
      if (mendSurrogates(name) === name) this.types[this.names.numberOf(name)] = namedType(type);
    }
  }

  /** @returns `undefined` for a name of no type */
  find(row: RowFields, column: number): NamedType | undefined {
    const number = this.names.find(row.bytes, row.start(column), row.size(column));
    return number === -1 ? undefined : this.types[number];
  }
}

export function namedType(type: EventType): NamedType {
  return { json: piece(`{"type":${JSON.stringify(type)}`), isPurchase: type === 'purchase' };
}
