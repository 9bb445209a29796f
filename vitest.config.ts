import { defineConfig } from 'vitest/config';

const conditions = ['@phasebit/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    // Long enough for a machine with many times as much to do as it has processors; a test that hangs ends nevertheless.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Only where it is asked for, as `npm test` does. What the allocation tests measure runs in processes of its own, uncounted.
    coverage: {
      include: ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['json-summary', 'html'],
    },
  },
});
