import { type ConnectionOptions } from 'node:tls';
import { type Endpoint, inTime, openPort } from './network.ts';

/** By the number of each kind of request that a broker knows, the oldest and the newest version that it takes. */
export type KafkaApis = ReadonlyMap<number, { readonly oldest: number; readonly newest: number }>;

const API_VERSIONS = 18;
const FETCH = 1;
/** Came with 3.0. */
const DESCRIBE_TRANSACTIONS = 65;
const CORRELATION = 0x6563_6f6d;
const CLIENT = 'ecom-doctor';
/** Bytes of the answer: some 60 kinds of 6 bytes each, and what comes later. */
const MAX_ANSWER = 65_536;

/**
 * Asks a broker which requests it knows: the one question that is answered before anybody logs in.
 * @throws where what listens there closes the connection, is silent, or answers as no broker does
 */
export async function askApis(endpoint: Endpoint, tls: ConnectionOptions | undefined): Promise<KafkaApis> {
  const socket = await openPort(endpoint, tls);
  try {
    socket.write(request());
    return await inTime(
      new Promise((resolve, reject) => {
        let bytes = Buffer.alloc(0);
        socket.on('data', (chunk: Buffer) => {
          bytes = Buffer.concat([bytes, chunk]);
          try {
            const apis = parse(bytes);
            if (apis !== undefined) resolve(apis);
          } catch (error) {
            reject(error as Error);
          }
        });
        socket.on('error', reject);
        socket.on('close', () => reject(new Error('it closes the connection')));
      }),
    );
  } finally {
    socket.destroy();
  }
}

/** The major version of a broker, by what it knows. Brokers do not tell their version. */
export function kafkaVersion(apis: KafkaApis): '4' | '3' | 'older' {
  // 4.0 dropped the first four versions of Fetch.
  if ((apis.get(FETCH)?.oldest ?? 0) >= 4) return '4';
  return apis.has(DESCRIBE_TRANSACTIONS) ? '3' : 'older';
}

/** ApiVersions, version 0: size, kind, version, correlation id, client id; it has no body. */
function request(): Buffer {
  const bytes = Buffer.alloc(14 + CLIENT.length);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt16BE(API_VERSIONS, 4);
  bytes.writeInt16BE(0, 6);
  bytes.writeInt32BE(CORRELATION, 8);
  bytes.writeInt16BE(CLIENT.length, 12);
  bytes.write(CLIENT, 14);
  return bytes;
}

/** Size, correlation id, error code, then an array of kind, oldest and newest; `undefined` until all of it is there. */
function parse(bytes: Buffer): KafkaApis | undefined {
  if (bytes.length < 14) return undefined;
  const size = bytes.readInt32BE(0);
  const count = bytes.readInt32BE(10);
  if (bytes.readInt32BE(4) !== CORRELATION || size > MAX_ANSWER || size !== 10 + count * 6) {
    throw new Error('it answers, but not as Kafka does');
  }
  if (bytes.length < 4 + size) return undefined;
  const apis = new Map<number, { oldest: number; newest: number }>();
  for (let i = 0; i < count; i += 1) {
    const at = 14 + i * 6;
    apis.set(bytes.readInt16BE(at), {
      oldest: bytes.readInt16BE(at + 2),
      newest: bytes.readInt16BE(at + 4),
    });
  }
  return apis;
}
