import { type AlgorithmName } from '../../ml/algorithm-names.ts';
import { type HybridQuality, type HybridWeights } from '../../ml/hybrid/model.ts';
import { type DocumentStore } from '../document-store/document-store.ts';

/** What is kept of a training besides its models. */
export interface ModelVersion {
  /** From 1. */
  readonly version: number;
  /** When it was trained, ms since the epoch. */
  readonly time: number;
  /** How long that took, ms. */
  readonly trainingMs: number;
  readonly interactions: number;
  readonly users: number;
  readonly products: number;
  /** Those that nothing was learnt of, the least active ones of too large a catalogue; absent in older versions. */
  readonly productsLeftOut?: number;
  /** Those whose content was compared by their rarer words only, because too many have the others; absent in older versions. */
  readonly productsByRarerWords?: number;
  /** Those whom ALS did not learn of, who took the least; absent in older versions. */
  readonly usersLeftOutOfAls?: number;
  /** What was trained. */
  readonly algorithms: readonly AlgorithmName[];
  readonly weights: HybridWeights | undefined;
  readonly quality: HybridQuality | undefined;
}

/** All versions that are kept, the newest last. */
export interface ModelIndex {
  readonly versions: readonly ModelVersion[];
  /** The one that is served; 0 for none. */
  readonly current: number;
  /** Whether somebody has chosen it: newer ones are kept, but not served. */
  readonly pinned: boolean;
}

const INDEX = 'models';
/** Versions that are kept, besides one that is served. */
const KEPT = 5;
const EMPTY: ModelIndex = { versions: [], current: 0, pinned: false };

export async function readModelIndex(documents: DocumentStore): Promise<ModelIndex> {
  const saved = await documents.loadModel(INDEX);
  return saved === undefined ? EMPTY : (JSON.parse(saved.json) as ModelIndex);
}

/** The model of an algorithm as JSON; `undefined` where that version did not train it. */
export async function loadModel(
  documents: DocumentStore,
  version: number,
  algorithm: AlgorithmName,
): Promise<string | undefined> {
  return (await documents.loadModel(nameOf(version, algorithm)))?.json;
}

/**
 * Keeps a training's models as a new version, which is served from then on unless another one was chosen, and forgets the oldest.
 * The index is written last: a crash before leaves the version that was.
 */
export async function saveVersion(
  documents: DocumentStore,
  about: Omit<ModelVersion, 'version' | 'algorithms'>,
  models: ReadonlyMap<AlgorithmName, string>,
): Promise<ModelIndex> {
  const { versions, current, pinned } = await readModelIndex(documents);
  const version = (versions.at(-1)?.version ?? 0) + 1;
  const { time } = about;
  for (const [algorithm, json] of models)
    await documents.saveModel({ name: nameOf(version, algorithm), time, json });
  const added = { ...about, version, algorithms: [...models.keys()] };
  const served = pinned ? current : version;
  const all = [...versions, added];
  const kept = all.filter((one, i) => i >= all.length - KEPT || one.version === served);
  const index = { versions: kept, current: served, pinned };
  await writeIndex(documents, index, time);
  for (const old of all.filter((one) => !kept.includes(one))) {
    for (const algorithm of old.algorithms) await documents.deleteModel(nameOf(old.version, algorithm));
  }
  return index;
}

/** Chooses the version that is served; the newest one, and every newer one that comes, where `undefined`. */
export async function chooseVersion(
  documents: DocumentStore,
  version: number | undefined,
  time: number,
): Promise<ModelIndex> {
  const { versions } = await readModelIndex(documents);
  const index = {
    versions,
    current: version ?? versions.at(-1)?.version ?? 0,
    pinned: version !== undefined,
  };
  await writeIndex(documents, index, time);
  return index;
}

async function writeIndex(documents: DocumentStore, index: ModelIndex, time: number): Promise<void> {
  await documents.saveModel({ name: INDEX, time, json: JSON.stringify(index) });
}

function nameOf(version: number, algorithm: AlgorithmName): string {
  return `model-${version}-${algorithm}`;
}
