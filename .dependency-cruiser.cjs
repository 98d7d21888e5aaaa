// Who may import whom. ARCHITECTURE.md says why.
const adapter = '/(sqlite|kafka|mongodb|redis)\\.ts$';
const never = (name, from, to) => ({ name, severity: 'error', from, to });

module.exports = {
  forbidden: [
    never('no-circular', {}, { circular: true }),
    never(
      'nothing-imports-commands',
      { pathNot: '^src/(commands/|cli\\.ts$|start/main\\.ts$)' },
      { path: '^src/commands/' },
    ),
    never(
      'ml-is-pure',
      { path: '^src/ml/', pathNot: '^src/ml/als/' },
      { pathNot: '^src/(ml/|(errors|extremes)\\.ts$)|node_modules/ml-matrix' },
    ),
    never(
      'als-has-threads',
      { path: '^src/ml/als/' },
      { pathNot: '^src/(ml/|(errors|extremes)\\.ts$)|node_modules/ml-matrix|^(node:)?worker_threads$' },
    ),
    never(
      'tui-sees-its-source-only',
      { path: '^src/tui/' },
      {
        path: '^src/',
        pathNot:
          '^src/tui/|^src/(errors|extremes)\\.ts$|^src/pipeline/stats/types\\.ts$|^src/pipeline/events/(shop-event|money|text)\\.ts$',
      },
    ),
    never(
      'events-stand-alone',
      { path: '^src/pipeline/events/' },
      { path: '^src/', pathNot: '^src/(pipeline/events/|errors\\.ts$)' },
    ),
    never(
      'metrics-know-no-store',
      { path: '^src/pipeline/metrics/' },
      { path: '^src/', pathNot: '^src/(pipeline/(metrics|events)/|errors\\.ts$)' },
    ),
    never(
      'only-open-imports-adapters',
      { path: '^src/', pathNot: '^src/pipeline/[^/]+/open\\.ts$' },
      {
        path: `^src/pipeline/(event-log|document-store|live-store)${adapter}`,
      },
    ),
    never(
      'adapters-know-their-port',
      { path: `^src/pipeline/(event-log|document-store|live-store)${adapter}` },
      {
        path: '^src/(pipeline/(processor|stats|generator|recommender|workers|supervisor|ingest)|tui|ml)/',
      },
    ),
    never(
      'reduce-has-no-clock',
      { path: '^src/pipeline/processor/', pathNot: 'processor/processor\\.ts$' },
      {
        path: '^node:|open\\.ts$|^src/(config|log)\\.ts$',
      },
    ),
    never('nothing-imports-tests', { path: '^src/' }, { path: '^(test|benchmark|soak)/' }),
    never('pipeline-below-views', { path: '^src/pipeline/' }, { path: '^src/(tui|commands)/' }),
    // What is bundled is a development dependency as well: nobody who installs ecom downloads it again.
    never(
      'no-tools',
      { path: '^src/' },
      {
        path: 'node_modules/(@biomejs|@lydell|@xterm|assemblyscript|csv-parse|dependency-cruiser|fast-check|knip|rolldown|typescript|vite|vitest)/',
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.json'] },
  },
};
