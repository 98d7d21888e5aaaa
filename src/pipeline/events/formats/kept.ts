import { AGENT_PROPERTY, saysAgent } from '../agent-name.ts';

/** What a property may be: a list or an object has no place among the stable names. */
function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/**
 * Properties of an event under names that are the same whatever the source: `country`, `region`, `city`, `device`, `os`,
 * `browser`, `language`, `user_agent`, `source`, `medium`, `campaign`, `path`, `referrer`; and what the source has besides,
 * under its own names. Of what is said twice, the first counts.
 */
export class KeptProperties {
  private readonly values: Record<string, string | number | boolean> = {};
  private isEmpty = true;

  add(called: string, value: unknown): void {
    const name = saysAgent(called, value) ? AGENT_PROPERTY : called;
    if (name === '__proto__' || value === '' || !isScalar(value) || Object.hasOwn(this.values, name)) return;
    this.values[name] = value;
    this.isEmpty = false;
  }

  /** @param others fields that have a meaning of their own */
  addAll(fields: Readonly<Record<string, unknown>>, others: ReadonlySet<string>): void {
    for (const name of Object.keys(fields)) if (!others.has(name)) this.add(name, fields[name]);
  }

  /** `undefined` where there are none. */
  all(): Readonly<Record<string, string | number | boolean>> | undefined {
    return this.isEmpty ? undefined : this.values;
  }
}

/** The path of an address such as `https://shop.example/tea?utm_source=x`, or of a path; `undefined` for anything else. */
export function pathOf(address: unknown): string | undefined {
  if (typeof address !== 'string') return undefined;
  return /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?(\/[^?#]*)?/i.exec(address)?.[1];
}
