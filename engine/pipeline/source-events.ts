import { BehaviorSubject, concat, defer, map, Observable, of, retry, takeUntil, tap, timer } from 'rxjs'
import {
  type AdapterContext,
  type AdapterDefinition,
  AdapterError,
  type SourceEvent,
} from '../../adapters/contract.js'

/** What the engine hears of one source, for as long as it runs. */
export type SourceSignal =
  /** A try to connect begins. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'event'; readonly event: SourceEvent; readonly accept: (samples: number) => void }
  /** The link is gone and will be tried again after `waitMs`. */
  | { readonly kind: 'lost'; readonly error: unknown; readonly waitMs: number }
  /** The source has nothing more to say. */
  | { readonly kind: 'ended' }

export interface RetryPolicy {
  /** First longest wait, ms; doubles with each failure. */
  readonly firstDelay: number
  readonly longestDelay: number
  /** 0 to 1: chance is an input. */
  random(): number
}

/** However long a source was away: once it is back it is connected to within 5 s, the connecting itself included. */
export const retryDelays = { firstDelay: 500, longestDelay: 3_000 }

/** Full jitter: anything from nothing to the ceiling, so that many sources do not come back in step. */
export function backOff(policy: RetryPolicy, failures: number): number {
  return policy.random() * Math.min(policy.longestDelay, policy.firstDelay * 2 ** (failures - 1))
}

/**
 * Runs an adapter for ever: connects, says when the link is lost, waits, connects again. Every adapter gets the same
 * treatment here, so none has any of it. What `givenUp` brings ends the link that stands, as if it had been lost.
 */
export function sourceEvents<Options>(
  definition: AdapterDefinition<Options>,
  options: Options,
  context: Omit<AdapterContext, 'accepted' | 'slowTries'>,
  policy: RetryPolicy,
  givenUp: Observable<AdapterError>,
): Observable<SourceSignal> {
  return new Observable(subscriber => {
    let failures = 0
    let slowTries = 0
    const attempts = defer(() => {
      subscriber.next({ kind: 'connecting' })
      const accepted = new BehaviorSubject(0)
      const accept = (samples: number): void => accepted.next(accepted.value + samples)
      const events = definition.create(options, { ...context, accepted, slowTries }).pipe(
        takeUntil(givenUp.pipe(map(raise))),
        tap(({ kind }) => {
          // A link that only ever stands for a moment is no success.
          if (kind === 'samples' || kind === 'alive') failures = slowTries = 0
        }),
        map((event): SourceSignal => ({ kind: 'event', event, accept })),
      )
      return concat(events, of<SourceSignal>({ kind: 'ended' }))
    })
    const delay = (error: unknown): Observable<unknown> => {
      failures++
      slowTries = error instanceof AdapterError && error.isSlow ? slowTries + 1 : 0
      const waitMs = delayOf(error, policy, failures)
      subscriber.next({ kind: 'lost', error, waitMs })
      return timer(waitMs)
    }
    return attempts.pipe(retry({ delay })).subscribe(subscriber)
  })
}

function raise(error: AdapterError): never {
  throw error
}

function delayOf(error: unknown, policy: RetryPolicy, failures: number): number {
  if (error instanceof AdapterError && error.waitMs !== undefined) return error.waitMs
  return backOff(policy, failures)
}
