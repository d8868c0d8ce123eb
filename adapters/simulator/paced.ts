import { interval, Observable } from 'rxjs'
import type { SampleBatch } from '../../schema/sample-batch.js'
import type { SimulationCommand } from '../../schema/simulation-command.js'
import type { AdapterContext, SourceEvent } from '../contract.js'

/** Samples that fall due as time passes. */
export interface DueSamples {
  /**
   * Those due by `elapsed` (real ms since the subscription) and not yet taken, in order; about `limit` at most.
   * An empty batch: nothing is due now.
   */
  take(elapsed: number, limit: number): SampleBatch
  /** Whether more was due than was asked for, though none of it came through. */
  readonly hasMore?: boolean
  /** What is told before the samples taken last. */
  readonly takeEvents?: () => readonly SourceEvent[]
  /** Not even a heartbeat comes through. */
  readonly isMute?: boolean
  /** Does what somebody wants of the machines. */
  readonly obey?: (command: SimulationCommand) => void
  /** No more will ever fall due. */
  readonly isOver: boolean
}

/** Twenty batches a second keep the floor smooth and cost little. */
const tick = 50
/** Samples in one batch. */
const batchLimit = 8192
/** A source with nothing to say says at least that it is alive, ms. */
const heartbeat = 1000

/**
 * Sends samples when they fall due. While more than `context.window` samples are not accepted nothing is taken; what
 * falls due meanwhile stays due and is sent afterwards, with the times it always had.
 */
export function paced(context: AdapterContext, begin: () => DueSamples): Observable<SourceEvent> {
  return new Observable(subscriber => {
    const due = begin()
    const start = context.wall.now()
    let sent = 0
    let accepted = 0
    let isHeld = false
    let isSending = false
    let lastEvent = start

    const sendDue = (now: number): void => {
      isHeld = false
      while (!subscriber.closed) {
        // One more than fits makes them more than the window: then it is enough.
        const room = context.window - (sent - accepted) + 1
        if (room <= 0) {
          isHeld = true
          break
        }
        const batch = due.take(now - start, Math.min(room, batchLimit))
        const events = due.takeEvents?.() ?? []
        if (batch.count === 0 && events.length === 0) {
          if (due.hasMore === true) continue
          break
        }
        sent += batch.count
        lastEvent = now
        for (const event of events) subscriber.next(event)
        if (batch.count > 0) subscriber.next({ kind: 'samples', batch })
      }
    }
    const send = (): void => {
      // Sending a batch may bring an acceptance at once, which asks for the next: the loop above gives it.
      if (isSending) return
      isSending = true
      try {
        const now = context.wall.now()
        sendDue(now)
        if (due.isOver) subscriber.complete()
        else if (now - lastEvent >= heartbeat && due.isMute !== true) {
          lastEvent = now
          subscriber.next({ kind: 'alive' })
        }
      } catch (error) {
        subscriber.error(error)
      } finally {
        isSending = false
      }
    }

    subscriber.next({ kind: 'connected' })
    subscriber.add(
      context.accepted.subscribe({
        next: total => {
          accepted = total
          if (isHeld) send()
        },
        error: error => subscriber.error(error),
      }),
    )
    subscriber.add(
      context.commands?.subscribe(command => {
        due.obey?.(command)
        send()
      }),
    )
    subscriber.add(interval(tick, context.scheduler).subscribe(send))
    send()
  })
}
