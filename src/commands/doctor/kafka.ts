import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions } from 'node:tls';
import { type Admin, type Kafka, type SASLOptions } from 'kafkajs';
import { type Config } from '../../config.ts';
import { EcomError, errorMessage } from '../../errors.ts';
import { parseKafkaUrl } from '../../pipeline/event-log/kafka-address.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { askApis, kafkaVersion } from './kafka-probe.ts';
import {
  checkEndpoints,
  type Endpoint,
  endpointText,
  findProblem,
  findUnspokenTls,
  inTime,
  LOOK_MS,
  oneLine,
  type Way,
} from './network.ts';
import { inTurn } from './steps.ts';

/** What a broker answers while it cannot say anything of a group yet. */
const LOADING: ReadonlySet<string> = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
]);
/** Pause before such a broker is asked again, ms. */
const LOADING_PAUSE_MS = 250;

/** What a URL of Kafka says. */
interface Target {
  readonly brokers: readonly Endpoint[];
  readonly topic: string;
  readonly group: string;
  readonly tls: ConnectionOptions | undefined;
  readonly sasl: SASLOptions | undefined;
  /** Whether somebody else writes the topic, in a format of their own. */
  readonly foreign: boolean;
  /** What is appended to it becomes messages of many events, or of one. */
  readonly messages: Config['kafkaMessages'];
  /** Of a topic that is created now. */
  readonly partitions: number;
}

/** Whether an event log on Kafka can be reached, logged in to, read and written, and how well its topic fits. */
export async function checkKafka(config: Config): Promise<Check[]> {
  const target = parse(config);
  if ('state' in target) return [target];
  const way: Way = {
    variable: 'ECOM_LOG_URL',
    withTls: 'kafkas://',
    withoutTls: 'kafka://',
    caVariable: 'ECOM_KAFKA_CA_FILE',
    tls: target.tls,
  };
  const client = await createClient(target);
  const admin = client.admin();
  try {
    return await inTurn(
      async () => [(await checkEndpoints('kafka host', target.brokers, way)).check],
      async () => [await checkVersion(target, way)],
      async () => [await checkLogin(admin, target)],
      async () => [await checkBrokers(admin, way)],
      () => checkTopic(admin, target),
      async () => [await checkRights(client, admin, target)],
    );
  } finally {
    await inTime(admin.disconnect()).catch(() => {});
  }
}

async function createClient({ brokers, tls, sasl }: Target): Promise<Kafka> {
  const { Kafka, logLevel } = await import('kafkajs');
  return new Kafka({
    clientId: 'ecom-doctor',
    brokers: brokers.map(endpointText),
    ...(tls === undefined ? {} : { ssl: tls }),
    ...(sasl === undefined ? {} : { sasl }),
    logLevel: logLevel.NOTHING,
    connectionTimeout: LOOK_MS,
    authenticationTimeout: LOOK_MS,
    requestTimeout: LOOK_MS,
    retry: { retries: 0 },
  });
}

async function checkVersion({ brokers, tls }: Target, way: Way): Promise<Check> {
  const name = 'kafka version';
  const answers = await Promise.allSettled(brokers.map((broker) => askApis(broker, tls)));
  const answer = answers.find((one) => one.status === 'fulfilled');
  if (answer !== undefined) {
    const version = kafkaVersion(answer.value);
    if (version !== 'older') return ok(name, `${version}.x`);
    return warn(name, 'older than 3.0', 'upgrade Kafka: ecom is tested with 3.x and 4.x');
  }
  const problem = await findUnspokenTls(brokers[0]!, way);
  if (problem !== undefined) return fail(name, problem.detail, problem.advice);
  const why = oneLine((answers[0] as PromiseRejectedResult).reason);
  return fail(name, `it does not answer as Kafka does: ${why}`, 'see whether it is Kafka that listens there');
}

async function checkLogin(admin: Admin, { sasl }: Target): Promise<Check> {
  const name = 'kafka login';
  const user = sasl !== undefined && 'username' in sasl ? sasl.username : undefined;
  try {
    await inTime(admin.connect(), 2 * LOOK_MS);
    // Without this a broker that wants a user would not have said so yet.
    await inTime(admin.describeCluster());
    return ok(name, sasl === undefined ? 'without a user' : `as ${user} by ${sasl.mechanism}`);
  } catch (error) {
    const said = oneLine(error);
    const unreached = unreachedBroker(error);
    // The hosts of the URL were reached, so it is one that they named.
    if (unreached !== undefined) return misled(unreached, said);
    if (sasl === undefined) {
      return fail(
        name,
        `the broker wants a user, or refuses clients without one: ${said}`,
        'set ECOM_KAFKA_USERNAME and ECOM_KAFKA_PASSWORD, or use a port for clients without a user',
      );
    }
    const [detail, advice] = loginProblem(typeOf(error), `${user} by ${sasl.mechanism}`, said);
    return fail(name, detail, advice);
  }
}

