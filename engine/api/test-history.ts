import type { HistoryReader } from './context.js'

/** A store in which nothing ever happened. */
export const emptyHistory: HistoryReader = {
  history: async () => [],
  exportHistory: async () => new Uint8Array(),
  textHistory: async ({ signal }) => ({ signal, changes: [], isCut: false }),
  rejects: async () => [],
  floorAt: async () => ({ started: 0, samples: [], machines: [], twins: [], faults: [], confirmed: [] }),
}
