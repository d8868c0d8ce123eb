import type { Logger } from 'pino'
import type { Entry } from '../../schema/records.js'
import type { KpiBook } from './kpi-book.js'

const secondMs = 1_000
/** Between two looks for hours that are complete, ms. */
const settleMs = 60_000
/** Rows of one entry: no entry is so large that everything else waits for it. */
const rowsAtOnce = 5_000

/** Lets the ledgers of a floor go on with time, and writes complete hours down. Returns what stops it. */
export function keepKpis(book: KpiBook, record: (entry: Entry) => void, logger: Logger): () => void {
  let isRereading = false
  const settle = async (): Promise<void> => {
    if (isRereading) return
    isRereading = true
    try {
      await book.reread()
      recordSettled(book, record)
    } catch (error) {
      logger.warn({ err: error }, 'kpis: the past of a machine could not be read; trying again')
    } finally {
      isRereading = false
    }
  }
  const timers = [setInterval(() => book.advance(), secondMs), setInterval(() => void settle(), settleMs)]
  return () => {
    for (const timer of timers) clearInterval(timer)
  }
}

/** Writes down the hours and stops that are complete. */
export function recordSettled(book: KpiBook, record: (entry: Entry) => void): void {
  const { hours, stops } = book.takeSettled()
  for (let at = 0; at < Math.max(hours.length, stops.length); at += rowsAtOnce) {
    const rows = {
      oee_hourly: hours.slice(at, at + rowsAtOnce),
      downtime_events: stops.slice(at, at + rowsAtOnce),
    }
    record({ source: 'kpis', rows })
  }
}
