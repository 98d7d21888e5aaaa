import { expect, test } from 'vitest';
import { modelText } from '../../src/commands/model-text.ts';

test('a version says what bounds its training came upon, and nothing of those that it did not', () => {
  const size = { interactions: 1, users: 1, products: 100_000 };
  const model = {
    ...size,
    version: 1,
    time: 0,
    trainingMs: 1000,
    algorithms: [],
    weights: undefined,
    quality: undefined,
  };
  expect(modelText({ ...model, productsByRarerWords: 2500 })).toContain(
    '\n  content       2,500 products compared by their rarer words: too many have the others\n',
  );
  expect(modelText({ ...model, users: 169_087, usersLeftOutOfAls: 119_087 })).toContain(
    '\n  als           learnt of 50,000 of the shoppers, those with the most of the most taken products\n',
  );
  expect(modelText({ ...model, productsByRarerWords: 0, usersLeftOutOfAls: 0 })).toBe(modelText(model));
  expect(modelText(model)).not.toMatch(/content|als/);
});
