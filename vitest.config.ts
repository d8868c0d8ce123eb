import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{schema,twins,adapters,workers,engine,viz,bench,scripts}/**/*.test.{ts,tsx}'],
    setupFiles: ['./vitest.setup.ts'],
    testTimeout: process.env.GEMBA_SOAK === undefined ? 120_000 : 1_800_000,
    hookTimeout: 60_000,
    // Two cores, and several suites run a database or a browser of their own.
    maxWorkers: 2,
  },
})
