import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{schema,twins,adapters,workers,engine,viz,bench,scripts}/**/*.test.{ts,tsx}'],
    setupFiles: ['./vitest.setup.ts'],
    testTimeout: process.env.GEMBA_SOAK === undefined ? 120_000 : 1_800_000,
    hookTimeout: 60_000,
    // Real browsers, brokers and databases share two cores: a failure counts where it comes twice. The report names each
    // test that was tried again.
    retry: 1,
    // Two cores, and several suites run a database or a browser of their own.
    maxWorkers: 2,
  },
})
