import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { type ValueError } from '@sinclair/typebox/errors';
import { LINE_TYPES } from './shop-event.ts';

/** What a field has to be, in words, for the reasons of those that are refused. */
const said = (description: string) => ({ description });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Optional(Type.Union([type, Type.Null()], said(type.description ?? '')));
// A number that JSON.parse has rounded is no id: the digits are lost.
const Id = Type.Union(
  [Type.String(), Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })],
  said('a text or a whole number'),
);
const Text = nullable(Type.String(said('a text')));
const Amount = nullable(Type.Union([Type.Number(), Type.String()], said('a number or a decimal text')));
const Units = Type.Union(
  [Type.Integer(), Type.String({ pattern: '^(\\s*[+-]?\\d{1,15}(\\.0*)?\\s*)?$' })],
  said('a whole number'),
);

const WireItemSchema = Type.Object(
  {
    productId: Id,
    name: Text,
    category: Text,
    brand: Text,
    price: Amount,
    total: Amount,
    quantity: nullable(Units),
  },
  said('an object'),
);

/** What a log record has to look like. `null` and the empty string stand for an absent field, as many senders use them. */
const WireEventSchema = Type.Object({
  id: nullable(Id),
  type: Type.Union(
    LINE_TYPES.map((type) => Type.Literal(type)),
    said('a type of event'),
  ),
  time: Type.Union([Type.Number(), Type.String()], said('ms since 1970 or ISO 8601')),
  userId: nullable(Id),
  anonymousId: nullable(Id),
  sessionId: nullable(Id),
  orderId: nullable(Id),
  partial: nullable(Type.Boolean(said('true or false'))),
  status: Text,
  currency: Text,
  revenue: Amount,
  total: Amount,
  tax: Amount,
  shipping: Amount,
  discount: Amount,
  refunded: Amount,
  query: Text,
  items: nullable(Type.Array(WireItemSchema, said('a list'))),
  source: Text,
  properties: nullable(Type.Object({}, said('an object'))),
  truncated: nullable(Type.Boolean(said('true or false'))),
});

export type ParsedEvent = Static<typeof WireEventSchema>;
export type ParsedItem = Static<typeof WireItemSchema>;

/** Compiled once, when the first worker loads it. */
const checker = TypeCompiler.Compile(WireEventSchema);

/** Whether a parsed record has the shape of an event. */
export function hasEventShape(value: unknown): value is ParsedEvent {
  return checker.Check(value);
}

/** What is wrong with a record's shape: of the first field that is wrong, the innermost. */
export interface ShapeFault {
  /** One of a small set of phrases. */
  readonly reason: string;
  readonly detail: string;
}

export function shapeFault(value: unknown): ShapeFault {
  const error = innermost(checker.Errors(value).First()!);
  const names = error.path.slice(1).split('/');
  const path = names.join('.');
  const field = names.filter((name) => !/^\d+$/.test(name)).join('.');
  const isNothing = error.value === undefined;
  if (field === 'items.productId' && (isNothing || error.value === null))
    return { reason: 'product without id', detail: `${path} is missing` };
  if (isNothing) return { reason: `${field} is missing`, detail: `${path} is missing` };
  const expected = error.schema.description;
  const detail = `${path} is ${show(error.value)}${expected ? `, not ${expected}` : ''}`;
  if (field === 'items.quantity') return { reason: 'quantity is no whole number', detail };
  return { reason: `${field} is wrong`, detail };
}

/** Of what may have several shapes, the validator says only that it has none of them: the fault lies deeper. */
function innermost(error: ValueError): ValueError {
  for (const variant of error.errors) {
    const inner = variant.First();
    const found = inner === undefined ? error : innermost(inner);
    if (found.path.length > error.path.length) return found;
  }
  return error;
}

function show(value: unknown): string {
  // Not by JSON.stringify: nested deeply enough, it would exhaust the stack.
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return JSON.stringify(value).slice(0, 80);
}
