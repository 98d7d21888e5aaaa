import { EcomError } from '../../errors.ts';
import { type Stats, type WindowLabel } from '../stats/types.ts';

/** What a rule looks at, as a number; null where there is nothing to tell. */
const METRICS: Readonly<Record<string, (stats: Stats) => number | null>> = {
  revenue: ({ kpis }) => Number(kpis.revenue.gross),
  net: ({ kpis }) => Number(kpis.revenue.net),
  refunds: ({ kpis }) => Number(kpis.revenue.refunds),
  orders: ({ kpis }) => kpis.orders,
  units: ({ kpis }) => kpis.unitsSold,
  events: ({ kpis }) => kpis.events,
  users: ({ kpis }) => kpis.users,
  buyers: ({ kpis }) => kpis.buyers,
  sessions: ({ kpis }) => kpis.sessions,
  conversion: ({ kpis }) => kpis.conversion.session,
  abandonment: ({ kpis }) => kpis.cartAbandonment,
  bounce: ({ kpis }) => kpis.bounceRate,
  aov: ({ kpis }) => (kpis.averageOrderValue === null ? null : Number(kpis.averageOrderValue)),
  rejected: ({ freshness }) => freshness.rejected,
  late: ({ freshness }) => freshness.late,
  duplicates: ({ freshness }) => freshness.duplicates,
  lost: ({ freshness }) => freshness.lost,
  truncated: ({ freshness }) => freshness.truncated,
  tombstones: ({ freshness }) => freshness.tombstones,
  backlog: ({ freshness }) => freshness.backlog,
  lag: ({ freshness }) => (freshness.lagMs === null ? null : freshness.lagMs / 1000),
};
/** Of these, a threshold in % is a share of what was received. */
const SHARES = ['rejected', 'late', 'duplicates', 'truncated'];
/** These are ratios already. */
const RATIOS = ['conversion', 'abandonment', 'bounce'];

/** These have no period. */
const OF_NOW = ['backlog', 'lag'];

type Operator = '<' | '<=' | '>' | '>=';

export interface Rule {
  readonly name: string;
  /** As it was written. */
  readonly when: string;
  readonly window: WindowLabel;
  /** Whether the length before is needed too. */
  readonly compares: boolean;
  /** How long it has to hold, without a break, before it fires, ms. */
  readonly forMs: number;
  /** Run without a shell: program and arguments. */
  readonly command: readonly string[] | undefined;
  /** Gets a POST with JSON. */
  readonly webhook: string | undefined;
  /** Headers of that POST; `${NAME}` in a value stands for a variable of the environment. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** @returns null where there is nothing to tell */
  evaluate(stats: Stats): { readonly value: number | null; readonly holds: boolean };
}

const RULE =
  /^(?<metric>[a-z]+)(?:\s+(?<window>5m|30m|1h|24h|7d|30d))?\s*(?:(?<operator><=|>=|<|>)\s*(?<value>-?\d+(?:\.\d+)?)\s*(?<percent>%)?|(?<direction>drops|rises)\s+(?:by\s+)?(?<change>\d+(?:\.\d+)?)\s*%(?:\s+vs\s+previous)?)(?:\s+for\s+(?<length>\d+)\s*(?<unit>[smh]))?$/;
/** Longest rule, characters. */
const MAX_LENGTH = 200;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads a rule such as `revenue 5m drops 40% vs previous`, `conversion<0.01 for 10m` or `rejected>1%`. Without a window it
 * is the last 30 minutes.
 * @throws EcomError `USAGE`
 */
