import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Config } from './config.ts';

/** The part of pino that we use. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Folder of the log files, one `<component>.log` each. */
export function logsDir(config: Pick<Config, 'dataDir'>): string {
  return join(config.dataDir, 'logs');
}

/** A logger that appends JSON lines to the component's file, written at once so that a crash loses none. */
export function createLogger(config: Config, component: string): Logger {
  const dir = logsDir(config);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const destination = pino.destination({ dest: join(dir, `${component}.log`), append: true, sync: true, mode: 0o600 });
  return pino({ level: config.logLevel, base: { component, pid: process.pid }, redact: ['*.url', '*.password'] }, destination);
}
