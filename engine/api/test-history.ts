import type { HistoryReader } from './context.js'

/** A store in which nothing ever happened. */
export const emptyHistory: HistoryReader = {
  history: async () => [],
  textHistory: async ({ signal }) => ({ signal, changes: [], isCut: false }),
  rejects: async () => [],
}
