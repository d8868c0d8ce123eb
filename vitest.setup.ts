import fc from 'fast-check'

/**
 * Chance is an input: every run of the suite tries the same cases, so that a red test is red again. The long form
 * (GEMBA_SOAK) draws new ones; a seed it finds becomes a named test.
 */
if (process.env.GEMBA_SOAK === undefined)
  fc.configureGlobal({ seed: Number(process.env.GEMBA_SEED ?? 20_261_120) })
