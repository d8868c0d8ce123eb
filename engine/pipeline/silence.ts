import type { AdapterDefinition } from '../../adapters/contract.js'
import type { SourceSpec } from '../../schema/plant.js'

/** A source that has missed this many periods of its quickest signal is silent; as long as a signal's own is. */
const missedPeriods = 3
const shortestSilenceMs = 1_500
/** A link is given up after so many times the silence that is worth a word, and not sooner than after so long. */
const reconnectFactor = 3
const shortestReconnectMs = 10_000
const longestReconnectMs = 600_000
/** A source that has not even connected for so long is hung; a server that is busy needs a dozen answers for it. */
const connectMs = 180_000
/**
 * Where nobody has said how long a source may be silent, its own pauses tell: so many times the longest of the last
 * minutes, no less than the shortest and no more than its adapter says.
 */
const learntFactor = 10
const shortestLearntMs = 60_000
const learningMs = 600_000
/** A look that comes so late was held up together with everything else: sockets first, then judgement. */
const heldUpMs = 1_000

/** What a look at a source finds. */
export type Verdict =
  | { readonly kind: 'fine' }
  | { readonly kind: 'silent'; readonly reason: string }
  | { readonly kind: 'reconnect'; readonly reason: string }

const fine: Verdict = { kind: 'fine' }

/** How long a source may say nothing. */
export interface Silence {
  /** After so long it is degraded, ms; infinite where it may be silent for ever. */
  readonly ms: number
  /** Nobody has said how long: it may just be a quiet night, in which no link is given up. */
  readonly isGuess?: true
}

/** `adapter`: what its protocol tells of those who speak. */
export function silenceOf(
  source: SourceSpec,
  periods: readonly number[],
  adapter: Pick<AdapterDefinition, 'quietMs'>,
): Silence {
  if (source.silence !== undefined)
    return { ms: source.silence > 0 ? source.silence : Number.POSITIVE_INFINITY }
  const periodic = periods.filter(period => period > 0)
  if (periodic.length > 0) return { ms: Math.max(shortestSilenceMs, missedPeriods * Math.min(...periodic)) }
  return adapter.quietMs === undefined
    ? { ms: Number.POSITIVE_INFINITY }
    : { ms: adapter.quietMs, isGuess: true }
}

/** What a person should know of a source whose silence is a guess. */
export function silenceAdvice({ ms, isGuess }: Silence): string | undefined {
  if (!isGuess) return undefined
  return `all its signals are reported on change, and nothing tells that their publisher has died: what it said last is shown until ${shortestLearntMs / 60_000} to ${ms / 60_000} minutes of silence, by how often it spoke before, make the source degraded; have something published on a schedule and say so with silence (silence: 30s), or write silence: never.`
}

/**
 * Watches the silence of one source by the wall's clock: a TCP link whose other end was switched off, a subscription
 * that died, look like this and like nothing else. Connecting anew is tried less and less often while it changes
 * nothing.
 */
export class SilenceWatch {
  readonly #silenceMs: number
  readonly #isGuess: boolean
  #state: 'off' | 'connecting' | 'connected' = 'off'
  #heardAt = 0
  #lookedAt: number | undefined
  #inVain = 0
  readonly #pauses = new Pauses()

  constructor({ ms, isGuess = false }: { readonly ms: number; readonly isGuess?: boolean }) {
    this.#silenceMs = ms
    this.#isGuess = isGuess
  }

  connecting(now: number): void {
    this.#state = 'connecting'
    this.#heardAt = now
  }

  connected(now: number): void {
    this.#state = 'connected'
    this.#heardAt = now
  }

  heard(now: number): void {
    if (this.#isGuess) this.#pauses.take(now - this.#heardAt, now)
    this.#heardAt = now
    this.#inVain = 0
  }

  off(): void {
    this.#state = 'off'
  }

  /** `isHeldBack`: the source may not speak, because what it said before is not accepted yet. */
  look(now: number, isHeldBack: boolean): Verdict {
    const since = now - (this.#lookedAt ?? now)
    this.#lookedAt = now
    if (this.#state === 'off') return fine
    // By a clock that was set back since, what was heard was heard by now.
    if (isHeldBack || this.#heardAt > now) this.#heardAt = now
    else if (since > heldUpMs) this.#heardAt += since
    const silentMs = now - this.#heardAt
    if (this.#state === 'connecting') {
      if (silentMs < connectMs) return fine
      return { kind: 'reconnect', reason: `It did not connect within ${connectMs / 1000} s.` }
    }
    if (silentMs <= this.#allowedMs) return fine
    const reason = `Nothing was heard for ${(silentMs / 1000).toFixed(1)} s.`
    if (this.#isGuess || silentMs <= this.#reconnectMs) return { kind: 'silent', reason }
    this.#inVain++
    return { kind: 'reconnect', reason }
  }

  get #allowedMs(): number {
    const longest = this.#isGuess ? this.#pauses.longestMs : undefined
    if (longest === undefined) return this.#silenceMs
    return Math.min(this.#silenceMs, Math.max(shortestLearntMs, learntFactor * longest))
  }

  get #reconnectMs(): number {
    const first = Math.max(shortestReconnectMs, reconnectFactor * this.#silenceMs)
    return Math.max(first, Math.min(longestReconnectMs, first * 2 ** this.#inVain))
  }
}

/** The longest pause of a source in a stretch of time that is over and in the one that runs, so that a night is forgotten. */
class Pauses {
  #beganAt: number | undefined
  #longest = 0
  #longestBefore: number | undefined

  /** ms; undefined before a stretch is over. */
  get longestMs(): number | undefined {
    return this.#longestBefore === undefined ? undefined : Math.max(this.#longest, this.#longestBefore)
  }

  take(pauseMs: number, now: number): void {
    if (this.#beganAt === undefined || this.#beganAt > now) this.#beganAt = now
    if (now - this.#beganAt >= learningMs) {
      this.#longestBefore = this.#longest
      this.#longest = 0
      this.#beganAt = now
    }
    this.#longest = Math.max(this.#longest, pauseMs)
  }
}
