import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { EcomError, errorMessage } from '../../errors.ts';
import { ALGORITHMS } from '../../ml/algorithm-names.ts';
import { EVENT_TYPES } from '../events/shop-event.ts';
import { type RecommendSettings, type SettingsFile, toSettings } from './settings.ts';

const Algorithm = Type.Union(ALGORITHMS.map((name) => Type.Literal(name)));
const Ids = Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 10_000 });

const Schema = Type.Object(
  {
    weights: Type.Optional(
      Type.Partial(
        Type.Record(
          Type.Union(EVENT_TYPES.map((type) => Type.Literal(type))),
          Type.Number({ minimum: 0, maximum: 1000 }),
        ),
      ),
    ),
    halfLifeDays: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    ignoreProducts: Type.Optional(Ids),
    robotActionsPerDay: Type.Optional(Type.Integer({ minimum: 1 })),
    pin: Type.Optional(Ids),
    bury: Type.Optional(Ids),
    diversity: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    outOfStockFile: Type.Optional(Type.String({ minLength: 1 })),
    holdOut: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    arms: Type.Optional(
      Type.Array(
        Type.Object(
          { algorithm: Algorithm, share: Type.Number({ exclusiveMinimum: 0 }) },
          { additionalProperties: false },
        ),
        { maxItems: 10 },
      ),
    ),
  },
  { additionalProperties: false },
);
const compiled = TypeCompiler.Compile(Schema);

/**
 * @param text JSON
 * @param source its name, for errors
 * @throws EcomError `USAGE` where it is not JSON, or says what no setting takes
 */
export function parseSettings(text: string, source: string): RecommendSettings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new EcomError('USAGE', `${source} is not JSON: ${errorMessage(error)}`);
  }
  if (compiled.Check(value)) return toSettings(value as SettingsFile);
  const { path = '', message = 'is wrong' } = compiled.Errors(value).First() ?? {};
  throw new EcomError('USAGE', `${source}: ${path === '' ? 'it' : path} ${message.toLowerCase()}`, {
    hint: `the settings are ${Object.keys(Schema.properties).join(', ')}; docs/recommendations.md describes them`,
  });
}
