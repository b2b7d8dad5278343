import { defineConfig } from 'vitest/config';

/** Types stripped by Node itself where the real program is started; vitest transforms only what it runs. */
export default defineConfig({
  test: {
    teardownTimeout: 120_000,
    // Left to itself it keeps one processor free, which is every other one on two.
    maxWorkers: '100%',
    tags: [{ name: 'nightly', description: 'left out of the checks of a change' }],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{harness,reports,fixtures,scripts}/**/*.test.ts'],
          exclude: ['**/*.e2e.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['{harness,reports,scripts}/**/*.e2e.test.ts'],
          exclude: ['harness/faults/!(warden).e2e.test.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          // Every fault on one cluster that they share: `METTLE_TEST_CLUSTER`, or one made for them.
          name: 'faults',
          include: ['harness/faults/*.e2e.test.ts'],
          exclude: ['harness/faults/warden.e2e.test.ts'],
          globalSetup: ['harness/faults/testing/shared-cluster.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'scenarios',
          // Titles are promises, whole sentences: vitest would cut the values in them.
          taskTitleValueFormatTruncate: 200,
          include: ['scenarios/**/*.spec.ts'],
          pool: 'threads',
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
