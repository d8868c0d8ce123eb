import type { Calendar } from '../../schema/calendar.js'
import type { Line, Plant } from '../../schema/plant.js'
import type { CostRates, LossCosts } from '../../workers/kpi/costs.js'
import type { Elements, KpiFlag } from '../../workers/kpi/kpi.js'
import { LedgerSetups } from '../../workers/kpi/machine-plan.js'
import { type Projection, project, type Verdict, verdictOf } from '../../workers/kpi/projection.js'
import { linePartsOf, type MachineCell } from '../../workers/kpi/roll-up.js'
import type { Store } from '../store/store.js'
import type { KpiBook } from './kpi-book.js'
import { groupsOf, type KpiGroup } from './kpi-query.js'
import { type Run, readRuns } from './runs.js'
import { findScope, type Scope } from './scope.js'

/** A run with what came of it. */
export interface RunReport extends Run {
  /** Unix ms, of a run that goes on: now. */
  readonly until: number
  /** Parts that left the line, and those that all its machines rejected. */
  readonly actual: number
  readonly good: number
  readonly scrap: number
  readonly rework: number
  /** Parts that were begun: those that left the line, and those that machines before its end rejected for good. */
  readonly begun: number
  /** Setup of the constraint within the run, ms. */
  readonly changeoverMs: number
  /** Of the line by its output: OEE, and what it is made from (PBT, and the time that its good parts should have taken), ms. */
  readonly oee: number | null
  readonly busyMs: number
  readonly idealGoodMs: number
  /** What cannot be true of its line's machines, all added up, or of what left the line. */
  readonly flags: readonly KpiFlag[]
  /** Lost in money, by all machines of the line. */
  readonly costs: LossCosts | undefined
}

/** The runs of lines that touch a stretch of time, with what came of each within it. */
export async function reportRuns(
  plant: Plant,
  book: Pick<KpiBook, 'cellsOfEach' | 'plans'>,
  store: Pick<Store, 'query'>,
  scope: Scope,
  from: number,
  to: number,
  rates?: CostRates,
): Promise<RunReport[]> {
  const lines = scope.lines.map(({ id }) => id)
  const runs = await readRuns(store, lines, from, to)
  const ranges = runs.map(run => {
    const next = runs.find(other => other.line === run.line && other.start > run.start)
    const until = Math.min(to, run.end || next?.start || to)
    return { scope: findScope(plant, `line:${run.line}`)!, from: Math.max(from, run.start), to: until }
  })
  // Of all of them together: each question of the store waits for what is to be written first.
  const cells = await book.cellsOfEach(
    ranges.map(({ scope: { machines }, ...range }) => ({ machines, ...range })),
    'none',
  )
  return runs.map((run, place) => {
    const query = { scope: ranges[place]!.scope, by: 'none' as const }
    const [output] = groupsOf(plant, book, cells[place]!, { ...query, lines: 'output' })
    const priced = { ...query, ...(rates !== undefined && { rates }) }
    const [all] = groupsOf(plant, book, cells[place]!, { ...priced, lines: 'sum' })
    const made = output?.elements
    return {
      ...run,
      until: ranges[place]!.to,
      actual: made?.PQ ?? 0,
      good: made?.GQ ?? 0,
      scrap: all?.elements.SQ ?? 0,
      rework: all?.elements.RQ ?? 0,
      begun: (made?.PQ ?? 0) + (all?.elements.SQ ?? 0) - (made?.SQ ?? 0),
      changeoverMs: made?.AUST ?? 0,
      oee: output?.kpis.ratios.oee ?? null,
      busyMs: made?.PBT ?? 0,
      idealGoodMs: made?.idealGoodTime ?? 0,
      flags: flagsOf(all, output),
      costs: all?.costs,
    }
  })
}

/** The flags of several views of the same, each once. */
export const flagsOf = (...views: readonly (KpiGroup | undefined)[]): KpiFlag[] => [
  ...new Set(views.flatMap(view => view?.kpis.flags ?? [])),
]

/** How a line stands in its present shift. */
export interface Goal {
  readonly line: string
  readonly shift: string
  /** Begin and end of the shift, Unix ms. */
  readonly from: number
  readonly to: number
  /** Good parts to make in the shift, and by now; as many as the target's share of the planned busy time that is over. */
  readonly target: number
  readonly goalNow: number
  readonly actual: number
  /** Where the target comes from: the plant file, the run, or what the ideal cycle of the constraint would allow. */
  readonly source: 'plan' | 'run' | 'ideal'
  readonly projection: Projection | undefined
  readonly verdict: Verdict
}

const dayMs = 24 * 3_600_000

