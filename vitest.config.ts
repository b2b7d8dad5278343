import { defineConfig } from 'vitest/config';

/** Types stripped by Node itself where the real program is started; vitest transforms only what it runs. */
export default defineConfig({
  test: {
    teardownTimeout: 120_000,
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
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
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
