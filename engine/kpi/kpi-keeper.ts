import type { Logger } from 'pino'
import type { Entry } from '../../schema/records.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import type { KpiBook } from './kpi-book.js'
import type { LateCounts } from './late-counts.js'

const secondMs = 1_000
/** Between two looks for hours that are complete, ms; after a start sooner, and twice as long each time. */
const settleMs = 60_000
const firstSettleMs = 2_000
/** After a reread nothing late is looked at for so many times as long as it took; the minute's own look aside. */
const restShare = 9
/** Rows of one entry: no entry is so large that everything else waits for it. */
const rowsAtOnce = 5_000

/** Keeps what is written of a book up to date. */
export interface KpiKeeper {
  /** Works out what is late still, writes down what is complete, and ends. Never rejects. */
  stop(): Promise<void>
}

/**
 * Writes complete hours down, soon after a start and then each minute. What came too late is worked out anew
 * within a second or two, but in a tenth of the time at most where much comes late.
 */
export function keepKpis(
  book: KpiBook,
  lateCounts: Pick<LateCounts, 'settle'>,
  record: (entry: Entry) => void,
  logger: Logger,
): KpiKeeper {
  let settling: Promise<void> | undefined
  let nextReread = 0
  const settle = async (): Promise<void> => {
    const begun = performance.now()
    book.advance()
    try {
      await lateCounts.settle(book.lateReadings)
      await book.reread()
      recordSettled(book, record)
    } catch (error) {
      logger.warn({ err: error }, 'kpis: the past of a machine could not be read; trying again')
      nextReread = performance.now() + settleMs
    }
    const ended = performance.now()
    nextReread = Math.max(nextReread, ended + restShare * (ended - begun))
  }
  const settleOnce = (): void => {
    settling ??= settle().finally(() => {
      settling = undefined
    })
  }
  const look = (): void => {
    const isLate = book.isStale || book.lateReadings.isNew
    if (isLate && performance.now() >= nextReread) settleOnce()
  }
  const looking = setInterval(look, secondMs)
  let next: NodeJS.Timeout
  const settleIn = (ms: number): void => {
    next = setTimeout(() => {
      settleOnce()
      settleIn(Math.min(settleMs, 2 * ms))
    }, ms)
  }
  settleIn(firstSettleMs)
  return {
    async stop() {
      clearInterval(looking)
      clearTimeout(next)
      await settling
      if (book.isStale || book.lateReadings.isNew) await settle()
      else {
        book.advance()
        recordSettled(book, record)
      }
    },
  }
}

/** Writes down the shifts of the hours to come, and the stops and hours that are complete; hours last. */
export function recordSettled(book: KpiBook, record: (entry: Entry) => void, atOnce = rowsAtOnce): void {
  const { shifts, stops, hours } = book.takeSettled()
  const source = 'kpis'
  for (const shift_hours of piecesOf(shifts, atOnce)) record({ source, rows: { shift_hours } })
  for (const downtime_events of piecesOf(stops, atOnce)) record({ source, rows: { downtime_events } })
  for (const oee_hourly of piecesOf(hours, atOnce, isOneHour)) record({ source, rows: { oee_hourly } })
}

type HourRow = RowOfTable<'oee_hourly'>

const isOneHour = (a: HourRow, b: HourRow): boolean => a.machine === b.machine && a.hour === b.hour

/** So many rows each, and more where neighbours belong together: an hour is written as a whole, or not at all. */
function* piecesOf<Row>(
  rows: readonly Row[],
  atOnce: number,
  isTogether: (a: Row, b: Row) => boolean = () => false,
): Generator<readonly Row[]> {
  for (let at = 0, end = 0; at < rows.length; at = end) {
    end = Math.min(rows.length, at + atOnce)
    while (end < rows.length && isTogether(rows[end - 1]!, rows[end]!)) end++
    yield rows.slice(at, end)
  }
}
