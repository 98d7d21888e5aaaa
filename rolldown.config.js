import { createRequire } from 'node:module';
import { defineConfig } from 'rolldown';

const require = createRequire(import.meta.url);

const output = {
  dir: 'dist',
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
};

const common = {
  platform: 'node',
  // Native modules are loaded from node_modules; react-devtools-core is Ink's optional debugging peer.
  external: ['better-sqlite3', 'libsql', 'react-devtools-core', '@lydell/node-pty'],
};
const constants = { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' };

/** The commands that only read, in one file that is named by its contents and loaded with V8's code cache. */
export const reading = defineConfig({
  ...common,
  input: { reading: 'src/commands/reading.ts' },
  external: [...common.external.slice(1), 'bindings'],
  plugins: [elsewhere(), withDriver(), lazyBuiltins(), asciiOnly()],
  transform: { define: constants },
  output: { ...output, format: 'cjs', codeSplitting: false, entryFileNames: '[name]-[hash].cjs' },
});

/** What a start loads first. @param build name of the file above */
export const start = (build) =>
  defineConfig({
    ...common,
    external: ['./cli.js'],
    input: { start: 'src/start/main.ts' },
    transform: { define: { ...constants, ECOM_BUILD: JSON.stringify(build) } },
    output: { ...output, format: 'cjs', codeSplitting: false, entryFileNames: '[name].cjs' },
  });

/** Leaves out what the embedded stores need not: who comes there runs the command in the ordinary way. */
function elsewhere() {
  const left = /\/(redis|kafka|mongodb|log|view)\.ts$/;
  return {
    name: 'elsewhere',
    load: (id) =>
      left.test(id) ? `throw new Error('this is elsewhere: ${id.split('/').pop()}');` : undefined,
  };
}

/** Takes the SQLite driver's code in, where it is installed. */
function withDriver() {
  return {
    name: 'with-driver',
    load(id) {
      if (!id.endsWith('/sqlite/bundled-driver.ts')) return undefined;
      try {
        const { version } = require('better-sqlite3/package.json');
        return `import Driver from 'better-sqlite3'; export const bundled = { version: '${version}', Driver };`;
      } catch {
        return undefined;
      }
    },
  };
}

/** Loads what a reading rarely needs of Node.js when it is used: each of these costs a millisecond or more. */
function lazyBuiltins() {
  const lazy = /^(?:node:)?(child_process|crypto|fs\/promises|os|stream|timers\/promises|worker_threads)$/;
  return {
    name: 'lazy-builtins',
    resolveId: (id) => (lazy.test(id) ? `\0lazy:${lazy.exec(id)[1]}` : undefined),
    load(id) {
      if (!id.startsWith('\0lazy:')) return undefined;
      const name = `node:${id.slice(6)}`;
      const names = JSON.stringify(Object.keys(require(name)));
      return `for (const key of ${names}) Object.defineProperty(exports, key,
        { enumerable: true, get: () => process.getBuiltinModule('${name}')[key] });`;
    },
  };
}

/** A text of single bytes is read without being decoded. */
function asciiOnly() {
  return {
    name: 'ascii-only',
    generateBundle(_options, files) {
      const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
      for (const file of Object.values(files)) file.code = file.code?.replace(/[^\0-\x7f]/g, escaped);
    },
  };
}

// Bundled with code splitting because start-up time is a feature: a command loads its own chunk and nothing else.
/** Everything else. @param build as above */
export const main = (build) =>
  defineConfig({
    input: {
      cli: 'src/cli.ts',
      worker: 'src/pipeline/workers/worker.ts',
      training: 'src/pipeline/recommender/training-thread.ts',
      counting: 'src/pipeline/workers/counting-thread.ts',
      bench: 'benchmark/main.ts',
      soak: 'soak/main.ts',
    },
    ...common,
    // Said of what a command imports late and another one early: that is meant.
    checks: { ineffectiveDynamicImport: false },
    transform: { define: { ...constants, ECOM_BUILD: JSON.stringify(build) } },
    output: {
      ...output,
      format: 'esm',
      sourcemap: true,
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
      codeSplitting: {
        groups: [
          {
            // What every command that reads the stores needs, in one file: a file more costs more than its contents.
            name: 'core',
            test: /node_modules\/env-paths\/|rolldown\/runtime|src\/((errors|config|visible-text|redact|optional-file|package-root|shop-folder|demo-url|version)\.ts$|commands\/(output|period|product-list|reasons|spinner|require-data|store-check|log-bounds|stats)\.ts$|pipeline\/(sqlite\/|live-store\/(answer|cells|layout|live-store|open|sqlite(-reader|-writer)?|stored-cells)\.ts$|event-log\/(event-log|open|partitioner|sqlite)\.ts$|stats\/(anomalies|compute-stats|read-stats|simulated|time-frame|types)\.ts$|alerts\/published\.ts$|events\/(money|shop-event|text|time-zone)\.ts$|processor\/(columns|durations|exposure|funnel|presence|rfm|sessions|shopper-state)\.ts$|recommender\/(experiment|models|published|recommendation|rules|serve|settings|settings-file|weights)\.ts$)|ml\/((algorithm-names|history|list-model|neighbour-lists|recommender)\.ts$|hybrid\/model\.ts$))/,
          },
        ],
      },
    },
  });
