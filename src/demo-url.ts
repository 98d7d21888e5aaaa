/** Added to the name of a topic or database, or to a prefix. */
const SUFFIX = { kafka: '.demo', other: '-demo' } as const;

/**
 * The place of the simulated shop beside a shop's own on the same server: another topic, database or prefix. The embedded
 * stores lie in another folder already. A URL of an unknown form stays as it is, for whoever opens it to refuse.
 */
export function demoUrl(url: string): string {
  if (/^kafkas?:/.test(url)) return besideTopic(url);
  if (/^mongodb(\+srv)?:/.test(url)) return besideDatabase(url);
  return /^rediss?(\+cluster)?:/.test(url) ? besidePrefix(url) : url;
}

/** The topic is our own, whoever writes the other one, and in which format. */
function besideTopic(url: string): string {
  const [, server, topic, query] =
    /^([^:]+:\/\/(?:.*@)?[^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url) ?? [];
  if (server === undefined) return url;
  const parameters = new URLSearchParams(query);
  parameters.delete('format');
  parameters.delete('group');
  const rest = parameters.size === 0 ? '' : `?${parameters}`;
  return `${server}/${topic?.replace(/\/$/, '') || 'ecom.events'}${SUFFIX.kafka}${rest}`;
}

/** A user whom a database has stays that database's. */
function besideDatabase(url: string): string {
  const [, server, database, query] = /^([^:]+:\/\/[^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url) ?? [];
  if (server === undefined) return url;
  const named = database ? [`authSource=${database}`] : [];
  const source = server.includes('@') && !/(^|&)authSource=/i.test(query ?? '') ? named : [];
  const rest = [...(query ? [query] : []), ...source].join('&');
  return `${server}/${database || 'ecom'}${SUFFIX.other}${rest === '' ? '' : `?${rest}`}`;
}

function besidePrefix(url: string): string {
  const known = /[?&]prefix=([^&#]*)/.exec(url);
  if (known !== null) {
    const end = known.index + known[0].length;
    return `${url.slice(0, end)}${SUFFIX.other}${url.slice(end)}`;
  }
  return `${url}${url.includes('?') ? '&' : '?'}prefix=ecom${SUFFIX.other}`;
}
