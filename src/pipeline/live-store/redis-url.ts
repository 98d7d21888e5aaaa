import { readFileSync } from 'node:fs';
import { EcomError, errorMessage } from '../../errors.ts';

export interface RedisOptions {
  /**
   * `redis://[user:password@]host[:port][/db][?prefix=NAME]`. `rediss:` speaks TLS. `redis+cluster:`, or `cluster=true`, is
   * Redis Cluster, where several nodes may be named, with commas between them.
   */
  readonly url: string;
  /** Where the URL names none. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM file of the authority that signed the server's certificate; those that Node.js knows where absent. */
  readonly caFile?: string | undefined;
}

/** What the URL and the options say together. */
export interface RedisTarget {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly cluster: boolean;
  readonly tls: { readonly ca?: Buffer } | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  /** All keys begin with `{prefix}:`: one hash tag, so that they lie on one node of a cluster. */
  readonly prefix: string;
}

const DEFAULT_PORT = 6379;
const DEFAULT_PREFIX = 'ecom';
const FORM = /^(rediss?)(\+cluster)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)([/?#].*)?$/;

/** @throws EcomError `USAGE` where the URL is not one of Redis; the message shows nothing of it, as it may hold a password. */
export function parseRedisUrl({ url, username, password, caFile }: RedisOptions): RedisTarget {
  const parts = FORM.exec(url);
  if (parts === null) throw wrong('it is not redis://host:port');
  const [, scheme, clusterScheme, user, hosts = '', rest = ''] = parts;
  const first = readUrl(`redis://${user === undefined ? '' : `${user}@`}localhost${rest}`);
  const { prefix = DEFAULT_PREFIX, cluster: wanted } = readParameters(first);
  const cluster = clusterScheme !== undefined || wanted === 'true';
  const nodes = hosts.split(',').map(readNode);
  const db = Number(first.pathname.slice(1) || 0);
  if (!Number.isInteger(db) || db < 0) throw wrong('the database after the host is not a number');
  if (cluster && db !== 0) throw wrong('a cluster has no database but 0');
  if (!cluster && nodes.length > 1) throw wrong('only redis+cluster:// takes several hosts');
  return {
    nodes,
    cluster,
    tls: scheme === 'rediss' ? readAuthority(caFile) : undefined,
    username: decode(first.username) || username,
    password: decode(first.password) || password,
    db,
    prefix,
  };
}

function readParameters({ searchParams, hash }: URL): { prefix?: string; cluster?: string } {
  if (hash !== '') throw wrong('it has a #: write %23 for one in a password');
  for (const [name, value] of searchParams) {
    const form = name === 'prefix' ? /^[\w.:-]{1,64}$/ : name === 'cluster' ? /^(true|false)$/ : undefined;
    if (form === undefined) throw wrong(`it knows prefix and cluster, not ${name.slice(0, 20)}`);
    if (!form.test(value)) {
      throw wrong(
        name === 'prefix'
          ? 'a prefix has at most 64 letters, digits and . : _ -'
          : 'cluster is true or false',
      );
    }
  }
  return Object.fromEntries(searchParams);
}

function readNode(text: string): { host: string; port: number } {
  const { hostname, port } = readUrl(`redis://${text === '' ? 'localhost' : text}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || DEFAULT_PORT) };
}

function readUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw wrong('host, port or password have characters that a URL cannot have');
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('user or password have a % that stands for nothing: write %25');
  }
}

function readAuthority(caFile: string | undefined): { ca?: Buffer } {
  if (caFile === undefined) return {};
  try {
    return { ca: readFileSync(caFile) };
  } catch (cause) {
    throw new EcomError('USAGE', `ECOM_REDIS_CA_FILE cannot be read: ${errorMessage(cause)}`, {
      hint: 'name the PEM file of the authority that signed the certificate of Redis',
      cause,
    });
  }
}

function wrong(why: string): EcomError {
  return new EcomError('USAGE', `ECOM_LIVE_URL: ${why}`, {
    hint: 'write redis://host:6379/0?prefix=ecom; the password can also be in ECOM_REDIS_PASSWORD',
  });
}
