import { defineConfig } from 'rolldown';

// Bundled with code splitting because start-up time is a feature: a command loads its own chunk and nothing else.
export default defineConfig({
  input: {
    cli: 'src/cli.ts',
    worker: 'src/pipeline/workers/worker.ts',
    training: 'src/pipeline/recommender/training-thread.ts',
    counting: 'src/pipeline/workers/counting-thread.ts',
    bench: 'benchmark/main.ts',
    soak: 'soak/main.ts',
  },
  platform: 'node',
  // Said of what a command imports late and another one early: that is meant.
  checks: { ineffectiveDynamicImport: false },
  // Native modules are loaded from node_modules; react-devtools-core is Ink's optional debugging peer.
  external: ['better-sqlite3', 'libsql', 'react-devtools-core', '@lydell/node-pty'],
  transform: { define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' } },
  output: {
    dir: 'dist',
    format: 'esm',
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    sourcemap: true,
    cleanDir: true,
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
