import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';

/** The part of `node:sqlite` that is used; the oldest Node that ecom runs on has no types of it. */
interface NodeStatement {
  run(...parameters: unknown[]): BetterSqlite3.RunResult;
  get(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown[];
  iterate(...parameters: unknown[]): IterableIterator<unknown>;
}
interface NodeDatabase {
  readonly isOpen: boolean;
  readonly isTransaction: boolean | undefined;
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  close(): void;
}
type NodeDatabaseClass = new (path: string, options: { readOnly: boolean; timeout: number }) => NodeDatabase;

/** Result codes that something depends on, by number: https://sqlite.org/rescode.html */
const CODES: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  25: 'SQLITE_RANGE',
  26: 'SQLITE_NOTADB',
};

/** Runs a call, whose error gets the code that the other drivers give it. */
function coded<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    const code = errcode === undefined ? undefined : (CODES[errcode & 0xff] ?? 'SQLITE_ERROR');
    throw code === undefined ? error : Object.assign(error as Error, { code });
  }
}

/** The statement as better-sqlite3 has it: parameters may come in an array, and bytes are buffers. */
function statementOf(statement: NodeStatement): object {
  function call<T>(method: (...parameters: unknown[]) => T, given: unknown[]): T {
    const parameters: unknown[] = given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
    // biome-ignore lint/plugin: as many as a statement has places for
    return coded(() => method.call(statement, ...parameters));
  }
  return {
    run: (...given: unknown[]) => call(statement.run, given),
    get: (...given: unknown[]) => withBuffers(call(statement.get, given)),
    all: (...given: unknown[]) => call(statement.all, given).map(withBuffers),
    *iterate(...given: unknown[]) {
      const rows = call(statement.iterate, given);
      try {
        for (;;) {
          const { done, value } = coded(() => rows.next());
          if (done === true) return;
          yield withBuffers(value);
        }
      } finally {
        rows.return?.();
      }
    },
  };
}

function withBuffers(row: unknown): unknown {
  const values = row as Record<string, unknown> | undefined;
  for (const name in values) {
    const value = values[name];
    if (value instanceof Uint8Array)
      values[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return row;
}

/**
 * The SQLite that Node brings along, behind the interface of better-sqlite3: nothing has to be compiled or downloaded for it.
 * @throws Error where this Node has none, or one that cannot tell whether a transaction is open (before 22.16)
 */
export function loadNodeDriver(): (
  path: string,
  options: { readonly timeout: number; readonly readonly?: boolean },
) => BetterSqlite3.Database {
  const Database = loadQuietly();
  const any = new Database(':memory:', { readOnly: false, timeout: 0 });
  if (any.isTransaction === undefined) throw new Error('node:sqlite is too old');
  any.close();
  return (path, { timeout, readonly: readOnly = false }) => {
    const database = coded(() => new Database(path, { readOnly, timeout }));
    const connection = {
      get open() {
        return database.isOpen;
      },
      get inTransaction() {
        return database.isTransaction === true;
      },
      exec(sql: string) {
        coded(() => database.exec(sql));
        return connection;
      },
      prepare: (sql: string) => statementOf(coded(() => database.prepare(sql))),
      close() {
        if (database.isOpen) coded(() => database.close());
        return connection;
      },
    };
    return connection as unknown as BetterSqlite3.Database;
  };
}

/** Loads the module without Node's warning that it may still change, which would show with each command. */
function loadQuietly(): NodeDatabaseClass {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    const { DatabaseSync } = createRequire(import.meta.url)('node:sqlite') as {
      DatabaseSync: NodeDatabaseClass;
    };
    return DatabaseSync;
  } finally {
    process.emitWarning = emitWarning;
  }
}
