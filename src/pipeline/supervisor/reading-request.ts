/** A command that only reads, and all that its answer depends on but the stores. */
export interface ReadingRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Columns of standard output and standard error, where they are terminals; else 0. */
  readonly terminal: { readonly stdout: number; readonly stderr: number };
}

/** What the command printed, in order, each text with the number of its stream, and the exit code. */
export interface Reading {
  readonly exit: number;
  readonly output: readonly (readonly [1 | 2, string])[];
}

/** The line that asks a running `ecom up`. Only one of the same build gives the same answers. */
export interface ReadRequest extends ReadingRequest {
  readonly command: 'read';
  readonly build: string;
}

/** `ok` is false where the command has to be run in the ordinary way. */
export type ReadResponse = { readonly ok: false } | ({ readonly ok: true } & Reading);
