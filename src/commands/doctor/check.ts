/** One thing that was looked at. `warn` works, but not as well as it could. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found. */
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

export function ok(name: string, detail: string): Check {
  return { name, state: 'ok', detail };
}

export function warn(name: string, detail: string, advice: string): Check {
  return { name, state: 'warn', detail, advice };
}

export function fail(name: string, detail: string, advice: string): Check {
  return { name, state: 'fail', detail, advice };
}

export function failed(check: Check): boolean {
  return check.state === 'fail';
}
