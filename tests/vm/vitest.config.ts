import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const conditions = ['@phasebit/source'];

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['tests/vm/**/*.vm.ts'],
    globalSetup: ['tests/vm/support/global-setup.ts'],
    // Guests wait for most of the time: for a boot, for a timeout of the kernel's. More than two would make those timeouts lie.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    reporters: ['default', 'json'],
    outputFile: { json: 'coverage/vm.json' },
  },
});
