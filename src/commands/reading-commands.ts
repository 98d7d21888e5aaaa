import { Option } from 'commander';
import { ALGORITHMS } from '../ml/algorithm-names.ts';
import { SORT_KEYS } from '../pipeline/stats/types.ts';
import { type CommandLine } from './command-line.ts';
import { fromOption, list, positive, robotsOption, toOption, whereOption, whole } from './options.ts';

/** Defines the commands whose start has to be quick: they are loaded from a file of their own, or asked of a running `ecom up`. */
export function addStats(line: CommandLine): void {
  line
    .shopCommand('stats', 'print the shop’s numbers')
    .option(
      '--window <window>',
      'period up to now: 5m, 24h, 7d, all, or any length such as 45m (default: 24h)',
    )
    .addOption(fromOption())
    .addOption(toOption())
    .addOption(new Option('--compare <with>', 'show the change since').choices(['previous']))
    .addOption(whereOption())
    .addOption(robotsOption())
    .option('--anomalies', 'mark hours that are unusual for their hour of the week')
    .option(
      '--by <dimension>',
      'break down by product, category, brand, recommender or a property such as country',
    )
    .addOption(
      new Option('--sort <key>', 'order of the top lists (default: revenue, or what there is)').choices(
        SORT_KEYS,
      ),
    )
    .option('--limit <n>', 'length of the top lists', whole, 10)
    .option('--json', 'print one JSON object')
    .option('--watch', 'repeat; with --json one object a line')
    .option('--interval <seconds>', 'seconds between repeats', positive, 2)
    .option('--fail-if <expression>', "exit with 3 where it holds, such as 'kpis.conversion.session<0.02'")
    .action(async (options) => (await import('./stats.ts')).stats(line.shownContext(options), options));
}

export function addRecommend(line: CommandLine): void {
  line
    .shopCommand('recommend', 'recommend products to a shopper')
    .option('--user <id>', 'user id or anonymous id')
    .option(
      '--session <products>',
      'instead: products that somebody has just looked at, the latest last',
      list,
    )
    .option('--limit <n>', 'number of products', whole, 10)
    .addOption(
      new Option('--algorithm <name>', 'what to recommend by; auto is the hybrid, or what an experiment says')
        .choices(['auto', ...ALGORITHMS])
        .default('auto'),
    )
    .addOption(
      new Option(
        '--exclude <what>',
        'what of the shopper’s own is left out (default: bought; with --session seen)',
      ).choices(['bought', 'seen', 'none']),
    )
    .option('--category <name>', 'only products of this category, or of one below it')
    .option('--in-stock', 'leave out what is out of stock: see outOfStockFile in docs/recommendations.md')
    .option('--explain', 'say why')
    .option('--json', 'print one JSON object')
    .action(async (options) =>
      (await import('./recommend.ts')).recommend(line.shownContext(options), options),
    );
}
