const environment = (globalThis as { process?: { env?: Readonly<Record<string, string | undefined>> } })
  .process?.env

/**
 * How many random runs each property of the twins gets: 200, 10,000 in the long form (`npm run test:soak`). Read
 * through `globalThis`, because twins know nothing of Node.
 */
export const propertyRuns: number = environment?.GEMBA_SOAK ? 10_000 : 200
