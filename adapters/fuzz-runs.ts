/** How many frames each codec is fuzzed with; a million in the long form (`npm run test:soak`). */
export const fuzzRuns = process.env.GEMBA_SOAK === undefined ? 20_000 : 1_000_000
