import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Calendar } from '../../schema/calendar.js'
import { elementsOf, kpisOf } from './kpi.js'
import { Ledger } from './ledger.js'
import { waterfallOf } from './losses.js'
import { emptyTally, sumTallies, type Tally } from './tally.js'
import { minute } from './test-day.js'

/** Worked examples from textbooks and vendors' worksheets; each names its source. */
interface Example {
  readonly id: string
  readonly shift_min?: number
  readonly breaks_min?: number
  readonly planned_min?: number
  readonly run_min?: number
  readonly downtime_min?: number
  readonly downtime_events_min?: readonly number[]
  readonly ideal_rate_per_min?: number
  readonly ideal_cycle_min?: number
  readonly total?: number
  readonly good?: number
  readonly reject?: number
  readonly published: { readonly A?: number; readonly P?: number; readonly Q?: number; readonly OEE?: number }
}
const path = process.env.GEMBA_OEE_EXAMPLES ?? new URL('examples/published-oee.json', import.meta.url)
const examples: readonly Example[] = JSON.parse(readFileSync(path, 'utf8'))

/** A working day as the example tells it: pauses first, then the stops, then production to the end. */
function workOut(example: Example): Tally {
  const pause = example.breaks_min ?? 0
  const planned = example.planned_min ?? (example.shift_min ?? 0) - pause
  const stops = example.downtime_events_min ?? [
    example.downtime_min ?? planned - (example.run_min ?? planned),
  ]
  const start = Date.UTC(2026, 0, 5, 6)
  const end = start + (planned + pause) * minute
  const clock = (time: number): string => new Date(time).toISOString().slice(11, 16)
  const pauseSpan = { start: clock(start), end: clock(start + pause * minute) }
  const shift = {
    id: 'shift',
    name: 'Shift',
    site: 's',
    start: clock(start),
    end: clock(end),
    days: [1, 2, 3, 4, 5, 6, 7],
    breaks: pause > 0 ? [pauseSpan] : [],
  }
  const idealMs = (example.ideal_cycle_min ?? 1 / (example.ideal_rate_per_min ?? 1)) * minute
  const calendar = new Calendar({ timeZone: 'UTC', shifts: [shift] })
  const ledger = new Ledger(
    { calendar, idealMs: () => idealMs, breakdownFromMs: 5 * minute, warmUpMs: 0 },
    start,
  )
  let at = start + pause * minute
  for (const stop of stops) {
    ledger.take({ time: at, state: 'Aborted', reason: 'none' })
    at += stop * minute
    ledger.take({ time: at, state: 'Execute', reason: 'none' })
    at += minute
  }
  const produced = example.total ?? 0
  const scrapped = example.reject ?? (example.good === undefined ? 0 : produced - example.good)
  ledger.take({ time: end - 1, made: { produced, scrapped } })
  ledger.advance(end)
  return sumTallies(ledger.cells().map(({ tally }) => tally))
}

/** One in the last digit that was printed. */
function lastDigit(printed: number): number {
  const digits = String(printed).split('.')[1]?.length ?? 0
  return 10 ** -digits
}

describe('published examples', () => {
  it('are there', () => expect(examples.length).toBeGreaterThanOrEqual(4))

  it.each(examples)('$id comes out as printed', example => {
    const { ratios } = kpisOf(workOut(example))
    const ours = {
      A: ratios.availability,
      P: ratios.effectiveness,
      Q: ratios.qualityRatio,
      OEE: ratios.oee,
    }
    for (const [name, printed] of Object.entries(example.published) as [keyof typeof ours, number][]) {
      expect(Math.abs((ours[name] ?? Number.NaN) - printed), `${name}: ${ours[name]}`).toBeLessThanOrEqual(
        lastDigit(printed) * 1.000_001,
      )
    }
  })
})

/** PBT 480 min, APT 400, PRI 0.5 min, PQ 720, GQ 700, and AUST 30 of the rest. */
function workedCheck(): Tally {
  const tally = emptyTally()
  tally.time.production = 400 * minute
  tally.time.setup = 30 * minute
  tally.time.breakdown = 50 * minute
  tally.made.set(0.5 * minute, { produced: 720, scrapped: 15, warmUp: 5, reworked: 5 })
  return tally
}

