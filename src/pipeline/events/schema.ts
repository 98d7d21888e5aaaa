import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { EVENT_TYPES } from './shop-event.ts';

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Optional(Type.Union([type, Type.Null()]));
// A number that JSON.parse has rounded is no id: the digits are lost.
const Id = Type.Union([
  Type.String(),
  Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
]);
const Text = nullable(Type.String());

const WireItemSchema = Type.Object({
  productId: Id,
  name: Text,
  category: Text,
  brand: Text,
  price: nullable(Type.Union([Type.Number(), Type.String()])),
  quantity: nullable(Type.Integer()),
});

/** What a log record has to look like. `null` and the empty string stand for an absent field, as many senders use them. */
const WireEventSchema = Type.Object({
  id: nullable(Id),
  type: Type.Union(EVENT_TYPES.map((type) => Type.Literal(type))),
  time: Type.Union([Type.Number(), Type.String()]),
  userId: nullable(Id),
  anonymousId: nullable(Id),
  sessionId: nullable(Id),
  orderId: nullable(Id),
  partial: nullable(Type.Boolean()),
  currency: Text,
  query: Text,
  items: nullable(Type.Array(WireItemSchema)),
  source: Text,
  properties: nullable(Type.Object({})),
});

export type ParsedEvent = Static<typeof WireEventSchema>;
export type ParsedItem = Static<typeof WireItemSchema>;

/** Compiled once, when the first worker loads it. */
const checker = TypeCompiler.Compile(WireEventSchema);

/** Whether a parsed record has the shape of an event. */
export function hasEventShape(value: unknown): value is ParsedEvent {
  return checker.Check(value);
}

/** The first thing that is wrong with a record's shape. */
export function shapeError(value: unknown): { field: string; detail: string } {
  const error = checker.Errors(value).First();
  const path = error?.path ?? '';
  const field = path.split('/')[1] ?? '';
  const shown = show(error?.value);
  return { field, detail: `${path === '' ? 'the record' : path.slice(1).replaceAll('/', '.')} is ${shown}` };
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  // Not by JSON.stringify: nested deeply enough, it would exhaust the stack.
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return JSON.stringify(value).slice(0, 80);
}
