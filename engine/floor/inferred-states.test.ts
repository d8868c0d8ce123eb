import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StateChange } from '../../schema/records.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import { floorOf, machineOf, start, stateSignal } from './floor.fixture.js'

const floor = () => floorOf([machineOf('m', [stateSignal('m')])])

interface Interval {
  readonly state: string
  readonly start: number
  end: number
}

/** The changes in order of time, and of arrival where their times are one: from each to the next. */
function intervals(changes: readonly StateChange[], until: number): Interval[] {
  const found: Interval[] = []
  for (const { state, time } of changes.toSorted((a, b) => a.time - b.time)) {
    const last = found.at(-1)
    if (last?.state === state) continue
    if (last !== undefined) last.end = time
    found.push({ state, start: time, end: until })
  }
  return found
}

/** As they are when what has no length is left out, and what then meets itself is joined. */
const lasting = (all: readonly Interval[]): Interval[] =>
  all
    .filter(({ start: from, end }) => end > from)
    .reduce<Interval[]>((joined, { ...next }) => {
      const last = joined.at(-1)
      if (last?.state === next.state) last.end = next.end
      else joined.push(next)
      return joined
    }, [])

describe('states that nobody saw', () => {
  it('are recorded before the one that was seen, at its moment, and marked', () => {
    const { say } = floor()
    say('m.execution', 'READY', start)
    const entry = say('m.execution', 'ACTIVE', start + 1_000)
    expect(entry?.stateChanges?.map(({ state, time, observed }) => [state, time - start, observed])).toEqual([
      ['Starting', 1_000, false],
      ['Execute', 1_000, true],
    ])
    expect(say('m.execution', 'DOWN', start + 2_000)?.stateChanges?.map(({ state }) => state)).toEqual([
      'Aborting',
      'Aborted',
    ])
  })

  it('are none after a time of which nobody knows anything, and none for what comes late', () => {
    const { floor: live, say } = floor()
    expect(say('m.execution', 'ACTIVE', start)?.stateChanges).toHaveLength(1)
    expect(say('m.execution', 'DOWN', start - 1_000)?.stateChanges).toHaveLength(1)
    live.sourceLost('plc')
    live.ingest('plc', { kind: 'connected' })
    const entry = say('m.execution', 'DOWN', start + 2_000)
    expect(entry?.stateChanges?.filter(({ observed }) => !observed)).toEqual([])
  })

  it('change no time of any other: the intervals are an exact partition, with them and without', () => {
    const word = fc.constantFrom('ACTIVE', 'READY', 'FULL', 'DOWN', 'GIBBERISH')
    const step = fc.record({ word, after: fc.integer({ min: -300, max: 1_000 }) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), steps => {
        const { say } = floor()
        const changes: StateChange[] = []
        let time = start
        for (const { word: said, after } of steps) {
          time += after
          changes.push(...(say('m.execution', said, time)?.stateChanges ?? []))
        }
        const until = Math.max(...changes.map(change => change.time)) + 1
        const all = intervals(changes, until)
        for (const [i, { end }] of all.slice(0, -1).entries()) expect(all[i + 1]!.start).toBe(end)
        const length = all.reduce((sum, interval) => sum + interval.end - interval.start, 0)
        expect(length).toBe(until - all[0]!.start)
        const seen = changes.filter(({ observed }) => observed)
        expect(lasting(all)).toEqual(lasting(intervals(seen, until)))
      }),
      { numRuns: propertyRuns },
    )
  })
})
