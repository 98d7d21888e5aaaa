import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { MongoClient } from 'mongodb';

/** Deletes every topic whose name begins so. @param url of the test server */
export async function dropTopics(url: string, name: string): Promise<void> {
  const broker = url.replace('kafka://', '').replace(/\/.*$/, '');
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(name));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();
}

export async function dropDatabase(url: string, name: string): Promise<void> {
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
