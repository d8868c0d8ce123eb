import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../twins/proof/runs.js'
import { type EnergyPiece, energyCells, energyPieces, type Meter, totalEnergy } from './energy.js'
import { partition } from './intervals.js'
import { aDay, eventsOf, minute, testSetup } from './test-day.js'

const from = aDay
const to = aDay + 24 * 60 * minute
const power: Meter = { kind: 'power', factor: 1, holdMs: 3 * minute, mostKw: 100 }
const counter: Meter = { kind: 'counter', factor: 1, holdMs: 3 * minute, mostKw: 100 }

/** Readings by minutes and values. */
const readings = (rows: readonly (readonly [at: number, value: number])[]) => ({
  time: rows.map(([at]) => from + at * minute),
  value: rows.map(([, value]) => value),
})
const shown = (pieces: readonly EnergyPiece[]) =>
  pieces.map(piece => [
    (piece.from - from) / minute,
    (piece.to - from) / minute,
    Number(piece.kWh.toFixed(9)),
  ])

describe('the energy of a meter in kW', () => {
  it('is value times time, to the next value or as long as one holds; gaps and bad values bring nothing', () => {
    const rows = [
      [0, 6],
      [1, 12],
      [2, Number.NaN],
      [5, 60],
      [30, -6],
      [31, 0],
    ] as const
    expect(shown(energyPieces(power, readings(rows)))).toEqual([
      [0, 1, 0.1],
      [1, 2, 0.2],
      [5, 8, 3],
      [30, 31, -0.1],
      [31, 34, 0],
    ])
  })

  it('that is told on change holds while it is known what the machine does', () => {
    const meter = { ...power, holdMs: Number.POSITIVE_INFINITY }
    const events = [
      { time: from, state: 'Execute', reason: 'none' },
      { time: from + 60 * minute, state: 'Undefined', reason: 'none' },
      { time: from + 90 * minute, state: 'Held', reason: 'none' },
    ]
    const setup = testSetup({ isAlwaysBusy: true })
    const intervals = partition(setup, events, from, from + 120 * minute)
    const cells = energyCells(energyPieces(meter, readings([[0, 2]])), intervals, setup.calendar)
    const byState: Record<string, number> = {}
    for (const cell of cells)
      for (const [state, kWh] of Object.entries(cell.byState)) byState[state] = (byState[state] ?? 0) + kWh
    expect(byState).toEqual({ Execute: 2, Held: 1 })
    expect(cells.reduce((sum, { measuredMs }) => sum + measuredMs, 0)).toBe(90 * minute)
  })
})

describe('the energy of a counter in kWh', () => {
  it('is its steps: a fall is a begin at 0, a leap that cannot be counts nothing, bad readings are not there', () => {
    const rows = [
      [0, 100],
      [1, 100.5],
      [2, Number.NaN],
      [3, 101],
      [4, 0.25],
      [5, 7000],
      [6, 7000.5],
      [7, 6000],
    ] as const
    expect(shown(energyPieces(counter, readings(rows)))).toEqual([
      [0, 1, 0.5],
      [1, 3, 0.5],
      [3, 4, 0.25],
      [5, 6, 0.5],
    ])
  })

  it('that was not read for long goes to what the machine did all that time, or to nothing', () => {
    const setup = testSetup({ isAlwaysBusy: true })
    const events = [
      { time: from, state: 'Execute', reason: 'none' },
      { time: from + 30 * minute, state: 'Held', reason: 'none' },
    ]
    const intervals = partition(setup, events, from, from + 60 * minute)
    const rows = [
      [0, 0],
      [20, 10],
      [40, 16],
    ] as const
    const [cell] = energyCells(energyPieces(counter, readings(rows)), intervals, setup.calendar)
    expect(cell).toMatchObject({ byState: { Execute: 10 }, unattributed: 6, measuredMs: 40 * minute })
  })

  it('never makes energy, and loses none, however it is reset', () => {
    const steps = fc.array(fc.record({ kWh: fc.integer({ min: 0, max: 100 }), isReset: fc.boolean() }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, taken => {
        let shows = 5_000
        let used = 0
        const rows: [number, number][] = [[0, shows]]
        for (const [place, { kWh, isReset }] of taken.entries()) {
          // A reset is seen only where the new value is below the last one.
          if (isReset && shows > 200) shows = 0
          shows += kWh / 100
          used += kWh / 100
          rows.push([place + 1, shows])
        }
        const pieces = energyPieces(counter, readings(rows))
        expect(pieces.reduce((sum, { kWh }) => sum + kWh, 0)).toBeCloseTo(used, 6)
      }),
      { numRuns: propertyRuns },
    )
  })
})

it('energy by what the machine did adds up to all energy, wherever the time is cut', () => {
  const samples = fc
    .uniqueArray(
      fc.tuple(
        fc.integer({ min: -10, max: 24 * 60 + 10 }),
        fc.oneof(fc.double({ min: -20, max: 200, noNaN: true }), fc.constant(Number.NaN)),
      ),
      { selector: ([at]) => at, maxLength: 60 },
    )
    .map(rows => rows.sort(([a], [b]) => a - b))
  const meters = fc.constantFrom(power, counter)
  const cuts = fc.array(fc.integer({ min: from, max: to }), { maxLength: 5 })
  fc.assert(
    fc.property(
      eventsOf({ from: from - 60 * minute, to }),
      samples,
      meters,
      cuts,
      (events, rows, meter, at) => {
        const setup = testSetup()
        const pieces = energyPieces(meter, readings(rows))
        const energyOf = (begin: number, end: number): number =>
          energyCells(pieces, partition(setup, events, begin, end), setup.calendar).reduce(
            (sum, cell) => sum + totalEnergy(cell),
            0,
          )
        const within = pieces.reduce((sum, piece) => {
          const share = Math.max(0, Math.min(piece.to, to) - Math.max(piece.from, from))
          return sum + (piece.kWh * share) / (piece.to - piece.from)
        }, 0)
        const whole = energyOf(from, to)
        expect(whole).toBeCloseTo(within, 6)
        const bounds = [from, ...at.sort((a, b) => a - b), to]
        const parts = bounds.slice(1).reduce((sum, end, place) => sum + energyOf(bounds[place]!, end), 0)
        expect(parts).toBeCloseTo(whole, 6)
      },
    ),
    { numRuns: propertyRuns },
  )
})
