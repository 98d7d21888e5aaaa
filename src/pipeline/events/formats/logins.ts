import { ALIAS_PROPERTY, LINK_TYPE } from '../shop-event.ts';
import { firstOf, type RawEvent } from './format.ts';

/** What sources call it when somebody logs in or registers. */
const LOGINS: ReadonlySet<string> = new Set([
  ...['login', 'log in', 'logged in', 'user login', 'user logged in', 'customer logged in'],
  ...['signin', 'sign in', 'signed in', 'user signed in'],
  ...['signup', 'sign up', 'signed up', 'user signed up'],
  ...['account created', 'account registered', 'register', 'registered', 'user registered', 'registration'],
]);

/** Who, when and by which id, as a source's event has it. */
type Call = Pick<RawEvent, 'id' | 'time' | 'userId' | 'anonymousId'>;

/** What links a device to a user; `undefined` where one of the ids is missing, or both are the same. */
export function linkBy({ id, time, userId, anonymousId }: Call): RawEvent | undefined {
  if (typeof userId === 'object' || firstOf(userId) === undefined) return undefined;
  if (firstOf(anonymousId) === undefined || anonymousId === userId) return undefined;
  return { id, type: LINK_TYPE, time, userId, anonymousId };
}

/**
 * The same of a call that gives a user a new id. The former one is taken for that of a device, and the call says so: where it was the id of a
 * user, that one stays another person, which has to be told.
 */
export function aliasBy(call: Call): RawEvent | undefined {
  const link = linkBy(call);
  return link && { ...link, properties: { [ALIAS_PROPERTY]: true } };
}

/** The same of an event that is none of a shop's, where its name says that somebody has logged in. */
export function loginBy(name: unknown, call: Call): RawEvent | undefined {
  if (typeof name !== 'string' || name.length > 40) return undefined;
  return LOGINS.has(name.trim().toLowerCase().replace(/[_-]/g, ' ')) ? linkBy(call) : undefined;
}
