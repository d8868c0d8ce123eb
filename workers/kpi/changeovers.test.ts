import { describe, expect, it } from 'vitest'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { lookupState } from '../../schema/state-maps.js'
import { Behaviour, behaviourMachines } from '../../twins/behaviour/behaviour.js'
import { partition } from './intervals.js'
import type { Interval } from './ledger.js'
import type { LedgerEvent } from './ledger-event.js'
import { LiveLedger } from './live-ledger.js'
import { minute, testSetup } from './test-day.js'

const begin = Date.UTC(2026, 2, 23, 8)
const at = (seconds: number, state: string, reason = 'none'): LedgerEvent => ({
  time: begin + seconds * 1_000,
  ...{ state, reason, sourceState: '', mode: 'Production' },
})
/** Seconds of each class that there is any of, an hour long. */
const seconds = (...events: LedgerEvent[]): Record<string, number> =>
  sums(partition(testSetup({ isAlwaysBusy: true }), events, begin, begin + 60 * minute))
const sums = (intervals: readonly Interval[]): Record<string, number> => {
  const sum: Record<string, number> = {}
  for (const { from, to, timeClass } of intervals)
    sum[timeClass] = (sum[timeClass] ?? 0) + (to - from) / 1_000
  return sum
}
/** From the last part of an order on, for nine minutes: 420 s of setup, 10 s of Complete and of Idle. */
const changeover = (from: number): LedgerEvent[] => [
  at(from, 'Completing'),
  at(from + 4, 'Complete'),
  at(from + 14, 'Resetting'),
  at(from + 424, 'Idle'),
  at(from + 434, 'Starting'),
  at(from + 440, 'Execute'),
]

describe('a changeover', () => {
  it('is setup, whatever the machine waited for before, and whether it ran once more or not', () => {
    for (const reason of ['starved', 'blocked', 'none'])
      for (const back of [[], [at(162, 'Unsuspending')], [at(162, 'Unsuspending'), at(164, 'Execute')]]) {
        const told = [at(0, 'Execute'), at(100, 'Suspending'), at(101, 'Suspended', reason), ...back]
        const { setup, breakdown, idle } = seconds(...told, ...changeover(164))
        expect({ setup, breakdown, idle }).toEqual({ setup: 420, breakdown: undefined, idle: 20 })
      }
  })

  it('is setup after a breakdown that the last part of the order came out of', () => {
    const told = [at(0, 'Execute'), at(100, 'Held'), at(500, 'Unholding'), at(510, 'Execute')]
    expect(seconds(...told, ...changeover(510))).toMatchObject({ breakdown: 410, setup: 420 })
  })

  it('is setup also where a source says no more of it than Resetting', () => {
    const told = [at(0, 'Execute'), at(100, 'Suspended'), at(160, 'Resetting'), at(560, 'Execute')]
    expect(seconds(...told)).toMatchObject({ minorStop: 60, setup: 400 })
  })

  it('is not what leads back from a stop', () => {
    const told = [at(0, 'Execute'), at(100, 'Aborted'), at(200, 'Clearing'), at(210, 'Stopped')]
    const { breakdown, setup } = seconds(
      ...told,
      at(220, 'Resetting'),
      at(420, 'Starting'),
      at(430, 'Execute'),
    )
    expect({ breakdown, setup }).toEqual({ breakdown: 330, setup: undefined })
  })
})

/** A line with room for a few parts that makes two products by turns, and on which nothing fails. */
const line = loadPlant(
  `gemba: 1
name: Test
enterprise: Example
sources: { sim: { adapter: simulator, tags: "{machine}.{signal}" } }
types:
  calm:
    extends: press
    idealCycleTime: 20
    flow: { cycle: 20, failures: [], scrap: 0, patience: 10, changeovers: [{ time: 400 }] }
sites:
  - id: here
    timeZone: UTC
    areas: [{ id: hall, lines: [{ id: line-1, machines: [{ id: "press-{1..4}", type: calm, buffer: { capacity: 3 } }] }] }]
products: [{ id: bolt, lines: [line-1] }, { id: nut, lines: [line-1] }]
`,
  { file: 'plant.yaml' },
)

describe('a simulated line that changes over and on which nothing fails', () => {
  it('is set up for as long as its machines were, and never stops by itself', () => {
    const machines = behaviourMachines(line.plant!, ({ quantity }) => quantity === 'state')
    const behaviour = new Behaviour(machines, { seed: 1, start: begin, plan: line.plant! })
    const { words, flow, signals } = behaviour
    const said = machines.map((): LedgerEvent[] => [])
    const end = begin + 48 * 60 * minute
    behaviour.advance(end, (signal, time, value) => {
      const meaning = lookupState(line.plant!.stateMaps.packml!, words[value]!)!
      const place = machines.findIndex(({ machine }) => machine.id === signals[signal]!.id.split('.')[0])
      const { state = '', reason = 'none' } = meaning
      said[place]!.push({ time, state, reason, sourceState: words[value]!, mode: 'Production' })
    })
    for (const [place, events] of said.entries()) {
      const setup = testSetup({ isAlwaysBusy: true })
      const intervals = partition(setup, events, begin, end)
      const figures = sums(intervals)
      // It was set up for 400 s each time, and the ways out of one order and into the next are short.
      const changeovers = flow.changeovers[place]!
      expect(changeovers).toBeGreaterThan(4)
      expect(figures.setup).toBeGreaterThanOrEqual(changeovers * 400)
      expect(figures.setup).toBeLessThan(changeovers * 420)
      // The first one of the line never wants parts, the last one never room.
      expect((figures.starved ?? 0) > 0).toBe(place > 0)
      expect((figures.blocked ?? 0) > 0).toBe(place < machines.length - 1)
      expect(figures.breakdown).toBeUndefined()
      expect(figures.minorStop).toBeUndefined()
      const live = new LiveLedger(setup, begin)
      for (const event of events) live.take(event)
      expect(live.cells(end).reduce((ms, { tally }) => ms + tally.time.setup, 0) / 1_000).toBeCloseTo(
        figures.setup!,
        6,
      )
    }
  })
})
