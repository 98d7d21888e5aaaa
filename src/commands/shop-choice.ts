import { type Config, loadConfig } from '../config.ts';
import { isAllEmbedded, isNew } from '../shop-folder.ts';
import { type Holdings, holdingsOf } from './holdings.ts';
import { type UpOptions } from './up-options.ts';

/** Which shop `ecom up` starts, and whether simulated shoppers are in it. */
export interface ShopChoice {
  readonly config: Config;
  readonly simulate: boolean;
  /** What is to be said about it, lines for people. */
  readonly notes: readonly string[];
}

export interface ChoiceFacts {
  /** `--generator`, `--no-generator`, or neither. */
  readonly asked: boolean | undefined;
  /** Whether `--demo` was given. */
  readonly demo: boolean;
  readonly holds: Holdings;
  /** Whether no shop was ever begun in the data folder. */
  readonly isNew: boolean;
}

/**
 * Simulated shoppers never come into a shop of somebody else's unless asked: by default they are where nobody but they is.
 * Who begins with nothing gets a simulated shop in a folder of its own, so that the data folder is free for the user's.
 */
export function chooseShop({ asked, demo, holds, isNew: fresh }: ChoiceFacts): 'simulate' | 'count' | 'demo' {
  if (asked !== undefined) return asked ? 'simulate' : 'count';
  if (holds === 'simulated' || (demo && holds === 'nothing')) return 'simulate';
  return fresh ? 'demo' : 'count';
}

/** Decides by what the stores hold; those of a new folder are not created by looking. */
export async function findShop(config: Config, options: UpOptions): Promise<ShopChoice> {
  const { generator: asked, demo = false, stack } = options;
  // Told by the process that looked.
  if (options.simulate === true) return { config, simulate: true, notes: [] };
  const fresh = isNew(config);
  const holds = asked !== undefined || fresh ? 'nothing' : await holdingsOf(config);
  const choice = chooseShop({ asked, demo, holds, isNew: fresh });
  if (choice === 'demo') {
    const simulated = loadConfig({ dataDir: config.dataDir, stack, demo: true });
    const found = await findShop(simulated, { ...options, demo: true });
    return { ...found, notes: [...beginning(config, simulated), ...found.notes] };
  }
  const notes = choice === 'count' && asked === undefined ? whyNobody(config, holds) : [];
  return { config, simulate: choice === 'simulate', notes };
}

function beginning({ dataDir }: Config, demo: Config): string[] {
  return [
    `there is no shop's data in ${dataDir} yet: this is a simulated shop, in ${demo.dataDir}`,
    '  your own shop:  ecom ingest FILE, or ecom up --no-generator and then send it events',
  ];
}

function whyNobody(config: Config, holds: Holdings): string[] {
  if (holds === 'other')
    return ['no simulated shoppers: this shop has events of its own; ecom up --demo shows a simulated shop'];
  const where = isAllEmbedded(config) ? config.dataDir : 'the servers';
  return [
    `no events yet in ${where}: ecom ingest FILE reads some; ecom up --demo shows a simulated shop beside it`,
  ];
}