export function parseRule(
  name: string,
  when: string,
  { command, webhook, headers }: Partial<Pick<Rule, 'command' | 'webhook' | 'headers'>> = {},
): Rule {
  const groups = when.length > MAX_LENGTH ? undefined : RULE.exec(when.trim())?.groups;
  const read = groups === undefined ? undefined : METRICS[groups.metric!];
  if (groups === undefined || read === undefined) {
    const why = groups === undefined ? 'is no rule' : `names '${groups.metric}', which is not counted`;
    throw new EcomError('USAGE', `alert '${name}': '${when.slice(0, MAX_LENGTH)}' ${why}`, {
      hint: `such as 'revenue 5m drops 40% vs previous' or 'conversion<1% for 10m'; of ${Object.keys(METRICS).join(', ')}`,
    });
  }
  const { metric, window = '30m', operator, value, percent, direction, change, length, unit } = groups;
  const base = {
    name,
    when: when.trim(),
    window: window as WindowLabel,
    forMs: length === undefined ? 0 : Number(length) * UNIT_MS[unit!]!,
    command,
    webhook,
    headers,
  };
  if (direction !== undefined) {
    if (OF_NOW.includes(metric!)) {
      throw new EcomError(
        'USAGE',
        `alert '${name}': ${metric} is of this moment, and nobody knows what it was before`,
        {
          hint: `compare it with a number: '${metric} > 100 for 5m'`,
        },
      );
    }
    const least = Number(change) / 100;
    return {
      ...base,
      compares: true,
      evaluate(stats) {
        const [now, before] = [read(stats), previous(read, stats)];
        if (now === null || before === null || before === 0) return { value: null, holds: false };
        const moved = now / before - 1;
        return { value: moved, holds: direction === 'drops' ? moved <= -least : moved >= least };
      },
    };
  }
  const share = percent !== undefined && SHARES.includes(metric!);
  if (percent !== undefined && !share && !RATIOS.includes(metric!)) {
    throw new EcomError('USAGE', `alert '${name}': ${metric} is no share, and '${when}' says %`, {
      hint: `compare it with a number, or with what was before: '${metric} drops 40%'`,
    });
  }
  const limit = Number(value) / (percent === undefined ? 1 : 100);
  return {
    ...base,
    compares: false,
    evaluate(stats) {
      const plain = read(stats);
      const { received } = stats.freshness;
      const now = !share || plain === null ? plain : received === 0 ? null : plain / received;
      return { value: now, holds: now !== null && compare(now, operator as Operator, limit) };
    },
  };
}

function previous(read: (stats: Stats) => number | null, stats: Stats): number | null {
  if (stats.comparison === undefined) return null;
  const { kpis, freshness } = stats.comparison;
  return read({ ...stats, kpis, freshness: { ...stats.freshness, ...freshness } });
}

function compare(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}

/**
 * Reads a file of rules: `{"alerts": [{"name": …, "when": …, "command": ["program", "argument"], "webhook": "https://…",
 * "headers": {"authorization": "Bearer ${TOKEN}"}}]}`.
 * @throws EcomError `USAGE`, naming the rule that is wrong
 */
export function parseRules(text: string, path: string): Rule[] {
  const wrong = (what: string): EcomError =>
    new EcomError('USAGE', `${path}: ${what}`, {
      hint: 'docs/alerts.md describes the file, with an example',
    });
  let file: { alerts?: unknown };
  try {
    file = JSON.parse(text) as typeof file;
  } catch (error) {
    throw wrong(`no JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(file?.alerts)) throw wrong("there is no list 'alerts'");
  const names = new Set<string>();
  return file.alerts.map((entry: unknown, i) => {
    const { name, when, command, webhook, headers, ...rest } = (entry ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || !/^[\w .:-]{1,64}$/.test(name)) throw wrong(`alert ${i + 1} has no name`);
    if (names.has(name)) throw wrong(`two alerts are called '${name}'`);
    names.add(name);
    if (typeof when !== 'string') throw wrong(`alert '${name}' has no 'when'`);
    const [other] = Object.keys(rest);
    if (other !== undefined) throw wrong(`alert '${name}' has '${other}', which says nothing`);
    if (command !== undefined && !isCommand(command))
      throw wrong(`the command of alert '${name}' is no list of program and arguments`);
    if (webhook !== undefined && !isWebUrl(webhook))
      throw wrong(`the webhook of alert '${name}' is no http URL`);
    if (headers !== undefined && (webhook === undefined || !areHeaders(headers)))
      throw wrong(`the headers of alert '${name}' are no object of texts beside a webhook`);
    return parseRule(name, when, { command, webhook, headers });
  });
}

function isCommand(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string');
}

function areHeaders(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, text]) => /^[\w-]{1,64}$/.test(name) && typeof text === 'string' && /^[ -~]{0,4096}$/.test(text),
  );
}

function isWebUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);
}
