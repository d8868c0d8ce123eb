import type { Logger } from 'pino'
import type { ReadSecret } from '../../schema/secret.js'
import type { WorkOrderSources } from '../../schema/work-order-sources.js'
import { DropFolder } from './drop-folder.js'
import type { OrderBook } from './order-book.js'
import { OrderPull } from './order-pull.js'

const lookMs = 2_000

export interface KeepOrdersParts {
  readonly book: OrderBook
  readonly sources: WorkOrderSources
  readonly readSecret: ReadSecret
  readonly wall: { now(): number }
  readonly logger: Logger
  isBlocked(): boolean
}

/** Lets work orders come in from where the plant says. Returns what stops it. */
export function keepOrders({ sources, ...parts }: KeepOrdersParts): () => void {
  const { book, readSecret, logger } = parts
  const stops: (() => void)[] = []
  if (sources.folder !== undefined) {
    const { path, ...format } = sources.folder
    book.declare({ kind: 'folder', place: path, everyMs: undefined })
    const folder = new DropFolder({ ...parts, path, format })
    void folder.look()
    const timer = setInterval(() => void folder.look(), lookMs)
    stops.push(() => clearInterval(timer))
  }
  if (sources.rest !== undefined) {
    const { url, everyMs } = sources.rest
    const { origin, pathname } = new URL(url)
    book.declare({ kind: 'rest', place: origin + pathname, everyMs })
    const pull = new OrderPull({ options: sources.rest, book, readSecret, logger })
    void pull.pull()
    const timer = setInterval(() => void pull.pull(), everyMs)
    stops.push(() => {
      clearInterval(timer)
      pull.close()
    })
  }
  return () => {
    for (const stop of stops) stop()
  }
}
