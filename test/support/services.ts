import { type Config, ensureDataDir } from '../../src/config.ts';
import { backendUrl, uniqueName } from './backends.ts';
import { dropDatabase, dropKeys, dropTopics } from './drop.ts';
import { configFor } from './stores.ts';
import { tempDir } from './temp-dir.ts';

/** A shop of its own on the test servers. */
export interface ServiceShop {
  readonly config: Config;
  /** Of the topic, the database and the prefix. */
  readonly name: string;
  /** Deletes what it left on the servers. */
  drop(): Promise<void>;
}

/** @param env settings beside the URLs, and URLs that differ, such as one through a proxy */
export function serviceShop(env: Record<string, string> = {}): ServiceShop {
  const name = uniqueName('ecom-test');
  const kafka = backendUrl('kafka')!.replace(/\/$/, '');
  const mongodb = backendUrl('mongodb')!.replace(/\/$/, '');
  const redis = backendUrl('redis')!.replace(/\/$/, '');
  const config = configFor(tempDir(), {
    ECOM_LOG_URL: `${kafka}/${name}`,
    ECOM_DOCUMENTS_URL: `${mongodb}/${name}`,
    ECOM_LIVE_URL: `${redis}/0?prefix=${name}`,
    ECOM_PARTITIONS: '4',
    ...env,
  });
  ensureDataDir(config);
  return {
    config,
    name,
    async drop() {
      await dropTopics(kafka, name);
      await dropDatabase(mongodb, name);
      await dropKeys(redis, name);
    },
  };
}
