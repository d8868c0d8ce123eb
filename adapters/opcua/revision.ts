/** What was asked for a signal and what the server made of it (OPC 10000-4, 5.13.2): it may give less without an error. */
export interface Revision {
  readonly signal: string
  /** ms; 0 = as quickly as can be. */
  readonly askedMs: number
  readonly givenMs: number
  /** Values that the server keeps until they are published. */
  readonly askedQueue: number
  readonly givenQueue: number
  /** How often they are published, ms. */
  readonly publishingMs: number
}

/** Servers round; so much slower is not worth a word. */
const tolerance = 1.2

/** Signals that are looked at less often than was asked for, in words; undefined: none is. */
export function tellSlower(revisions: readonly Revision[]): string | undefined {
  const slower = revisions.filter(({ askedMs, givenMs }) => askedMs > 0 && givenMs > tolerance * askedMs)
  const [first] = slower
  if (first === undefined) return undefined
  const { signal, givenMs, askedMs } = first
  return `The server samples ${count(slower)} more slowly than asked, ${signal} every ${givenMs} ms instead of ${askedMs}: what changes in between is not told. Let the server sample them as quickly, or ask for what it can (samplingMs).`
}

/** Signals of which the server keeps less than comes between two publications, in words; undefined: of none. */
export function tellShort(revisions: readonly Revision[]): string | undefined {
  const short = revisions.filter(
    ({ askedQueue, givenQueue, givenMs, publishingMs }) =>
      givenQueue < askedQueue && givenQueue * Math.max(givenMs, 1) < publishingMs,
  )
  const [first] = short
  if (first === undefined) return undefined
  const { signal, givenQueue, askedQueue, givenMs, publishingMs } = first
  return `The server keeps fewer values than asked of ${count(short)}, of ${signal} ${givenQueue} instead of ${askedQueue}, sampled every ${givenMs} ms and published every ${publishingMs} ms: what is between them is lost without a sign. Publish more often (publishingMs), or let the server keep more.`
}

const count = (some: readonly Revision[]): string =>
  some.length === 1 ? '1 signal' : `${some.length} signals`
