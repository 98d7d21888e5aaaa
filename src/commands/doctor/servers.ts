import { type Config } from '../../config.ts';
import { errorMessage } from '../../errors.ts';
import { isEmbedded, PORTS } from '../store-check.ts';
import { type Check, fail } from './check.ts';

type Port = (typeof PORTS)[number];

/**
 * Looks at every server that a port’s URL names: whether it can be reached, logged in to, read and written, and whether its
 * version and its settings fit. Nothing is left behind, and no answer is waited for longer than some seconds.
 */
export async function checkServers(config: Config): Promise<Check[]> {
  const ports = PORTS.filter((port) => !isEmbedded(config, port));
  return (await Promise.all(ports.map((port) => checkServer(config, port)))).flat();
}

async function checkServer(config: Config, port: Port): Promise<Check[]> {
  const check = CHECKS[port];
  const url = { log: config.logUrl, documents: config.documentsUrl, live: config.liveUrl }[port];
  const scheme = url.slice(0, url.indexOf(':') + 1);
  if (!check.schemes.includes(scheme)) {
    return [
      fail(
        `${port} store`,
        `ECOM_${port.toUpperCase()}_URL: there is no ${port} store that speaks ${scheme}`,
        `use ${check.schemes.join(', ')} or sqlite:`,
      ),
    ];
  }
  try {
    return await check.run(config);
  } catch (error) {
    return [fail(`${port} store`, errorMessage(error), 'see the log of the server')];
  }
}

// A client is only loaded where its server is to be looked at.
const CHECKS: Readonly<
  Record<Port, { readonly schemes: readonly string[]; run(config: Config): Promise<Check[]> }>
> = {
  log: {
    schemes: ['kafka:', 'kafkas:'],
    run: async (config) => (await import('./kafka.ts')).checkKafka(config),
  },
  documents: {
    schemes: ['mongodb:', 'mongodb+srv:'],
    run: async (config) => (await import('./mongodb.ts')).checkMongodb(config),
  },
  live: {
    schemes: ['redis:', 'rediss:', 'redis+cluster:', 'rediss+cluster:'],
    run: async (config) => (await import('./redis.ts')).checkRedis(config),
  },
};
