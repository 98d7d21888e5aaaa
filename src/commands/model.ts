import { EcomError } from '../errors.ts';
import { loadHybrid } from '../ml/hybrid/model.ts';
import { FIELDS } from '../ml/neighbour-lists.ts';
import {
  chooseVersion,
  loadModel,
  type ModelIndex,
  type ModelVersion,
  readModelIndex,
} from '../pipeline/recommender/models.ts';
import { publishModel } from '../pipeline/recommender/published.ts';
import { type CommandContext } from './context.ts';
import { modelText, productsText } from './model-text.ts';
import { printJson, write } from './output.ts';
import { requireData } from './require-data.ts';
import { withStores } from './stores.ts';

interface JsonOption {
  readonly json?: boolean;
}

/** Prints all versions that are kept. */
export async function listModels(context: CommandContext, { json }: JsonOption): Promise<void> {
  const index = await readIndex(context);
  if (json) {
    await printJson(context.stdout, { schema: 'ecom.models/1', ...index });
    return;
  }
  if (index.versions.length === 0) throw noModels();
  const { table } = await import('../tui/format/table.ts');
  const { lineText } = await import('../tui/format/line.ts');
  const isCut = index.versions.some(({ productsLeftOut = 0 }) => productsLeftOut > 0);
  const columns = [
    { title: 'model', width: 10 },
    { title: 'trained (UTC)', width: 16 },
    { title: 'interactions', width: 12, align: 'right' },
    { title: 'products', width: isCut ? 18 : 8, align: 'right' },
    { title: 'NDCG@10', width: 8, align: 'right' },
    { title: 'algorithms', width: 'flexible' },
  ] as const;
  const rows = index.versions.map((one) => [
    `${one.version}${one.version === index.current ? (index.pinned ? ' chosen' : ' in use') : ''}`,
    new Date(one.time).toISOString().slice(0, 16).replace('T', ' '),
    one.interactions.toLocaleString('en-US'),
    productsText(one.products, one.productsLeftOut ?? 0).replace(/ products$/, ''),
    one.quality?.ndcg.toFixed(4) ?? '',
    one.algorithms.join(', '),
  ]);
  const width = Math.max(80, Math.min(120, context.stdout.columns ?? 100));
  const lines = table(columns, rows, width);
  await write(context.stdout, `${lines.map((line) => lineText(line).trimEnd()).join('\n')}\n`);
}

/** Prints one version: the one in use where none is named. */
export async function showModel(
  context: CommandContext,
  name: string | undefined,
  { json }: JsonOption,
): Promise<void> {
  const index = await readIndex(context);
  const found = name === undefined ? findVersion(index, String(index.current)) : findVersion(index, name);
  if (json) await printJson(context.stdout, { schema: 'ecom.model/1', ...found });
  else await write(context.stdout, modelText(found));
}

/** Serves a version from now on, or the newest one again. */
export async function useModel(context: CommandContext, name: string): Promise<void> {
  requireData(context.config);
  await withStores(context.config, async ({ documents, live }) => {
    const index = await readModelIndex(documents);
    const found = name === 'latest' ? index.versions.at(-1) : findVersion(index, name);
    if (found === undefined) throw noModels();
    const json = await loadModel(documents, found.version, 'hybrid');
    if (json === undefined) throw new EcomError('NOT_FOUND', `model ${found.version} is not kept any more`);
    await chooseVersion(documents, name === 'latest' ? undefined : found.version, Date.now());
    await publishModel(live, loadHybrid(json), found);
    const until =
      name === 'latest' ? ', and newer ones as they come' : '; ecom model use latest goes on with newer ones';
    await write(context.stdout, `model ${found.version} is in use${until}\n`);
  });
}

/** Prints how two versions differ: what they learnt from, their blend, and whose neighbours changed. */
export async function diffModels(
  context: CommandContext,
  names: readonly [string, string],
  { json }: JsonOption,
): Promise<void> {
  requireData(context.config);
  await withStores(context.config, async ({ documents }) => {
    const index = await readModelIndex(documents);
    const versions = names.map((name) => findVersion(index, name)) as [ModelVersion, ModelVersion];
    const [one, other] = await Promise.all(
      versions.map(async ({ version }) => {
        const saved = await loadModel(documents, version, 'hybrid');
        if (saved === undefined) throw new EcomError('NOT_FOUND', `model ${version} is not kept any more`);
        return neighboursOf(saved);
      }),
    );
    const common = [...one!.keys()].filter((id) => other!.has(id));
    const overlap = common.map((id) => jaccard(one!.get(id)!, other!.get(id)!));
    const difference = {
      addedProducts: [...other!.keys()].filter((id) => !one!.has(id)).length,
      removedProducts: [...one!.keys()].filter((id) => !other!.has(id)).length,
      commonProducts: common.length,
      /** Mean share of the ten nearest neighbours that two versions have in common, of all that either has. */
      neighbourOverlap:
        overlap.length === 0 ? null : overlap.reduce((sum, share) => sum + share, 0) / overlap.length,
    };
    if (json) {
      await printJson(context.stdout, {
        schema: 'ecom.model-diff/1',
        from: versions[0],
        to: versions[1],
        ...difference,
      });
      return;
    }
    const share =
      difference.neighbourOverlap === null ? '-' : `${(difference.neighbourOverlap * 100).toFixed(1)} %`;
    await write(
      context.stdout,
      `${versions.map(modelText).join('')}products        ${difference.addedProducts} added, ${difference.removedProducts} removed, ${common.length} in both\nneighbours      ${share} of the ten nearest are the same\n`,
    );
  });
}

const NEAREST = 10;

/** By product, its nearest neighbours; products without any are left out. */
function neighboursOf(json: string): Map<string, Set<string>> {
  const { itemIds, lists } = loadHybrid(json);
  const found = new Map<string, Set<string>>();
  itemIds.forEach((id, item) => {
    const list = lists.of(item);
    const nearest = new Set<string>();
    for (let i = 0; i < list.length && nearest.size < NEAREST; i += FIELDS) nearest.add(itemIds[list[i]!]!);
    if (nearest.size > 0) found.set(id, nearest);
  });
  return found;
}

function jaccard(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const both = [...one].filter((id) => other.has(id)).length;
  return both / (one.size + other.size - both);
}

async function readIndex({ config }: CommandContext): Promise<ModelIndex> {
  requireData(config);
  const { openDocumentStore } = await import('../pipeline/document-store/open.ts');
  const documents = await openDocumentStore(config);
  try {
    return await readModelIndex(documents);
  } finally {
    await documents.close();
  }
}

function findVersion({ versions }: ModelIndex, name: string): ModelVersion {
  if (versions.length === 0) throw noModels();
  const found = versions.find(({ version }) => String(version) === name);
  if (found !== undefined) return found;
  throw new EcomError('NOT_FOUND', `there is no model ${JSON.stringify(name)}`, {
    hint: `kept are ${versions.map(({ version }) => version).join(', ')}`,
  });
}

function noModels(): EcomError {
  return new EcomError('NOT_FOUND', 'there is no model yet', {
    hint: 'ecom train makes one now; ecom up does by itself, once there are some thousand interactions',
  });
}
