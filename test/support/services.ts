import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { type Config, ensureDataDir } from '../../src/config.ts';
import { backendUrl, uniqueName } from './backends.ts';
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
      await dropTopics(kafka.replace('kafka://', ''), name);
      await dropDatabase(mongodb, name);
      await dropKeys(redis, name);
    },
  };
}

async function dropTopics(broker: string, name: string): Promise<void> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(name));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();
}

async function dropDatabase(url: string, name: string): Promise<void> {
  const client = await MongoClient.connect(url);
  await client.db(name).dropDatabase();
  await client.close();
}

/** Deletes every key of a prefix. */
export async function dropKeys(url: string, prefix: string): Promise<void> {
  const client = new Redis(url);
  for await (const keys of client.scanStream({ match: `{${prefix}}*`, count: 1000 })) {
    if ((keys as string[]).length > 0) await client.unlink(...(keys as string[]));
  }
  await client.quit();
}
