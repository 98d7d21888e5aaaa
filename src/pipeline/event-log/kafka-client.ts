import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, type ITopicConfig, type Kafka, type SASLOptions } from 'kafkajs';
import { EcomError, errorMessage } from '../../errors.ts';
import { type KafkaAddress } from './kafka-address.ts';
import { registerCodecs } from './kafka-codecs.ts';

export interface KafkaCredentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM file of the authority that signed the broker's certificate. */
  readonly caFile?: string | undefined;
}

/** How long a broker that is away is waited for, first when a log is opened, then at work, ms. */
const OPEN_MS = 8000;
const RETRY = { initialRetryTime: 200, maxRetryTime: 2000, factor: 0.2, multiplier: 2 } as const;

/** @param retries about a second each, once the first few are over */
export async function createClient(
  address: KafkaAddress,
  given: KafkaCredentials,
  retries: number,
): Promise<Kafka> {
  const { Kafka, logLevel, CompressionCodecs } = (await import('kafkajs')).default;
  registerCodecs(CompressionCodecs);
  const username = address.username ?? given.username;
  const password = address.password ?? given.password ?? '';
  const sasl =
    username === undefined
      ? undefined
      : ({ mechanism: address.mechanism, username, password } as SASLOptions);
  return new Kafka({
    clientId: 'ecom',
    brokers: [...address.brokers],
    ssl: address.tls ? (given.caFile === undefined ? true : { ca: [readCa(given.caFile)] }) : false,
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: 3000,
    authenticationTimeout: 5000,
    requestTimeout: 30_000,
    enforceRequestTimeout: true,
    retry: { ...RETRY, retries },
    logLevel: logLevel.NOTHING,
  });
}

function readCa(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new EcomError('NOT_FOUND', `ECOM_KAFKA_CA_FILE: ${errorMessage(cause)}`, {
      hint: 'name the PEM file of the authority that signed the broker’s certificate',
      cause,
    });
  }
}

/**
 * Creates a topic, unless it is there, and waits until it has leaders. kafkajs would do both, but gives up where the broker
 * that it asks has not heard of the new topic yet.
 */
export async function createTopic(admin: Admin, topic: ITopicConfig): Promise<void> {
  await inTime(admin.createTopics({ topics: [topic], waitForLeaders: false }));
  const end = performance.now() + OPEN_MS;
  for (;;) {
    try {
      const { topics } = await inTime(admin.fetchTopicMetadata({ topics: [topic.topic] }));
      const { partitions = [] } = topics[0] ?? {};
      if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return;
      if (performance.now() > end) throw new Late(`the topic ${topic.topic} has no leader yet`);
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await sleep(RETRY.initialRetryTime);
  }
}

/**
 * Asks again while the broker says that it cannot tell yet: the topic is new, or its leader changes. kafkajs gives up at
 * once where it asks for offsets.
 */
export async function onceSettled<T>(ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + OPEN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { name, retriable } = error as { name?: string; retriable?: boolean };
      if (name !== 'KafkaJSProtocolError' || retriable !== true || performance.now() > end) throw error;
    }
    await sleep(RETRY.initialRetryTime);
  }
}

/** What a client's error means to people; never with a secret in it. */
export function kafkaError(error: unknown, { brokers }: KafkaAddress): EcomError {
  if (error instanceof EcomError) return error;
  const { name = '' } = error as { name?: string };
  // A retrier wraps what it gave up on.
  const cause = (error as { cause?: unknown }).cause;
  if (name === 'KafkaJSNumberOfRetriesExceeded' && cause instanceof Error)
    return kafkaError(cause, { brokers } as KafkaAddress);
  const where = brokers.join(', ');
  if (name === 'KafkaJSSASLAuthenticationError') {
    return new EcomError('UNAVAILABLE', `kafka ${where} refuses the user or the password`, {
      hint: 'check ECOM_KAFKA_USERNAME and ECOM_KAFKA_PASSWORD, and the mechanism in ECOM_LOG_URL; ecom doctor says more',
      cause: error,
    });
  }
  return new EcomError('UNAVAILABLE', `kafka ${where}: ${errorMessage(error)}`, {
    hint: 'is it running, and the address right? ecom doctor looks',
    cause: error,
    ...(isAway(error) ? { away: `kafka ${where}` } : {}),
  });
}

/** Whether brokers do not answer, or have not settled yet who leads. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message, retriable, cause } = error as Error & { retriable?: boolean };
  const isSaid = AWAY.test(name) || /^Connection (error|timeout)|ECONN|closed connection/i.test(message);
  return error instanceof Late || retriable === true || isSaid || isAway(cause);
}

const AWAY =
  /^KafkaJS(Connection|ConnectionClosed|RequestTimeout|BrokerNotFound|MetadataNotLoaded|NumberOfRetriesExceeded|GroupCoordinatorNotFound|LockTimeout|Timeout|DeletedBroker)/;

/** Somebody does not answer in time. */
export class Late extends Error {}

/** Rejects where the work takes too long. */
export async function inTime<T>(work: Promise<T>, ms = OPEN_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