describe('the indicators of ISO 22400-2', () => {
  it('come out as by hand', () => {
    const { ratios, reasons, flags } = kpisOf(workedCheck())
    const by = (value: number) => expect.closeTo(value, 4)
    expect(ratios).toEqual({
      availability: by(0.8333),
      effectiveness: by(0.9),
      qualityRatio: by(0.9722),
      oee: by(0.7292),
      nee: by(0.7839),
      teep: by(0.7292),
      allocationEfficiency: 1,
      utilisationEfficiency: by(0.8333),
      technicalEfficiency: by(400 / 450),
      setupRatio: by(30 / 430),
      productionProcessRatio: by(0.8333),
      allocationRatio: 1,
      equipmentLoadRatio: by(0.75),
      scrapRatio: by(15 / 720),
      reworkRatio: by(5 / 720),
      firstPassYield: by(0.9722),
      throughputRate: 90,
    })
    expect([reasons, flags]).toEqual([{}, []])
  })

  it('obey the identities between the times', () => {
    const { APT, AUST, AUPT, ADET, AUBT, ADOT, PBT } = elementsOf(workedCheck())
    expect([AUPT, AUBT, PBT]).toEqual([APT + AUST, AUPT + ADET, AUBT + ADOT])
  })

  it('are null with the reason where a denominator is zero; no parts in planned time is an OEE of 0', () => {
    const nothing = kpisOf(emptyTally())
    expect(nothing.ratios.oee).toBeNull()
    expect(nothing.reasons.oee).toBe('no planned busy time (PBT 0)')
    const down = emptyTally()
    down.time.breakdown = 60 * minute
    const { ratios, reasons } = kpisOf(down)
    const noRun = 'nothing ran (APT 0)'
    expect(ratios).toMatchObject({
      availability: 0,
      effectiveness: null,
      qualityRatio: null,
      oee: 0,
      nee: null,
    })
    expect(reasons).toMatchObject({ effectiveness: noRun, nee: noRun, qualityRatio: 'no parts (PQ 0)' })
    const setUp = emptyTally()
    setUp.time.setup = 60 * minute
    expect(kpisOf(setUp)).toMatchObject({ ratios: { oee: 0, nee: null }, reasons: { nee: noRun } })
    expect(nothing.reasons.nee).toBe('no planned busy time (PBT 0)')
  })

  it('show a performance above 1 as it is, with a flag', () => {
    const fast = emptyTally()
    fast.time.production = 10 * minute
    fast.made.set(minute, { produced: 12, scrapped: 0, warmUp: 0, reworked: 0 })
    expect(kpisOf(fast)).toMatchObject({ ratios: { effectiveness: 1.2 }, flags: ['idealCycleSuspect'] })
    expect(waterfallOf(fast).losses.reducedSpeed).toBe(-2 * minute)
  })

  it('flag more rejects than parts, parts without running time, unknown time and overtime', () => {
    const odd = emptyTally()
    odd.time.unknown = 1
    odd.time.overtime = 1
    odd.made.set(minute, { produced: 1, scrapped: 2, warmUp: 0, reworked: 0 })
    expect(kpisOf(odd).flags).toEqual([
      'idealCycleSuspect',
      'rejectsExceedProduced',
      'timeUnknown',
      'overtime',
    ])
    const rework = emptyTally()
    rework.time.production = 10 * minute
    rework.made.set(minute, { produced: 3, scrapped: 2, warmUp: 0, reworked: 2 })
    expect(kpisOf(rework).flags).toEqual(['rejectsExceedProduced'])
  })

  it('leave unknown time out of planned busy time, or charge it to availability, as the plant says', () => {
    const tally = workedCheck()
    tally.time.unknown = 20 * minute
    expect(elementsOf(tally).PBT).toBe(480 * minute)
    expect(elementsOf(tally, { unknownTime: 'loss' })).toMatchObject({
      PBT: 500 * minute,
      ADET: 70 * minute,
    })
    expect(waterfallOf(tally, { unknownTime: 'loss' })).toMatchObject({
      plannedBusy: 500 * minute,
      losses: { breakdowns: 70 * minute },
      unknown: 0,
    })
  })

  it('of a mix of products are weighed by what each should have taken', () => {
    const mix = emptyTally()
    mix.time.production = 100 * minute
    mix.made.set(minute, { produced: 40, scrapped: 0, warmUp: 0, reworked: 0 })
    mix.made.set(2 * minute, { produced: 20, scrapped: 10, warmUp: 0, reworked: 0 })
    expect(kpisOf(mix).ratios).toMatchObject({ effectiveness: 0.8, oee: 0.6 })
  })
})
