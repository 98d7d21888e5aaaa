import { randomUUID } from 'node:crypto';
import { resolveSrv } from 'node:dns/promises';
import { type Db, type MongoClient } from 'mongodb';
import { type Config } from '../../config.ts';
import { errorCode } from '../../errors.ts';
import { type Check, fail, ok } from './check.ts';
import {
  checkEndpoints,
  type Endpoint,
  findUnspokenTls,
  inTime,
  LOOK_MS,
  oneLine,
  type Way,
} from './network.ts';
import { atLeast, checkClock, inTurn } from './steps.ts';

const OLDEST = '6.0';
/** Codes of MongoDB. */
const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;

/** Whether a document store on MongoDB can be reached, logged in to, and written, and how well it fits. */
export async function checkMongodb(config: Config): Promise<Check[]> {
  const client = await createClient(config);
  if (!('db' in client)) return [client];
  const { tls, ca } = client.options;
  const way: Way = {
    variable: 'ECOM_DOCUMENTS_URL',
    withTls: '?tls=true',
    withoutTls: '?tls=false',
    caVariable: 'ECOM_MONGODB_CA_FILE',
    tls: tls ? { ca } : undefined,
  };
  let hosts: readonly Endpoint[] = [];
  try {
    const db = client.db();
    return await inTurn(
      async () => {
        try {
          const { check, reached } = await checkEndpoints('mongodb host', await findHosts(client), way);
          hosts = reached;
          return [check];
        } catch (error) {
          return [unlisted(client, error)];
        }
      },
      async () => [await checkLogin(client, hosts, way)],
      async () => [await checkVersion(db)],
      async () => [await checkRights(db)],
      async () => [await checkClock('mongodb clock', () => localTime(db))],
    );
  } finally {
    // It waits for what is under way, which may be what does not answer.
    await inTime(client.close(true)).catch(() => {});
  }
}

async function createClient(config: Config): Promise<MongoClient | Check> {
  const { MongoClient } = await import('mongodb');
  try {
    return new MongoClient(config.documentsUrl, {
      serverSelectionTimeoutMS: LOOK_MS,
      connectTimeoutMS: LOOK_MS,
      socketTimeoutMS: LOOK_MS,
    });
  } catch (error) {
    // Its words may hold what it took for a host, which can be the end of a password.
    const option = /^option \S+ is not supported/.exec(oneLine(error))?.[0];
    return fail(
      'mongodb url',
      `ECOM_DOCUMENTS_URL cannot be read${option === undefined ? '' : `: ${option}`}`,
      'write mongodb://host:27017/database; a user and a password can also be in ECOM_MONGODB_USERNAME and ECOM_MONGODB_PASSWORD',
    );
  }
}

/** The servers that the URL names, or that its name is listed with. */
async function findHosts({ options: { srvHost, hosts } }: MongoClient): Promise<Endpoint[]> {
  if (srvHost === undefined) {
    return hosts.map(({ host, port }) => ({ host: host ?? 'localhost', port: port ?? 27017 }));
  }
  const records = await inTime(resolveSrv(`_mongodb._tcp.${srvHost}`));
  return records.map(({ name: host, port }) => ({ host, port }));
}

function unlisted({ options: { srvHost } }: MongoClient, error: unknown): Check {
  return fail(
    'mongodb host',
    `no servers are listed for ${srvHost}: ${errorCode(error) ?? oneLine(error)}`,
    'correct the host in ECOM_DOCUMENTS_URL, or write mongodb:// where it is the name of a server',
  );
}

async function checkLogin(client: MongoClient, hosts: readonly Endpoint[], way: Way): Promise<Check> {
  const name = 'mongodb login';
  const user = client.options.credentials?.username || undefined;
  try {
    await inTime(client.connect(), 2 * LOOK_MS);
    return ok(name, user === undefined ? 'without a user' : `as ${user}`);
  } catch (error) {
    if (codeOf(error) === AUTHENTICATION_FAILED) {
      return fail(
        name,
        `the server refuses ${user ?? 'a client without a user'}: ${oneLine(error)}`,
        'correct user and password in ECOM_DOCUMENTS_URL, or ECOM_MONGODB_USERNAME and ECOM_MONGODB_PASSWORD; ?authSource= names the database that knows the user',
      );
    }
    const problem = hosts[0] === undefined ? undefined : await findUnspokenTls(hosts[0], way);
    return fail(
      name,
      problem?.detail ?? `it can be reached, but does not answer as MongoDB does: ${oneLine(error)}`,
      problem?.advice ??
        'see whether it is MongoDB that listens there, and whether ?replicaSet= and ?directConnection= in ECOM_DOCUMENTS_URL fit it',
    );
  }
}

async function checkVersion(db: Db): Promise<Check> {
  const name = 'mongodb version';
  try {
    const info = await inTime(db.command({ buildInfo: 1 }));
    const ferret = info.ferretdbVersion ?? info.ferretdb?.version;
    if (ferret !== undefined) {
      return ok(
        name,
        `FerretDB ${ferret}, which answers as MongoDB ${info.version}; ecom deletes old events itself`,
      );
    }
    if (atLeast(String(info.version), OLDEST)) return ok(name, String(info.version));
    return fail(name, `${info.version} is too old`, `upgrade MongoDB to ${OLDEST} or newer`);
  } catch (error) {
    return fail(name, oneLine(error), rightsAdvice(db, error));
  }
}

/** Writes, reads and deletes a document in a collection of its own, and drops that. */
async function checkRights(db: Db): Promise<Check> {
  const name = 'mongodb rights';
  const collection = db.collection<{ _id: string }>(`ecom_doctor_${randomUUID()}`);
  try {
    await inTime(collection.insertOne({ _id: 'a' }));
    await inTime(collection.findOne({ _id: 'a' }));
    await inTime(collection.deleteOne({ _id: 'a' }));
    return ok(name, `reads and writes the database ${db.databaseName}`);
  } catch (error) {
    return fail(
      name,
      `the database ${db.databaseName} cannot be written: ${oneLine(error)}`,
      rightsAdvice(db, error),
    );
  } finally {
    await inTime(collection.drop()).catch(() => {});
  }
}

function rightsAdvice(db: Db, error: unknown): string {
  return codeOf(error) === UNAUTHORIZED
    ? `set a user in ECOM_MONGODB_USERNAME and ECOM_MONGODB_PASSWORD that has the role readWrite on ${db.databaseName}`
    : 'see the log of the server';
}

async function localTime(db: Db): Promise<number> {
  const { localTime: time } = await inTime(db.command({ hello: 1 }));
  return (time as Date).getTime();
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
