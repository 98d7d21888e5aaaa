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
  // At once, as a server loses them: of those that somebody writes meanwhile all stay, or none.
  const drop = "for _, key in ipairs(redis.call('keys', ARGV[1])) do redis.call('unlink', key) end";
  await client.eval(drop, 0, `{${prefix}}*`);
  await client.quit();
}
