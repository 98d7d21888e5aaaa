import { EcomError } from '../errors.ts';
import { type AlgorithmName } from '../ml/algorithm-names.ts';
import { difference, type Evaluation } from '../ml/evaluation/evaluate.ts';
import { type Estimate } from '../ml/evaluation/metrics.ts';
import { type SplitOptions } from '../ml/evaluation/split.ts';
import { type EvaluationResult } from '../pipeline/recommender/training.ts';
import { type CommandContext } from './context.ts';
import { withInteractions } from './learning.ts';
import { leftOutText, productsText } from './model-text.ts';
import { printJson, tell, write } from './output.ts';

export interface EvaluateOptions {
  readonly algorithm: readonly AlgorithmName[];
  readonly split: SplitOptions['method'];
  readonly target?: 'view_item' | 'add_to_wishlist' | 'add_to_cart' | 'purchase';
  readonly testShare: number;
  readonly k: readonly number[];
  readonly exportSplit?: string;
  readonly json?: boolean;
}

/** What every algorithm is compared with. */
const FLOOR: AlgorithmName = 'popular';

/**
 * Measures how well algorithms find what shoppers took next, by hiding it from them.
 * @throws EcomError `NOT_FOUND` where nobody came back for it
 */
export async function evaluate(context: CommandContext, options: EvaluateOptions): Promise<void> {
  const { stdout, stderr, signal } = context;
  const algorithms = [...new Set([FLOOR, ...options.algorithm])];
  let result: EvaluationResult | undefined;
  let rule: SplitOptions | undefined;
  await withInteractions(context, async ({ trainer, settings, threads, say }) => {
    const interactions = trainer.interactions();
    const weights = interactions.weights;
    let greatest = 0;
    for (let row = 0; row < interactions.length; row += 1) greatest = Math.max(greatest, weights[row]!);
    const target = (options.target === undefined ? undefined : settings.weights[options.target]) ?? greatest;
    rule = { method: options.split, target, share: options.testShare };
    if (options.exportSplit !== undefined) {
      const { exportSplit } = await import('../pipeline/recommender/export-split.ts');
      const files = await exportSplit(options.exportSplit, interactions, trainer.userIds(), rule);
      tell(stderr, `wrote ${files.join(' and ')}`);
    }
    const { halfLifeMs } = settings;
    const request = { algorithms, split: rule, ks: options.k, threads, halfLifeMs };
    result = await trainer.evaluate(request, signal, (done) => say('evaluating', done));
  });
  if (result!.algorithms.every(({ withHistory }) => withHistory.users === 0)) {
    throw new EcomError('NOT_FOUND', 'there is nothing to be found: no shopper came back', {
      hint: 'an evaluation needs shoppers with two sessions or orders; --target view_item asks for less than a purchase',
    });
  }
  if (options.json) await printJson(stdout, evaluationJson(result!, rule!, options));
  else await write(stdout, await evaluationText(result!, options, stdout.columns));
}

const MODES = [
  { key: 'withHistory', title: 'What a shopper took before may be recommended, and is to be found' },
  { key: 'withoutHistory', title: 'Only what is new to the shopper' },
] as const;

/** The answer as JSON. */
export function evaluationJson(
  { algorithms: found, products, productsLeftOut }: EvaluationResult,
  { method, target }: SplitOptions,
  { k }: Pick<EvaluateOptions, 'k'>,
) {
  const floor = found.find(({ algorithm }) => algorithm === FLOOR)!;
  const results = found.flatMap(({ algorithm, fitMs, ...modes }) =>
    MODES.map(({ key }) => ({
      algorithm,
      fitMs,
      historyExcluded: key === 'withoutHistory',
      users: modes[key].users,
      metrics: modes[key].at,
      /** NDCG at the first k, user by user. */
      overPopular: difference(modes[key], floor[key]),
    })),
  );
  return {
    schema: 'ecom.evaluate/1',
    split: method,
    targetWeight: target,
    k,
    products,
    productsLeftOut,
    results,
  };
}

/** The answer for people. */
export async function evaluationText(
  { algorithms: found, products, productsLeftOut }: EvaluationResult,
  { k }: Pick<EvaluateOptions, 'k'>,
  columns = 120,
): Promise<string> {
  const { table } = await import('../tui/format/table.ts');
  const { lineText } = await import('../tui/format/line.ts');
  const floor = found.find(({ algorithm }) => algorithm === FLOOR)!;
  const first = k[0]!;
  const last = k.at(-1)!;
  const headings = [
    { title: 'algorithm', width: 16 },
    { title: `ndcg@${first}`, width: 15, align: 'right' },
    { title: 'over popular', width: 16, align: 'right' },
    { title: `recall@${last}`, width: 15, align: 'right' },
    { title: `hit@${first}`, width: 7, align: 'right' },
    { title: `mrr@${first}`, width: 7, align: 'right' },
    { title: 'cover', width: 6, align: 'right' },
    { title: 'bits', width: 5, align: 'right' },
    { title: 'fit s', width: 6, align: 'right' },
  ] as const;
  // What is least missed comes last, and is left out of a narrow terminal.
  const widthOf = (count: number) => headings.slice(0, count).reduce((sum, { width }) => sum + width + 2, -2);
  let fitting: number = headings.length;
  while (fitting > 1 && widthOf(fitting) > columns) fitting -= 1;
  const parts = MODES.map(({ key, title }) => {
    const ranked = found.toSorted((a, b) => ndcgOf(b[key]) - ndcgOf(a[key]));
    const rows = ranked.map(({ algorithm, fitMs, ...modes }) => {
      const { at } = modes[key];
      const [one, other] = [at[0], at.at(-1)];
      if (one === undefined || other === undefined) return [algorithm];
      return [
        algorithm,
        shown(one.ndcg),
        algorithm === FLOOR ? '' : signed(difference(modes[key], floor[key])),
        shown(other.recall),
        one.hitRate.mean.toFixed(4),
        one.mrr.mean.toFixed(4),
        `${(one.coverage * 100).toFixed(0)} %`,
        one.novelty?.toFixed(1) ?? '',
        (fitMs / 1000).toFixed(1),
      ];
    });
    const lines = table(
      headings.slice(0, fitting),
      rows.map((row) => row.slice(0, fitting)),
      widthOf(fitting),
    );
    const users = floor[key].users.toLocaleString('en-US');
    return `${title} · ${users} shoppers\n\n${lines.map((line) => lineText(line).trimEnd()).join('\n')}\n`;
  });
  const legend = [
    '± is half of the 95 % confidence interval',
    'cover: products recommended to anybody · bits: surprise',
    ...(productsLeftOut === 0
      ? []
      : [
          `tried on ${productsText(products, productsLeftOut)}`,
          `left out are ${leftOutText(productsLeftOut)}`,
        ]),
  ];
  return `${parts.join('\n')}\n${legend.join('\n')}\n`;
}

function ndcgOf({ at }: Evaluation): number {
  return at[0]?.ndcg.mean ?? 0;
}

function shown({ mean, halfWidth }: Estimate): string {
  return `${mean.toFixed(4)}${halfWidth === null ? '' : ` ±${halfWidth.toFixed(4)}`}`;
}

function signed(estimate: Estimate | null): string {
  return estimate === null ? '' : `${estimate.mean >= 0 ? '+' : ''}${shown(estimate)}`;
}
