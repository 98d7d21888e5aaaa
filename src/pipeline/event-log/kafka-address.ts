import { isAbsolute } from 'node:path';
import { EcomError, errorMessage } from '../../errors.ts';
import { readRegularFile } from '../../pipe.ts';
import { chooseFormat } from '../events/formats/choose.ts';
import { parseCsvMap } from '../events/formats/csv-map.ts';
import { type JsonFormat } from '../events/formats/format.ts';

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

/** What the URL of a Kafka event log says. */
export interface KafkaAddress {
  /** `host:port` of some brokers. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly mechanism: SaslMechanism;
  /** Format in which others write the topic; `undefined` for a topic of our own. */
  readonly format: Pick<JsonFormat, 'name' | 'read'> | undefined;
  /** Consumer group of the processors. */
  readonly group: string;
}

const DEFAULT_TOPIC = 'ecom.events';
const DEFAULT_PORT = 9092;
const MECHANISMS: readonly SaslMechanism[] = ['plain', 'scram-sha-256', 'scram-sha-512'];
const FORMATS = [
  ...([
    'native',
    'segment',
    'ga4',
    'otto',
    'shopify',
    'woocommerce',
    'magento',
    'posthog',
    'matomo',
    'snowplow',
  ] as const),
] as const;
const PARAMETERS = ['format', 'group', 'map', 'mechanism', 'ssl'];
const SCHEME = /^(kafkas?):\/\//;
const PLACE = /^([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/**
 * Reads `kafka://[user:password@]host:port[,host2:port2]/topic?format=segment&group=…&mechanism=scram-sha-256&ssl=true`;
 * `kafkas:` is TLS, as `ssl=true` is. `map=/…/map.json` in the place of a format names the file that describes one, which is read here.
 * @param shopZone of times that name none, where a map names none either
 * @throws EcomError `USAGE` where it says something else, `INPUT` for a file that is no map
 */
export function parseKafkaUrl(url: string, shopZone?: string): KafkaAddress {
  const [start = '', scheme] = SCHEME.exec(url) ?? [];
  // A password may hold an @ itself.
  const at = url.lastIndexOf('@');
  const login = at === -1 ? undefined : url.slice(start.length, at);
  const [, hosts = '', path = '', query = ''] = PLACE.exec(url.slice(Math.max(start.length, at + 1))) ?? [];
  if (scheme === undefined || hosts === '') {
    throw usage('it is not of the form kafka://HOST:PORT/TOPIC', 'kafka://127.0.0.1:9092/ecom.events is one');
  }
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    throw usage(`it has an unknown parameter '${unknown}'`, `known are ${PARAMETERS.join(', ')}`);
  }
  const topic = readTopic(decode(path));
  const [username, password] = readLogin(login);
  return {
    brokers: hosts.split(',').map(readBroker),
    topic,
    tls: readTls(scheme, parameters.get('ssl')),
    username,
    password,
    mechanism: readMechanism(parameters.get('mechanism')),
    format: readFormat(parameters.get('format'), parameters.get('map'), shopZone),
    group: parameters.get('group') || `ecom-${topic}`,
  };
}

function usage(what: string, hint: string): EcomError {
  // Never the URL itself: it may hold a password.
  return new EcomError('USAGE', `ECOM_LOG_URL: ${what}`, { hint });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw usage('a % in it is not followed by two digits', 'write a % that is meant as it is as %25');
  }
}

function readBroker(text: string): string {
  const [, host, port] = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw usage(`'${text}' is no HOST:PORT`, 'name a broker by its host name or IPv4 address, and a port');
  }
  return `${host}:${port ?? DEFAULT_PORT}`;
}

function readTopic(path: string): string {
  const topic = path.replace(/\/$/, '') || DEFAULT_TOPIC;
  // Room for the name of the topic that holds how far sources are read.
  if (/^[A-Za-z0-9._-]{1,240}$/.test(topic) && topic !== '.' && topic !== '..') return topic;
  throw usage(
    `'${topic.slice(0, 80)}' is not the name of a topic`,
    'up to 240 letters, digits, dots, - and _, as in kafka://HOST:PORT/ecom.events',
  );
}

function readLogin(login: string | undefined): [username: string | undefined, password: string | undefined] {
  if (login === undefined || login === '') return [undefined, undefined];
  const colon = login.indexOf(':');
  if (colon === -1) return [decode(login), undefined];
  return [decode(login.slice(0, colon)), decode(login.slice(colon + 1))];
}

function readTls(scheme: string, ssl: string | null): boolean {
  if (ssl === null) return scheme === 'kafkas';
  if (ssl === 'true') return true;
  if (ssl === 'false' && scheme === 'kafka') return false;
  throw usage(`ssl is '${ssl}'`, scheme === 'kafkas' ? 'kafkas: is with TLS' : 'use ssl=true or ssl=false');
}

function readMechanism(text: string | null): SaslMechanism {
  if (text === null || text === '') return 'plain';
  const mechanism = MECHANISMS.find((candidate) => candidate === text.toLowerCase());
  if (mechanism !== undefined) return mechanism;
  throw usage(`mechanism is '${text}'`, `use one of ${MECHANISMS.join(', ')}`);
}

function readFormat(
  text: string | null,
  map: string | null,
  shopZone: string | undefined,
): KafkaAddress['format'] {
  if (map !== null) {
    if (text !== null) throw usage('it has both a format and a map', 'leave out one of them');
    return readMap(map, shopZone);
  }
  if (text === null || text === '') return undefined;
  const name = FORMATS.find((candidate) => candidate === text);
  const format = name === undefined ? undefined : chooseFormat({ format: name }, [], name);
  if (format?.layout === 'json') return format;
  throw usage(
    `format is '${text}'`,
    `use one of ${FORMATS.join(', ')}: one JSON object a record; map=/FILE describes another`,
  );
}

function readMap(path: string, shopZone: string | undefined): JsonFormat {
  // Workers need not run where the command was given.
  if (!isAbsolute(path)) throw usage(`map is '${path}'`, 'name the file from / on');
  let text: string;
  try {
    text = readRegularFile(path);
  } catch (error) {
    throw usage(
      `the map ${path} cannot be read: ${errorMessage(error)}`,
      'docs/formats.md describes the file',
    );
  }
  const mapped = parseCsvMap(text, path, shopZone);
  if (mapped.fillsDown)
    throw usage(`the map ${path} fills down`, 'of a topic, no record is the one before: leave out fillDown');
  return mapped.json();
}
