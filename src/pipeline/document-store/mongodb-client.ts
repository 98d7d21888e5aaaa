import { type Db, type MongoClient } from 'mongodb';
import { EcomError, errorMessage } from '../../errors.ts';

export interface MongoAddress {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile?: string | undefined;
}

const DATABASE = 'ecom';
const CONNECT_MS = 8000;
/** How long a server that is away is waited for, ms. Whoever waits longer says so. */
const SELECTION_MS = 3000;

export interface MongoConnection {
  /** The database that the URL names; it connects when it is first asked for. */
  database(): Promise<Db>;
  close(): Promise<void>;
}

export function connectMongo({ url, username, password, caFile }: MongoAddress): MongoConnection {
  let client: Promise<MongoClient> | undefined;

  async function connect(): Promise<MongoClient> {
    const { MongoClient } = await import('mongodb');
    const fresh = new MongoClient(url, {
      appName: 'ecom',
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: CONNECT_MS,
      // Every write is idempotent by its id, and not every server has sessions.
      retryWrites: false,
      ignoreUndefined: true,
      ...(username === undefined ? {} : { auth: { username, password: password ?? '' } }),
      ...(caFile === undefined ? {} : { tlsCAFile: caFile }),
    });
    try {
      return await fresh.connect();
    } catch (error) {
      await fresh.close().catch(() => {});
      throw error;
    }
  }
  return {
    async database() {
      client ??= connect();
      const connecting = client;
      try {
        return (await connecting).db(nameIn(url));
      } catch (error) {
        // A client whose first connection fails stays closed for good: the next one who asks gets another.
        if (client === connecting) client = undefined;
        throw error;
      }
    },
    async close() {
      const connected = await client?.catch(() => undefined);
      await connected?.close();
    },
  };
}

function nameIn(url: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]*)/.exec(url)?.[1];
  return path ? decodeURIComponent(path) : DATABASE;
}

/** Whether an error is about a server that is away, and may pass. */
export function isPassing(error: unknown): boolean {
  const { name = '', code = 0, errorResponse } = error as MongoFailure;
  // A bulk write wraps what it failed for.
  if (errorResponse instanceof Error && errorResponse !== error) return isPassing(errorResponse);
  return (
    PASSING_CODES.has(code) ||
    /^Mongo(Network|ServerSelection|ServerClosed|PoolCleared|PoolClosed|TopologyClosed|ConnectionPool)/.test(
      name,
    )
  );
}

interface MongoFailure {
  readonly name?: string;
  readonly code?: number;
  readonly errorResponse?: unknown;
}

/** Of a server that ends, or hands its place on to another one. */
const PASSING_CODES = new Set([6, 7, 89, 91, 189, 9001, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** Codes for a document that is too large, nested too deeply, or has a name or a value that the server takes in none. */
const DOCUMENT_CODES: ReadonlySet<unknown> = new Set([
  2, 14, 15, 22, 52, 57, 121, 10_334, 17_280, 17_419, 17_420,
]);

/** Whether an error is about what was to be stored: however often it is tried, it is refused. */
function isOfDocument(error: unknown): boolean {
  const { name = '', code, writeErrors } = error as { name?: string; code?: number; writeErrors?: unknown };
  if (error instanceof RangeError || error instanceof TypeError || name.startsWith('BSON')) return true;
  const codes = [code, ...[writeErrors ?? []].flat().map((one) => (one as { code?: number }).code)];
  return codes.some((one) => DOCUMENT_CODES.has(one));
}

/** What a driver's error means to people; never with a secret in it. */
export function mongoError(error: unknown, url: string): EcomError {
  if (error instanceof EcomError) return error;
  const { name = '', code } = error as { name?: string; code?: number };
  const where = `mongodb ${url
    .replace(/^[^:]*:\/\//, '')
    .replace(/^.*@/s, '')
    .replace(/[/?].*$/s, '')}`;
  if (code === 18 || code === 13 || /auth/i.test(errorMessage(error))) {
    return new EcomError('UNAVAILABLE', `${where} refuses the user or what it wants to do`, {
      hint: 'check ECOM_MONGODB_USERNAME and ECOM_MONGODB_PASSWORD, and the user’s roles; ecom doctor says more',
      cause: error,
    });
  }
  if (name === 'MongoParseError' || name === 'MongoInvalidArgumentError' || name === 'MongoAPIError') {
    return new EcomError('USAGE', 'ECOM_DOCUMENTS_URL is no address that the driver understands', {
      hint: 'mongodb://[user:password@]host:27017/ecom',
      cause: error,
    });
  }
  const passing = isPassing(error);
  if (isOfDocument(error)) {
    return new EcomError('REFUSED', `${where} takes no such document: ${errorMessage(error).slice(0, 200)}`, {
      cause: error,
    });
  }
  return new EcomError(passing ? 'UNAVAILABLE' : 'STORAGE', `${where}: ${errorMessage(error)}`, {
    hint: 'is it running, and the address right? ecom doctor looks',
    cause: error,
    ...(passing ? { away: where } : {}),
  });
}
