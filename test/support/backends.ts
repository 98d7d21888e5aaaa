import { describe } from 'vitest';

/** The servers that suites can run against, and where each one's URL comes from. */
const VARIABLES = {
  kafka: 'ECOM_TEST_KAFKA_URL',
  mongodb: 'ECOM_TEST_MONGODB_URL',
  redis: 'ECOM_TEST_REDIS_URL',
  'redis-cluster': 'ECOM_TEST_REDIS_CLUSTER_URL',
} as const;

export type Backend = keyof typeof VARIABLES;

/** URL of a test server; `undefined` where there is none. */
export function backendUrl(backend: Backend): string | undefined {
  return process.env[VARIABLES[backend]] || undefined;
}

/**
 * Describes what needs servers. Without them it is skipped, unless `REQUIRE_BACKENDS` names one: then it fails.
 * `scripts/services.sh env` prints the variables for the servers that it starts.
 */
export function describeWith(backends: readonly Backend[], name: string, body: () => void): void {
  const missing = backends.filter((backend) => backendUrl(backend) === undefined);
  const required = (process.env.REQUIRE_BACKENDS ?? '').split(',');
  const lacking = missing.filter((backend) => required.includes(backend.replace(/-cluster$/, '')));
  if (lacking.length > 0)
    throw new Error(`${lacking.map((backend) => VARIABLES[backend]).join(', ')} not set`);
  describe.skipIf(missing.length > 0)(name, body);
}

/** A name that no other test has: of a topic, a database or a prefix. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${process.pid.toString(36)}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 6)}`;
}
