import { type Static, Type } from '@sinclair/typebox';

const strict = { additionalProperties: false } as const;
const Column = Type.String({ minLength: 1 });
const Constant = Type.Object({ value: Type.String() }, strict);
// The validator says of a union only that it is none of them: the descriptions say what is meant.
const Field = Type.Optional(
  Type.Union([Column, Constant], { description: 'expected a column, or {"value": …} for all rows' }),
);

/** What a map file says: see docs/formats.md. A field is the name of a column, or `{"value": …}` for all rows. */
export const MapSchema = Type.Object(
  {
    delimiter: Type.Optional(Type.String({ minLength: 1, maxLength: 1 })),
    decimal: Type.Optional(
      Type.Union([Type.Literal('.'), Type.Literal(',')], { description: "expected '.' or ','" }),
    ),
    columns: Type.Optional(Type.Array(Column, { minItems: 1 })),
    type: Type.Union(
      [
        Column,
        Constant,
        Type.Object({ column: Column, values: Type.Record(Type.String(), Type.String()) }, strict),
      ],
      { description: 'expected a column, {"value": …} for all rows, or {"column": …, "values": {…}}' },
    ),
    time: Type.Union(
      [
        Column,
        Type.Object(
          {
            column: Column,
            unit: Type.Union([
              Type.Literal('iso'),
              Type.Literal('s'),
              Type.Literal('ms'),
              Type.Literal('us'),
            ]),
          },
          strict,
        ),
      ],
      { description: 'expected a column, or {"column": …, "unit": …} with iso, s, ms or us' },
    ),
    id: Field,
    userId: Field,
    anonymousId: Field,
    sessionId: Field,
    orderId: Field,
    orderLines: Type.Optional(Type.Boolean()),
    productId: Field,
    name: Field,
    category: Field,
    brand: Field,
    price: Field,
    quantity: Field,
    currency: Field,
    query: Field,
    properties: Type.Optional(Type.Record(Type.String(), Column)),
  },
  strict,
);

export type CsvMap = Static<typeof MapSchema>;

// In the order in which they are written.
export const EVENT_FIELDS = [
  'id',
  'userId',
  'anonymousId',
  'sessionId',
  'orderId',
  'currency',
  'query',
] as const;
export const ITEM_FIELDS = ['productId', 'name', 'category', 'brand', 'price', 'quantity'] as const;
/** How many of a unit make a second. */
export const PER_SECOND = { s: 1, ms: 1000, us: 1_000_000 } as const;
