import { copyFileSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type Config } from './config.ts';
import { redactUrls, redactValue } from './redact.ts';

/** The log of errors that nobody foresaw, of commands that are no component. */
export const COMMANDS_LOG = 'commands';

/** The part of pino that we use. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Size at which a log file is set aside, bytes: with its predecessor it takes at most about twice as much. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** Folder of the log files, one `<name>.log` each. */
export function logsDir(config: Pick<Config, 'dataDir'>): string {
  return join(config.dataDir, 'logs');
}

/** The log file of the supervisor or of a worker. */
export function logFile(config: Pick<Config, 'dataDir'>, name: string): string {
  return join(logsDir(config), `${name}.log`);
}

/** A logger that appends JSON lines to the component's file, written at once so that a crash loses none. */
export async function createLogger(config: Config, component: string): Promise<Logger> {
  const { pino } = await import('pino');
  mkdirSync(logsDir(config), { recursive: true, mode: 0o700 });
  const dest = logFile(config, component);
  const destination = pino.destination({ dest, append: true, sync: true, mode: 0o600 });
  // A full disk must not bring down who only wanted to mention something.
  destination.on('error', () => {});
  const base = { component, pid: process.pid };
  const options = {
    level: config.logLevel,
    base,
    redact: ['*.url', '*.password'],
    serializers: { err: (error: unknown) => error },
    hooks: {
      // What is logged may be somebody else's error text, which holds the URL that it is about.
      logMethod([fields, message]: [object, string], method: (fields: object, message: string) => void) {
        method.call(this, redactValue(fields) as object, redactUrls(message));
      },
    },
  };
  const logger: Logger = pino(options as object, destination);
  return logger;
}

/**
 * Moves what a log file holds to `<file>.1` once it is large. It is copied and then cut, not renamed, because several
 * processes have it open to append.
 */
export function limitLogFile(path: string): void {
  try {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= MAX_LOG_BYTES) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  } catch {
    // The disk is full or the folder gone: the next look tries again.
  }
}