/** The goals of lines now; a line without a shift now has none. */
export async function goalsNow(
  plant: Plant,
  book: Pick<KpiBook, 'cellsOfEach' | 'plans'>,
  store: Pick<Store, 'query'>,
  scope: Scope,
  now: number,
): Promise<Goal[]> {
  const setups = new LedgerSetups()
  const runs = await readRuns(
    store,
    scope.lines.map(({ id }) => id),
    now - 1,
    now,
  )
  const standing = scope.lines.flatMap(line => {
    const parts = linePartsOf(line.machines)
    if (parts === undefined) return []
    const plan = book.plans.get(parts.constraint)!
    const shift = shiftAt(setups.calendarOf(plan), now)
    if (shift === undefined) return []
    const run = runs.findLast(each => each.line === line.id)
    return [{ line, plan, shift, run, ofLine: findScope(plant, `line:${line.id}`)! }]
  })
  const [inShift, inRunBefore] = await Promise.all([
    book.cellsOfEach(
      standing.map(({ ofLine: { machines }, shift }) => ({ machines, from: shift.from, to: now })),
      'hour',
    ),
    book.cellsOfEach(
      standing.map(({ ofLine: { machines }, shift, run }) => {
        const hasTarget = run !== undefined && run.target > 0
        return { machines, from: hasTarget ? run.start : shift.from, to: shift.from }
      }),
      'none',
    ),
  ])
  return standing.map(({ line, plan, shift, run, ofLine }, place) => {
    const output = (cells: readonly MachineCell[], by: 'hour' | 'none') =>
      groupsOf(plant, book, cells, { scope: ofLine, by, lines: 'output' })
    const hours = output(inShift[place]!, 'hour')
    const [before] = output(inRunBefore[place]!, 'none')
    const idealMs = plan.idealMsByProduct[run?.product ?? ''] ?? plan.idealMs
    const { target, source } = targetOf(plant, line, shift, run, before?.elements.GQ ?? 0, idealMs)
    const actual = hours.reduce((sum, { elements }) => sum + elements.GQ, 0)
    const pieces = hours.map(({ elements }) => ({ busyMs: busyOf(elements), good: elements.GQ }))
    const projection = project(pieces, shift.busyMs - shift.busyUntilNowMs)
    return {
      line: line.id,
      shift: shift.id,
      from: shift.from,
      to: shift.to,
      target,
      source,
      goalNow: shift.busyMs === 0 ? 0 : (target * shift.busyUntilNowMs) / shift.busyMs,
      actual,
      projection,
      verdict: verdictOf(target, actual, projection),
    }
  })
}

const busyOf = ({ PBT }: Elements): number => PBT

interface PresentShift {
  readonly id: string
  readonly from: number
  readonly to: number
  readonly busyMs: number
  readonly busyUntilNowMs: number
}

function shiftAt(calendar: Calendar, now: number): PresentShift | undefined {
  const { shift } = calendar.at(now)
  if (shift === '') return undefined
  const spans = [...calendar.between(now - dayMs, now + dayMs)].filter(span => span.shift === shift)
  const busy = spans.filter(({ plan }) => plan === 'busy')
  const sum = (until: number): number =>
    busy.reduce((total, span) => total + Math.max(0, Math.min(span.to, until) - span.from), 0)
  return {
    id: shift,
    from: spans[0]!.from,
    to: spans.at(-1)!.to,
    busyMs: sum(Number.POSITIVE_INFINITY),
    busyUntilNowMs: sum(now),
  }
}

/**
 * The plan's target for line, shift and product, the most particular one; else what is left of the run's at the begin of
 * the shift, but no more than the ideal cycle allows for in it.
 */
function targetOf(
  plant: Plant,
  line: Line,
  shift: PresentShift,
  run: Run | undefined,
  madeBefore: number,
  idealMs: number,
): { readonly target: number; readonly source: Goal['source'] } {
  const [shiftId] = shift.id.split('@')
  const fitting = (plant.targets ?? [])
    .filter(target => target.line === line.id)
    .filter(target => target.shift === undefined || target.shift === shiftId)
    .filter(target => target.product === undefined || target.product === run?.product)
    .sort((a, b) => particular(b) - particular(a))
  const [planned] = fitting
  if (planned !== undefined) return { target: planned.parts, source: 'plan' }
  const most = Math.floor(shift.busyMs / idealMs)
  if (run === undefined || run.target === 0) return { target: most, source: 'ideal' }
  return { target: Math.min(most, Math.max(0, run.target - madeBefore)), source: 'run' }
}

const particular = ({ shift, product }: { shift?: string; product?: string }): number =>
  (product === undefined ? 0 : 2) + (shift === undefined ? 0 : 1)
