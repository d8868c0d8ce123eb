import { concat, NEVER, Observable, of, Subject, throwError } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import {
  type AdapterContext,
  type AdapterDefinition,
  AdapterError,
  type SourceEvent,
} from '../../adapters/contract.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { backOff, retryDelays, type SourceSignal, sourceEvents } from './source-events.js'

const policy = { firstDelay: 1000, longestDelay: 8000, random: () => 1 }
const definitionOf = (create: AdapterDefinition['create']): AdapterDefinition => ({
  kind: 'test',
  summary: '',
  options: z.unknown(),
  examples: [],
  create,
})
const context = { source: 'plc', window: 10 } as unknown as Omit<AdapterContext, 'accepted'>

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('running a source', () => {
  it('waits anything up to a doubling ceiling, with full jitter', () => {
    expect([1, 2, 3, 4, 9].map(failures => backOff(policy, failures))).toEqual([1000, 2000, 4000, 8000, 8000])
    expect(backOff({ ...policy, random: () => 0.25 }, 2)).toBe(500)
  })

  it('tells each try how many before it in a row came to nothing because the source was slow', () => {
    const told: (number | undefined)[] = []
    const slow = () => new AdapterError('not-connected', 'slow', { isSlow: true })
    const ends = [
      slow,
      slow,
      () => new AdapterError('not-connected', 'refused'),
      slow,
      'alive',
      slow,
    ] as const
    const definition = definitionOf((_, { slowTries }) => {
      const end = ends[told.length] ?? slow
      told.push(slowTries)
      return end === 'alive'
        ? concat(of({ kind: 'connected' } as const, { kind: 'alive' } as const), throwError(slow))
        : throwError(end)
    })
    const subscription = sourceEvents(definition, {}, context, policy, NEVER).subscribe()
    vi.advanceTimersByTime(60_000)
    expect(told.slice(0, 7)).toEqual([0, 1, 2, 0, 1, 1, 2])
    subscription.unsubscribe()
  })

  it('says that the link is lost, waits, and connects again; a success starts the waits anew', () => {
    let attempts = 0
    const refuse = throwError(() => new AdapterError('not-connected', 'refused'))
    const definition = definitionOf(() => {
      attempts++
      return attempts === 3
        ? concat(of({ kind: 'connected' } as const, { kind: 'alive' } as const), refuse)
        : refuse
    })
    const heard: string[] = []
    const subscription = sourceEvents(definition, {}, context, policy, NEVER).subscribe(signal =>
      heard.push(signal.kind),
    )
    expect(attempts).toBe(1)
    vi.advanceTimersByTime(1000)
    expect(attempts).toBe(2)
    vi.advanceTimersByTime(1999)
    expect(attempts).toBe(2)
    vi.advanceTimersByTime(1)
    expect(attempts).toBe(3)
    const tries = [
      ['connecting', 'lost'],
      ['connecting', 'lost'],
      ['connecting', 'event', 'event', 'lost'],
    ]
    expect(heard).toEqual(tries.flat())
    vi.advanceTimersByTime(1000)
    expect(attempts).toBe(4)
    subscription.unsubscribe()
    vi.advanceTimersByTime(60_000)
    expect(attempts).toBe(4)
  })

  it.each([1, 10, 60, 3_600])('finds a source that was away for %i s within 5 s of its return', awayS => {
    let isBack = false
    let isFound = false
    const definition = definitionOf(() =>
      isBack
        ? concat(of({ kind: 'connected' } as const), NEVER)
        : throwError(() => new AdapterError('not-connected', 'refused')),
    )
    // The longest waits that chance can choose.
    const longest = { ...retryDelays, random: () => 1 }
    const subscription = sourceEvents(definition, {}, context, longest, NEVER).subscribe(signal => {
      if (signal.kind === 'event') isFound = true
    })
    vi.advanceTimersByTime(awayS * 1000)
    isBack = true
    const atMost = 5_000
    // Security, session and subscription want their part of it.
    const toConnect = 1_500
    vi.advanceTimersByTime(atMost - toConnect)
    expect(isFound).toBe(true)
    subscription.unsubscribe()
  })

  it('waits as long as the source asks for', () => {
    let attempts = 0
    const definition = definitionOf(() => {
      attempts++
      return throwError(() => new AdapterError('back-off', 'busy', { waitMs: 30_000 }))
    })
    const subscription = sourceEvents(definition, {}, context, policy, NEVER).subscribe()
    vi.advanceTimersByTime(29_999)
    expect(attempts).toBe(1)
    vi.advanceTimersByTime(1)
    expect(attempts).toBe(2)
    subscription.unsubscribe()
  })

  it('tells the adapter how many of its samples were accepted, from nothing at each new connection', () => {
    const seen: number[] = []
    const events = new Subject<SourceEvent>()
    const definition = definitionOf((_, { accepted }) => {
      accepted.subscribe(count => seen.push(count))
      return events
    })
    const subscription = sourceEvents(definition, {}, context, policy, NEVER).subscribe(
      (signal: SourceSignal) => {
        if (signal.kind === 'event' && signal.event.kind === 'samples')
          signal.accept(signal.event.batch.count)
      },
    )
    const batch = new SampleBatchBuilder()
    batch.push(0, 0, 0, 0, 0)
    batch.push(0, 0, 0, 0, 0)
    events.next({ kind: 'samples', batch: batch.take() })
    expect(seen).toEqual([0, 2])
    subscription.unsubscribe()
  })

  it('says when the source has come to its end', () => {
    const heard: string[] = []
    sourceEvents(
      definitionOf(() => of({ kind: 'connected' } as const)),
      {},
      context,
      policy,
      NEVER,
    ).subscribe(({ kind }) => heard.push(kind))
    expect(heard).toEqual(['connecting', 'event', 'ended'])
  })

  it('waits longer and longer for a source that takes the connection and then says nothing', () => {
    let attempts = 0
    const waits: number[] = []
    const definition = definitionOf(() => {
      attempts++
      const hungUp = throwError(() => new AdapterError('not-connected', 'closed'))
      return concat(of<SourceEvent>({ kind: 'connected' }), hungUp)
    })
    const subscription = sourceEvents(definition, {}, context, policy, NEVER).subscribe(signal => {
      if (signal.kind === 'lost') waits.push(signal.waitMs)
    })
    vi.advanceTimersByTime(3000)
    expect([attempts, waits]).toEqual([3, [1000, 2000, 4000]])
    subscription.unsubscribe()
  })

  it('ends a link that is given up, and connects anew', () => {
    let open = 0
    const givenUp = new Subject<AdapterError>()
    const definition = definitionOf(
      () =>
        new Observable(subscriber => {
          open++
          subscriber.next({ kind: 'connected' })
          return () => open--
        }),
    )
    const heard: string[] = []
    const subscription = sourceEvents(definition, {}, context, policy, givenUp).subscribe(({ kind }) =>
      heard.push(kind),
    )
    givenUp.next(new AdapterError('not-connected', 'silent'))
    expect([open, heard]).toEqual([0, ['connecting', 'event', 'lost']])
    vi.advanceTimersByTime(1000)
    expect([open, heard.slice(3)]).toEqual([1, ['connecting', 'event']])
    subscription.unsubscribe()
  })
})
