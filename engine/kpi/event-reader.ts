import type { LedgerEvent } from '../../workers/kpi/ledger-event.js'
import type { Store } from '../store/store.js'
import { type EventRange, readBorders } from './borders.js'
import { queryTogether } from './by-stretch.js'
import { readChanges } from './change-reader.js'
import { latest } from './nearest.js'
import { runEvents, runsOfLines, toldRun } from './runs.js'
import { isWithin, type Span, type Told } from './spans.js'
import { partsOf, reasonsOf, scrapOf, toldParts, toldReason, toldScrap } from './told-events.js'

const hourMs = 3_600_000

/**
 * All that a ledger needs to book stretches of time, in their order: the changes within each, and what was said of stops;
 * before it those since the last production, because what they began may go on; after it those up to the next
 * production, because only then it is known what a stop was. No machine gets anything from before its own begin. Those
 * of a group lie close together. Of all groups it is asked in one statement where they begin and end, then in two what
 * happened, because a short statement takes the database longer to understand than to run.
 */
export async function readEvents(
  store: Pick<Store, 'query'>,
  ...groups: readonly (readonly EventRange[])[]
): Promise<LedgerEvent[][]> {
  const ranges = groups.flat()
  if (ranges.length === 0) return []
  const borders = await readBorders(store, groups)
  const stretches = ranges.map(({ plan: { machine }, from, to }, place) => {
    const { begin, end } = borders[place]!
    const around = { machine, start: begin?.time ?? 0, end: end?.time ?? latest }
    return { around, within: { machine, start: Math.ceil(from), end: Math.min(latest, Math.ceil(to) - 1) } }
  })
  const runsQuestion = runsOfLines(
    [...new Set(ranges.map(({ plan }) => plan.line))],
    Math.min(...ranges.map(({ from }) => from), ...stretches.map(({ around }) => around.start)),
    Math.max(...ranges.map(({ to }) => to)),
  )
  const close = closeTogether(
    groups.map(({ length }) => length),
    stretches.map(({ around }) => around),
  )
  const spansOf = (kind: 'around' | 'within'): Span[][] =>
    close.map(places => places.map(place => stretches[place]![kind]))
  const [around, within] = [spansOf('around'), spansOf('within')]
  // The database answers two at a time; changes take about as long as all the rest.
  const [changes, [runs, ...others]] = await Promise.all([
    readChanges(store, around),
    queryTogether<Told, Span[]>(store, [
      runsQuestion,
      ...within.map(partsOf),
      ...around.map(reasonsOf),
      ...within.map(scrapOf),
    ]),
  ])
  const runsByLine = new Map(
    runs!.map((row, place) => [runsQuestion.stretches[place]!.machine, (row?.things ?? []).map(toldRun)]),
  )
  const events: LedgerEvent[][] = []
  for (const [group, places] of close.entries()) {
    const kinds = [0, 1, 2].map(kind => others[kind * close.length + group]!)
    for (const [at, place] of places.entries()) {
      const { plan, from, to } = ranges[place]!
      const stretch = stretches[place]!
      const { begin: held } = borders[place]!
      const [parts, reasons, scrap] = kinds.map(of => of[at]?.things ?? [])
      // A run of weeks need not be booked from its begin.
      const begin = Math.min(from, held?.time ?? from)
      const ofLine = runsByLine
        .get(plan.line)!
        .filter(run => run.start < Math.ceil(to) && (run.end === 0 || run.end > begin))
      events[place] = [
        ...(held === undefined || held.mode === '' ? [] : [{ time: held.time, mode: held.mode }]),
        ...changes[group]![at]!,
        ...parts!.map(toldParts),
        ...reasons!.filter(isWithin(stretch.around)).flatMap(toldReason),
        ...scrap!.filter(isWithin(stretch.within)).map(toldScrap),
        ...ofLine.flatMap(run => runEvents({ ...run, start: Math.max(run.start, begin) })),
      ]
    }
  }
  return events
}

/** Longer ones are read by themselves: all that is read of any machine is bounded by the longest. */
const shortMs = 4 * hourMs

/** Of groups of so many spans the places of those that are found by time, and of those of a few machines, which are long. */
function closeTogether(lengths: readonly number[], spans: readonly Span[]): number[][] {
  const isShort = (place: number): boolean => spans[place]!.end - spans[place]!.start <= shortMs
  let next = 0
  return lengths.flatMap(length => {
    const places = [...spans.keys()].slice(next, next + length)
    next += length
    return [places.filter(isShort), places.filter(place => !isShort(place))].filter(some => some.length > 0)
  })
}
