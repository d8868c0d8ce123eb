import { BehaviorSubject, concat, defer, map, Observable, of, retry, timer } from 'rxjs'
import {
  type AdapterContext,
  type AdapterDefinition,
  AdapterError,
  type SourceEvent,
} from '../../adapters/contract.js'

/** What the engine hears of one source, for as long as it runs. */
export type SourceSignal =
  | { readonly kind: 'event'; readonly event: SourceEvent; readonly accept: (samples: number) => void }
  /** The link is gone and will be tried again. */
  | { readonly kind: 'lost'; readonly error: unknown }
  /** The source has nothing more to say. */
  | { readonly kind: 'ended' }

export interface RetryPolicy {
  /** First longest wait, ms; doubles with each failure. */
  readonly firstDelay: number
  readonly longestDelay: number
  /** 0 to 1: chance is an input. */
  random(): number
}

/** Full jitter: anything from nothing to the ceiling, so that many sources do not come back in step. */
export function backOff(policy: RetryPolicy, failures: number): number {
  return policy.random() * Math.min(policy.longestDelay, policy.firstDelay * 2 ** (failures - 1))
}

/**
 * Runs an adapter for ever: connects, says when the link is lost, waits, connects again. Every adapter gets the same
 * treatment here, so none has any of it.
 */
export function sourceEvents<Options>(
  definition: AdapterDefinition<Options>,
  options: Options,
  context: Omit<AdapterContext, 'accepted'>,
  policy: RetryPolicy,
): Observable<SourceSignal> {
  return new Observable(subscriber => {
    const attempts = defer(() => {
      const accepted = new BehaviorSubject(0)
      const accept = (samples: number): void => accepted.next(accepted.value + samples)
      const events = definition
        .create(options, { ...context, accepted })
        .pipe(map((event): SourceSignal => ({ kind: 'event', event, accept })))
      return concat(events, of<SourceSignal>({ kind: 'ended' }))
    })
    const delay = (error: unknown, failures: number): Observable<unknown> => {
      subscriber.next({ kind: 'lost', error })
      return timer(delayOf(error, policy, failures))
    }
    return attempts.pipe(retry({ delay, resetOnSuccess: true })).subscribe(subscriber)
  })
}

function delayOf(error: unknown, policy: RetryPolicy, failures: number): number {
  if (error instanceof AdapterError && error.waitMs !== undefined) return error.waitMs
  return backOff(policy, failures)
}