function loginProblem(type: string | undefined, user: string, said: string): readonly [string, string] {
  if (type === 'ILLEGAL_SASL_STATE') {
    return [
      'the broker asks for no user on this port',
      'remove user and password, or use the port that asks',
    ];
  }
  if (
    type === 'UNSUPPORTED_SASL_MECHANISM' ||
    /mechanism.*not (enabled|support)|does not support/i.test(said)
  ) {
    return [
      `the broker does not take ${user}: ${said}`,
      'set ?mechanism= in ECOM_LOG_URL to one that it takes',
    ];
  }
  return [
    `the broker refuses ${user}: ${said}`,
    'correct user and password in ECOM_LOG_URL, or ECOM_KAFKA_USERNAME and ECOM_KAFKA_PASSWORD',
  ];
}

function misled(brokers: string, why: string): Check {
  return fail(
    'kafka brokers',
    `clients are sent to ${brokers}: ${why}`,
    'set advertised.listeners of the broker to an address that this machine reaches',
  );
}

/** Whether this machine reaches the brokers under the names that they give themselves, where clients are sent. */
async function checkBrokers(admin: Admin, way: Way): Promise<Check> {
  const name = 'kafka brokers';
  try {
    const { brokers } = await inTime(admin.describeCluster());
    const problems = await Promise.all(brokers.map((broker) => findProblem(broker, way)));
    const wrong = problems.find((problem) => problem !== undefined);
    const named = brokers.map(endpointText).join(', ');
    return wrong === undefined ? ok(name, `${brokers.length}: ${named}`) : misled(named, wrong.detail);
  } catch (error) {
    return fail(name, oneLine(error), 'see the log of the broker');
  }
}

async function checkTopic(admin: Admin, target: Target): Promise<Check[]> {
  const name = 'kafka topic';
  const { topic } = target;
  try {
    const { topics } = await inTime(admin.fetchTopicMetadata({ topics: [topic] }));
    const partitions = topics[0]!.partitions;
    const leaderless = partitions.filter(({ leader }) => leader === -1).map(({ partitionId }) => partitionId);
    if (leaderless.length > 0) {
      const detail = `partitions ${leaderless.join(', ')} of ${topic} have no leader`;
      return [fail(name, detail, 'see which brokers are down: their partitions cannot be read')];
    }
    const found = ok(name, `${topic} has ${partitions.length} partitions`);
    return [found, ...checkMessages(target), ...(await checkRetention(admin, topic))];
  } catch (error) {
    if (typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return [await checkCreation(admin, target)];
    return [fail(name, `${topic} cannot be looked at: ${oneLine(error)}`, rightsAdvice(target))];
  }
}

/** Whether the topic could be created; none is. */
async function checkCreation(admin: Admin, target: Target): Promise<Check> {
  const name = 'kafka topic';
  const { topic, partitions, foreign } = target;
  if (foreign) {
    return fail(
      name,
      `there is no topic ${topic}`,
      'correct the topic in ECOM_LOG_URL: ecom creates none in a format of others',
    );
  }
  try {
    const wanted = { topic, numPartitions: partitions };
    await inTime(admin.createTopics({ validateOnly: true, waitForLeaders: false, topics: [wanted] }));
    return ok(name, `${topic} is not there yet: ecom up creates it with ${partitions} partitions`);
  } catch (error) {
    return fail(
      name,
      `${topic} is not there, and cannot be created: ${oneLine(error)}`,
      rightsAdvice(target),
    );
  }
}

/** Who else reads the topic has to know what it finds there. */
function checkMessages({ foreign, messages }: Target): Check[] {
  if (foreign) return [];
  const form = messages === 'single' ? 'an event each' : 'many events each, a line an event';
  return [ok('kafka messages', `ecom writes ${form} (ECOM_KAFKA_MESSAGES=${messages})`)];
}

/** Old records that are needed again may go too early. What is not told is no reason to worry. */
async function checkRetention(admin: Admin, topic: string): Promise<Check[]> {
  const { ConfigResourceTypes } = await import('kafkajs');
  const name = 'kafka keeps';
  try {
    const { resources } = await inTime(
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [
          { type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms', 'cleanup.policy'] },
        ],
      }),
    );
    const value = (key: string): string =>
      resources[0]?.configEntries.find(({ configName }) => configName === key)?.configValue ?? '';
    if (value('cleanup.policy').includes('compact')) {
      return [
        fail(
          name,
          `${topic} is compacted: of a shopper’s events it keeps the newest only`,
          `set cleanup.policy of ${topic} to delete`,
        ),
      ];
    }
    const days = Number(value('retention.ms')) / 86_400_000;
    if (!Number.isFinite(days)) return [];
    return [
      ok(name, days < 0 ? 'every record for ever' : `every record for ${Number(days.toFixed(1))} days`),
    ];
  } catch {
    return [];
  }
}

