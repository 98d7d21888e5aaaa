import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Config, loadConfig } from '../src/config.ts';
import { packageFile } from '../src/package-root.ts';
import { withDataDir } from './harness.ts';

const VARIABLES = {
  ECOM_LOG_URL: 'ECOM_TEST_KAFKA_URL',
  ECOM_DOCUMENTS_URL: 'ECOM_TEST_MONGODB_URL',
  ECOM_LIVE_URL: 'ECOM_TEST_REDIS_URL',
} as const;

/** The test servers that are not there, by the variable that would name them. */
export function missingServers(): string[] {
  return Object.values(VARIABLES).filter((name) => !process.env[name]);
}

/** Runs `work` with a shop of its own on the test servers. */
export function withServices<T>(work: (config: Config) => Promise<T>): Promise<T> {
  const name = `ecom-bench-${process.pid}-${Date.now().toString(36)}`;
  const url = (variable: keyof typeof VARIABLES): string =>
    process.env[VARIABLES[variable]]!.replace(/\/$/, '');
  return withDataDir(({ dataDir }) =>
    work(
      loadConfig(
        { dataDir },
        {
          ECOM_LOG_URL: `${url('ECOM_LOG_URL')}/${name}`,
          ECOM_DOCUMENTS_URL: `${url('ECOM_DOCUMENTS_URL')}/${name}`,
          ECOM_LIVE_URL: `${url('ECOM_LIVE_URL')}/0?prefix=${name}`,
        },
      ),
    ),
  );
}

/** The servers' processes by name; none where they were not started by scripts/services.sh on this machine. */
export function serverProcesses(): Map<string, number> {
  const found = new Map<string, number>();
  try {
    const text = execFileSync('bash', [packageFile('scripts', 'services.sh'), 'status'], {
      encoding: 'utf8',
    });
    for (const line of text.split('\n')) {
      const [name, , , pid] = line.split(/\s+/);
      if (name && Number(pid) > 0) found.set(name, Number(pid));
    }
  } catch {
    // They run elsewhere.
  }
  return found;
}

/** Processor time that a process has used, s; NaN where the system does not tell. */
export function cpuSeconds(pid: number): number {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return Number.NaN;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
