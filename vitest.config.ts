import { defineConfig } from 'vitest/config';

/** What needs Kafka, MongoDB or Redis. The servers are shared, and some of these tests stop them: one file after the other. */
const SERVICES = ['test/services/**/*.test.ts', 'test/pipeline/*/{kafka,mongodb,redis}*.test.ts'];

const common = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: SERVICES,
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...common,
          name: 'services',
          include: SERVICES,
          maxWorkers: 1,
        },
      },
    ],
  },
});
