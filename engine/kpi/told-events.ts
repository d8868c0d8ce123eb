import { databaseName } from '../../schema/tables/definition.js'
import type { LedgerEvent } from '../../workers/kpi/ledger-event.js'
import type { StretchQuestion } from './by-stretch.js'
import {
  isInRange,
  isInSpan,
  rangeParameters,
  type Span,
  spanParameters,
  type ToldThing,
  toldAs,
  withSpans,
} from './spans.js'

interface EnteredScrap {
  readonly time: number
  readonly id: string
  readonly kind: string
  readonly quantity: number
}

/** Parts that somebody rejected and that no counter has counted, as the ledger takes them. */
export function scrapEvent({ time, id, kind, quantity }: EnteredScrap): LedgerEvent {
  return {
    time,
    id,
    isEntered: true,
    made: kind === 'rework' ? { reworked: quantity } : { scrapped: quantity },
  }
}

export const scrapOf = (spans: readonly Span[]): StretchQuestion<Span> => ({
  sql: `SELECT machine, ${toldAs('id', 'kind', 'quantity', '0')}
    FROM ${databaseName}.scrap_events
    WHERE NOT counted AND ${isInRange}
    GROUP BY machine`,
  stretches: spans,
  parametersOf: rangeParameters,
})

export const toldScrap = ([time, id, kind, quantity]: ToldThing): LedgerEvent =>
  scrapEvent({ time, id, kind, quantity })

interface SaidReason {
  readonly time: number
  /** 0 = the stop was not over. */
  readonly until: number
  readonly reason: string
}

/** What somebody said of a stop as the ledger takes it. */
export function reasonEvents({ time, until, reason }: SaidReason): LedgerEvent[] {
  const said = { time, downtimeReason: reason }
  return until > time ? [said, { time: until, isReasonVoid: true }] : [said]
}

export const reasonsOf = (spans: readonly Span[]): StretchQuestion<Span> => ({
  sql: `SELECT machine, ${toldAs('reason', "''", 'toUnixTimestamp64Milli(until)', '0')}
    FROM ${databaseName}.downtime_changes
    WHERE ${isInRange}
    GROUP BY machine`,
  stretches: spans,
  parametersOf: rangeParameters,
})

export const toldReason = ([time, reason, , until]: ToldThing): LedgerEvent[] =>
  reasonEvents({ time, until, reason })

interface CountedParts {
  readonly time: number
  readonly counter: string
  readonly parts: number
  readonly total: number
}

/** An increment of a machine's counter as the ledger takes it. */
export function partsEvent({ time, counter, parts, total }: CountedParts): LedgerEvent {
  const made = counter === 'defective' ? { scrapped: parts } : { produced: parts }
  return { time, made, id: `${counter} ${total}` }
}

export const partsOf = (spans: readonly Span[]): StretchQuestion<Span> => ({
  sql: `${withSpans}
    SELECT machine, ${toldAs('counter', "''", 'parts', 'total')}
    FROM ${databaseName}.production_events
    WHERE ${isInSpan} AND cause != 'late'
    GROUP BY machine`,
  stretches: spans,
  parametersOf: spanParameters,
})

export const toldParts = ([time, counter, , parts, total]: ToldThing): LedgerEvent =>
  partsEvent({ time, counter, parts, total })
