import { type Static, Type } from '@sinclair/typebox';

const strict = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1 });
const Column = Type.Union([Name, Type.Integer({ minimum: 1 })], {
  description: 'expected the name of a column, or its number from 1 on',
});
const Constant = Type.Object({ value: Type.String() }, strict);
// The validator says of a union only that it is none of them: the descriptions say what is meant.
const Field = Type.Optional(
  Type.Union([Column, Constant], { description: 'expected a column, or {"value": …} for all rows' }),
);

/**
 * What a map file says: see docs/formats.md. A field is a column, by name or number, or `{"value": …}` for all rows; where records
 * are JSON, a column is a path into them.
 */
export const MapSchema = Type.Object(
  {
    delimiter: Type.Optional(Type.String({ minLength: 1, maxLength: 1 })),
    decimal: Type.Optional(
      Type.Union([Type.Literal('.'), Type.Literal(',')], { description: "expected '.' or ','" }),
    ),
    columns: Type.Optional(Type.Array(Name, { minItems: 1 })),
    header: Type.Optional(Type.Boolean()),
    encoding: Type.Optional(Name),
    timeZone: Type.Optional(Name),
    records: Type.Optional(Name),
    items: Type.Optional(Name),
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
        Type.Object({ column: Column, format: Name }, strict),
      ],
      {
        description:
          'expected a column, or {"column": …, "unit": …} with iso, s, ms or us, or {"column": …, "format": "DD/MM/YYYY HH:mm"}',
      },
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
    lineTotal: Field,
    quantity: Field,
    negative: Type.Optional(
      Type.Union([Type.Literal('refund'), Type.Literal('reject')], {
        description: "expected 'refund' or 'reject'",
      }),
    ),
    minorUnits: Type.Optional(Type.Boolean()),
    status: Type.Optional(
      Type.Union(
        [Column, Type.Object({ column: Column, values: Type.Record(Type.String(), Type.String()) }, strict)],
        { description: 'expected a column, or {"column": …, "values": {…}}' },
      ),
    ),
    revenue: Field,
    total: Field,
    tax: Field,
    shipping: Field,
    discount: Field,
    fillDown: Type.Optional(
      Type.Union([Type.Boolean(), Type.Array(Column)], {
        description: 'expected true, or a list of columns',
      }),
    ),
    currency: Field,
    query: Field,
    properties: Type.Optional(Type.Record(Type.String(), Column)),
  },
  strict,
);

export type CsvMap = Static<typeof MapSchema>;
/** A column, by its name or its number from 1 on. */
export type Column = Static<typeof Column>;
/** A column, or a text for all rows. */
export type MapSource = Column | { readonly value: string };

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
/** What a row may say of its whole order in money. */
export const AMOUNT_FIELDS = ['revenue', 'total', 'tax', 'shipping', 'discount'] as const;
/** How many of a unit make a second. */
export const PER_SECOND = { s: 1, ms: 1000, us: 1_000_000 } as const;
