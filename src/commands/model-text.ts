import { type ModelVersion } from '../pipeline/recommender/models.ts';

/** What is known of a version, in lines. */
export function modelText(model: ModelVersion): string {
  const {
    version,
    time,
    trainingMs,
    interactions,
    users,
    products,
    algorithms,
    weights,
    quality,
    productsLeftOut = 0,
    productsByRarerWords = 0,
    usersLeftOutOfAls = 0,
  } = model;
  const lines = [
    `model ${version}, trained ${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC in ${(trainingMs / 1000).toFixed(1)} s`,
    `  learnt from   ${count(interactions)} interactions of ${count(users)} shoppers with ${productsText(products, productsLeftOut)}`,
    `  algorithms    ${algorithms.join(', ')}`,
  ];
  if (productsLeftOut > 0) lines.push(`  left out      ${leftOutText(productsLeftOut)}`);
  if (productsByRarerWords > 0)
    lines.push(
      `  content       ${count(productsByRarerWords)} products compared by their rarer words: too many have the others`,
    );
  if (usersLeftOutOfAls > 0)
    lines.push(
      `  als           learnt of ${count(users - usersLeftOutOfAls)} of the shoppers, those with the most of the most taken products`,
    );
  if (weights !== undefined) {
    const related = Object.entries(weights.related).map(([name, weight]) => `${name} ${weight}`);
    const days = weights.halfLifeMs / 86_400_000;
    lines.push(`  blend         ${related.join(' · ')}`);
    lines.push(
      `                again ${weights.again} · trending ${weights.trending}, half-life ${days} days`,
    );
  }
  lines.push(
    quality === undefined
      ? '  quality       not measured: too few shoppers came back'
      : `  quality       NDCG@10 ${quality.ndcg.toFixed(4)} on the last sessions of ${count(quality.users)} shoppers, new products only; trending alone ${quality.trendingNdcg.toFixed(4)}`,
  );
  return `${lines.join('\n')}\n`;
}

/** How many products something was learnt of, and of how many where the catalogue was cut. */
export function productsText(products: number, leftOut: number): string {
  return leftOut === 0
    ? `${count(products)} products`
    : `${count(products)} of ${count(products + leftOut)} products`;
}

/** What a catalogue that was cut means. */
export function leftOutText(products: number): string {
  return `${count(products)} products that least happened with: the catalogue is larger than memory allows`;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
