import { type Admin, type Kafka } from 'kafkajs';
import { EcomError } from '../../errors.ts';
import { type EventLog, type LogConsumer, type PartitionBounds } from './event-log.ts';
import { type KafkaAddress, parseKafkaUrl } from './kafka-address.ts';
import {
  createClient,
  createTopic,
  inTime,
  type KafkaCredentials,
  kafkaError,
  onceSettled,
} from './kafka-client.ts';
import { createKafkaConsumer } from './kafka-consumer.ts';
import { messageReader } from './kafka-message.ts';
import { createBatchingProducer, type MessageForm } from './kafka-producer.ts';
import { createSources } from './kafka-sources.ts';
import { NewLines } from './new-lines.ts';

export interface KafkaEventLogOptions {
  readonly url: string;
  readonly credentials?: KafkaCredentials | undefined;
  /** Of a topic that is created now. @default 8 */
  readonly partitions?: number | undefined;
  /** How long a topic that is created now keeps its records, ms; the broker's own default where undefined. */
  readonly retentionMs?: number | undefined;
  /** Of what is appended; what is read may be of either. @default 'packed' */
  readonly messages?: MessageForm | undefined;
  /** Of the shop: that of times of a mapped topic that name none. @default 'UTC' */
  readonly timeZone?: string | undefined;
}

const PARTITIONS = 8;
/** A transaction costs a broker as much as tens of thousands of records that lie in large messages. */
const ENOUGH = 20_000;
/** Retries of a client at work: about three seconds. Whoever waits longer says so. */
const PATIENT = 4;

/**
 * The event log on Kafka: a topic, keyed by shopper, and a compacted one beside it for the progress of sources. It connects
 * at once, because the number of partitions is the topic's.
 * @throws EcomError `UNAVAILABLE` where no broker answers or it refuses the user, `NOT_FOUND` for a foreign topic that is
 * not there
 */
export async function createKafkaEventLog(options: KafkaEventLogOptions): Promise<EventLog> {
  const address = parseKafkaUrl(options.url, options.timeZone);
  const { topic, format } = address;
  const explain = (error: unknown): EcomError => kafkaError(error, address);
  const credentials = options.credentials ?? {};
  const partitions = await guarded(async () =>
    openTopic(await createClient(address, credentials, 3), address, options),
  );
  const kafka = await createClient(address, credentials, PATIENT);
  const form = options.messages ?? 'packed';
  const producer = createBatchingProducer(kafka, topic, form);
  const sources = createSources(kafka, topic, form);
  const consumers: LogConsumer[] = [];
  let admin: Promise<Admin> | undefined;

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explain(error);
    }
  }
  async function connectAdmin(): Promise<Admin> {
    const fresh = (await createClient(address, credentials, PATIENT)).admin();
    await fresh.connect();
    return fresh;
  }
  const bounds = (): Promise<readonly PartitionBounds[]> => onceSettled(fetchBounds);

  async function fetchBounds(): Promise<readonly PartitionBounds[]> {
    admin ??= connectAdmin();
    const asked = admin;
    try {
      const offsets = await (await asked).fetchTopicOffsets(topic);
      const found = Array.from({ length: partitions }, () => ({ begin: 0, end: 0 }));
      for (const { partition, low, high } of offsets) {
        if (partition < partitions) found[partition] = { begin: Number(low), end: Number(high) };
      }
      return found;
    } catch (error) {
      void asked.then((failed) => failed.disconnect()).catch(() => {});
      // Another one may have asked for a new one meanwhile.
      if (admin === asked) admin = undefined;
      throw error;
    }
  }

  return {
    partitions,
    enough: ENOUGH,
    async append(records, progress, before) {
      // Whoever calls it native writes as we do.
      if (format !== undefined && format.name !== 'native') {
        throw new EcomError(
          'USAGE',
          `the topic ${topic} is read as ${format.name === 'csv' ? 'a map says' : format.name}: nothing of our own is written to it`,
          {
            hint: 'use a topic of ecom’s own: ECOM_LOG_URL without ?format= and ?map=',
          },
        );
      }
      const lines = records instanceof NewLines ? records : NewLines.of(records, partitions);
      await guarded(() =>
        progress === undefined ? producer.append(lines) : sources.append(lines, progress, before),
      );
      return undefined;
    },
    progress: (source) => guarded(() => sources.progress(source)),
    consume(consuming) {
      const consumer = createKafkaConsumer(
        {
          kafka,
          topic,
          group: consuming.reader === undefined ? address.group : `${address.group}-${consuming.reader}`,
          partitions,
          bounds,
          read: messageReader(topic, format),
          explain,
        },
        consuming,
      );
      consumers.push(consumer);
      return consumer;
    },
    // The topic's own retention does.
    expire: async () => {},
    bounds: () => guarded(bounds),
    async close() {
      await Promise.allSettled([
        ...consumers.map((consumer) => consumer.close()),
        producer.close(),
        sources.close(),
        admin?.then((connected) => connected.disconnect()),
      ]);
    },
  };
}

/** Makes sure that the topic is there. @returns its number of partitions */
async function openTopic(
  kafka: Kafka,
  { topic, format }: KafkaAddress,
  { partitions = PARTITIONS, retentionMs }: KafkaEventLogOptions,
): Promise<number> {
  const admin = kafka.admin();
  try {
    await inTime(admin.connect());
    if (!(await inTime(admin.listTopics())).includes(topic)) {
      if (format !== undefined) {
        throw new EcomError('NOT_FOUND', `there is no topic ${topic}`, {
          hint: `a topic with a format or a map is written by somebody else: is its name right?`,
        });
      }
      const configEntries =
        retentionMs === undefined ? [] : [{ name: 'retention.ms', value: String(retentionMs) }];
      await createTopic(admin, { topic, numPartitions: partitions, replicationFactor: -1, configEntries });
    }
    const { topics } = await inTime(admin.fetchTopicMetadata({ topics: [topic] }));
    return topics[0]!.partitions.length;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
