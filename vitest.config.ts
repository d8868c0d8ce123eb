import { defineConfig } from 'vitest/config'

const files = (folders: string): string[] => [`{${folders}}/**/*.test.{ts,tsx}`]

export default defineConfig({
  test: {
    setupFiles: ['./vitest.setup.ts'],
    testTimeout: process.env.GEMBA_SOAK === undefined ? 120_000 : 3_600_000,
    hookTimeout: 60_000,
    // Two cores, and several suites run a database or a browser of their own.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'computed', include: files('schema,twins,workers') } },
      {
        extends: true,
        test: {
          name: 'real',
          include: files('adapters,engine,viz,bench,scripts'),
          // Real browsers, brokers and databases share two cores: a failure counts where it comes twice. The report
          // names each test that was tried again.
          retry: 1,
        },
      },
    ],
  },
})
