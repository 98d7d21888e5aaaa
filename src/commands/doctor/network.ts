import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { EcomError, errorCode, errorMessage } from '../../errors.ts';
import { stripControls } from '../../pipeline/events/text.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** How long one look at a server may take, ms. */
export const LOOK_MS = 5000;
/** What a server that speaks TLS takes to say so, ms. */
const HANDSHAKE_MS = 2000;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What is wrong, and what to do about it. */
export interface Problem {
  readonly detail: string;
  readonly advice: string;
}

/** How a server is spoken to, and the names of what its user can change. */
export interface Way {
  /** Of the URL, such as ECOM_LOG_URL. */
  readonly variable: string;
  /** What the URL has to say for TLS and for none, such as kafkas:// and kafka://. */
  readonly withTls: string;
  readonly withoutTls: string;
  /** Of the file with the certificate authority, such as ECOM_KAFKA_CA_FILE. */
  readonly caVariable: string;
  /** Options of TLS; none is spoken where undefined. */
  readonly tls: ConnectionOptions | undefined;
}

/** `host:port`, with brackets around an IPv6 address. */
export function endpointText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Whether an endpoint can be reached: its name, its port and, where that is spoken, TLS.
 * @returns what is wrong; `undefined` where nothing is
 */
export async function findProblem(endpoint: Endpoint, way: Way): Promise<Problem | undefined> {
  const shown = endpointText(endpoint);
  try {
    await inTime(lookup(endpoint.host));
  } catch (error) {
    return {
      detail: `the host ${endpoint.host} cannot be resolved: ${errorCode(error) ?? errorMessage(error)}`,
      advice: `correct the host in ${way.variable}, or make it known to this machine (DNS, /etc/hosts)`,
    };
  }
  try {
    (await openPort(endpoint)).destroy();
  } catch (error) {
    const refused = errorCode(error) === 'ECONNREFUSED';
    return {
      detail: refused ? `nothing listens on ${shown}` : `${shown} cannot be reached: ${oneLine(error)}`,
      advice: refused
        ? `start the server, or correct host and port in ${way.variable}`
        : 'see whether a firewall lies between, and whether the server listens on that address',
    };
  }
  if (way.tls === undefined) return undefined;
  try {
    (await openTls(endpoint, way.tls)).destroy();
    return undefined;
  } catch (error) {
    return tlsProblem(endpoint, way, error);
  }
}

/**
 * Whether the servers of a URL can be reached; one that can is enough to begin with, the others are a warning.
 * @returns those that can too
 */
export async function checkEndpoints(
  name: string,
  endpoints: readonly Endpoint[],
  way: Way,
): Promise<{ check: Check; reached: readonly Endpoint[] }> {
  const problems = await Promise.all(endpoints.map((endpoint) => findProblem(endpoint, way)));
  const reached = endpoints.filter((_, i) => problems[i] === undefined);
  const wrong = problems.filter((problem) => problem !== undefined);
  const [first] = wrong;
  if (first === undefined) {
    return { check: ok(name, `${endpoints.map(endpointText).join(', ')} can be reached`), reached };
  }
  const report = reached.length === 0 ? fail : warn;
  return { check: report(name, wrong.map(({ detail }) => detail).join('; '), first.advice), reached };
}

function tlsProblem(endpoint: Endpoint, way: Way, error: unknown): Problem {
  const shown = endpointText(endpoint);
  const code = errorCode(error) ?? '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      detail: `the certificate of ${shown} is not for ${endpoint.host}`,
      advice: `write a name in ${way.variable} that the certificate holds`,
    };
  }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return {
      detail: `the certificate of ${shown} is not trusted: ${oneLine(error)}`,
      advice: `set ${way.caVariable} to the PEM file of the authority that signed it`,
    };
  }
  return {
    detail: `${shown} does not speak TLS: ${oneLine(error)}`,
    advice: `use ${way.withoutTls} in ${way.variable}, or the port on which the server speaks TLS`,
  };
}

/** Whether a server that is spoken to without TLS, and does not answer as it should, wants TLS. */
export async function findUnspokenTls(endpoint: Endpoint, way: Way): Promise<Problem | undefined> {
  if (way.tls !== undefined) return undefined;
  try {
    (await inTime(openTls(endpoint, { rejectUnauthorized: false }), HANDSHAKE_MS)).destroy();
  } catch {
    return undefined;
  }
  return {
    detail: `${endpointText(endpoint)} speaks TLS`,
    advice: `use ${way.withTls} in ${way.variable}; ${way.caVariable} names the authority that signed its certificate`,
  };
}

/** A socket that is connected, with TLS where there are options for it. */
export function openPort(endpoint: Endpoint, tls?: ConnectionOptions): Promise<Socket> {
  return tls === undefined ? connected(connect({ ...endpoint }), 'connect') : openTls(endpoint, tls);
}

function openTls({ host, port }: Endpoint, options: ConnectionOptions): Promise<Socket> {
  return connected(
    connectTls({ host, port, servername: isName(host) ? host : '', ...options }),
    'secureConnect',
  );
}

/** TLS wants the name of the server, and forbids an address in its place. */
function isName(host: string): boolean {
  return !/^[\d.]+$|:/.test(host);
}

function connected<T extends Socket>(socket: T, event: string): Promise<T> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(LOOK_MS, () => socket.destroy(new Error(`no answer within ${LOOK_MS / 1000} s`)));
    socket.once(event, () => resolve(socket));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}

/** The work's result, unless that takes too long; the work itself goes on then. */
export async function inTime<T>(work: Promise<T>, ms = LOOK_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new EcomError('UNAVAILABLE', `no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a server or a client said, as one line of a bearable length. */
export function oneLine(error: unknown): string {
  return stripControls(errorMessage(error).replace(/\s+/g, ' ')).slice(0, 200);
}