/** Whether the user may write and join the group, as far as brokers tell without its being done. */
async function checkRights(client: Kafka, admin: Admin, target: Target): Promise<Check> {
  const name = 'kafka rights';
  // To begin with, an idempotent producer gets a number, which only those get who may write some topic.
  const producer = client.producer({ idempotent: true, retry: { retries: 1 } });
  try {
    await onceLoaded(() => admin.describeGroups([target.group]));
    if (target.foreign) return ok(name, `sees the group ${target.group}`);
    await inTime(producer.connect());
    return ok(name, `may write, and sees the group ${target.group}`);
  } catch (error) {
    if (isLoading(error)) {
      const detail = `not known yet: the broker that keeps ${target.group} is still loading its groups`;
      return warn(name, detail, 'wait some seconds, and run ecom doctor again');
    }
    return fail(name, oneLine(error), rightsAdvice(target));
  } finally {
    await inTime(producer.disconnect()).catch(() => {});
  }
}

/** Asks until the broker that keeps the group has loaded what it keeps, which takes one that has just begun some seconds. */
async function onceLoaded<T>(ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + LOOK_MS;
  for (;;) {
    try {
      return await inTime(ask());
    } catch (error) {
      // kafkajs says no more of a group that no broker keeps yet, nor of one that it may not see.
      const unknown = (error as Error).name === 'KafkaJSGroupCoordinatorNotFound';
      if (!(unknown || isLoading(error)) || performance.now() > end) throw error;
      await sleep(LOADING_PAUSE_MS);
    }
  }
}

function isLoading(error: unknown): boolean {
  return LOADING.has(typeOf(error) ?? '');
}

function rightsAdvice({ topic, group }: Target): string {
  return `kafka-acls.sh --add --allow-principal User:NAME --operation Create --operation Read --operation Write --operation Describe --topic ${topic} --group ${group} gives the user what it needs`;
}

/** The broker that could not be connected to, where that is what is wrong. */
function unreachedBroker(error: unknown): string | undefined {
  const { name, broker, code, cause } = error as { [key: string]: unknown };
  if (name === 'KafkaJSConnectionError' && typeof broker === 'string' && code !== undefined) return broker;
  return cause instanceof Error ? unreachedBroker(cause) : undefined;
}

/** The name of an error that the broker gave, perhaps behind one that says that it was tried more than once. */
function typeOf(error: unknown): string | undefined {
  const { type, cause } = error as { type?: unknown; cause?: unknown };
  if (typeof type === 'string') return type;
  return cause instanceof Error ? typeOf(cause) : undefined;
}

function parse({ logUrl, credentials, partitions = 8, kafkaMessages, layout }: Config): Target | Check {
  const given = credentials.kafka;
  try {
    const { brokers, topic, group, tls, mechanism, format, ...login } = parseKafkaUrl(
      logUrl,
      layout.timeZone,
    );
    const username = login.username ?? given.username;
    const password = login.password ?? given.password ?? '';
    const ca = given.caFile === undefined ? {} : { ca: readFileSync(given.caFile, 'utf8') };
    return {
      brokers: brokers.map((broker) => {
        const [host = '', port] = broker.split(':');
        return { host, port: Number(port) };
      }),
      topic,
      group,
      tls: tls ? ca : undefined,
      sasl: username === undefined ? undefined : ({ mechanism, username, password } as SASLOptions),
      foreign: format !== undefined,
      messages: kafkaMessages,
      partitions,
    };
  } catch (error) {
    const hint = error instanceof EcomError ? error.hint : undefined;
    return fail('kafka url', errorMessage(error), hint ?? 'check ECOM_LOG_URL and ECOM_KAFKA_CA_FILE');
  }
}
