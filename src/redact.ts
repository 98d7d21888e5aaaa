/** A scheme and all that follows it without a space: a password may hold any other character. */
const URL_LIKE = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)(\S+)/gi;

/**
 * The text without what may be secret in its URLs: user and password, what follows a `?`, and the path of a web address, by which
 * many webhooks are secret. Linear in the length of the text.
 */
export function redactUrls(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(URL_LIKE, (_, scheme: string, rest: string) => {
    const place = rest.slice(rest.lastIndexOf('@') + 1);
    const isWeb = /^https?:/i.test(scheme);
    const end = place.search(isWeb ? /[/?#]/ : /[?#]/);
    if (end === -1 || place.slice(end) === '/') return scheme + place;
    return `${scheme}${place.slice(0, end)}${isWeb ? '/…' : ''}`;
  });
}

/** A value for the log, with the texts in it redacted: errors become their message, stack and cause. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactUrls(value);
  if (typeof value !== 'object' || value === null || depth > 4) return value;
  if (Array.isArray(value)) return value.map((part) => redactValue(part, depth + 1));
  const own = Object.entries(value);
  if (value instanceof Error)
    own.push(['type', value.name], ['message', value.message], ['stack', value.stack]);
  if (value instanceof Error && value.cause !== undefined) own.push(['cause', value.cause]);
  return Object.fromEntries(own.map(([name, part]) => [name, redactValue(part, depth + 1)]));
}
