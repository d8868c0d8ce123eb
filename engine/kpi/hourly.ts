import { dateOf } from '../../schema/calendar.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import type { Cell } from '../../workers/kpi/cell.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'
import type { MachineCell } from '../../workers/kpi/roll-up.js'
import type { Made } from '../../workers/kpi/tally.js'
import type { Store } from '../store/store.js'
import { queryByStretch } from './by-stretch.js'

type HourRow = RowOfTable<'oee_hourly'>

const nothingMade: Made = { produced: 0, scrapped: 0, warmUp: 0, reworked: 0 }

/** A cell as rows: one, but where the ideal cycle changed within the hour. `computed`: wall time, Unix ms. */
export function hourRows(
  { machine, calendar }: MachinePlan,
  { hour, shift, product, order, tally }: Cell,
  computed: number,
): HourRow[] {
  const { time, overtimeParts } = tally
  const [first = [0, nothingMade] as const, ...others] = tally.made
  const day = dateOf(hour, calendar.timeZone).toString()
  const key = { machine, hour, day, shift, product, order, computed }
  const madeOf = ([idealMs, made]: readonly [number, Made]) => ({
    ideal_ms: idealMs,
    produced: made.produced,
    scrapped: made.scrapped,
    warm_up: made.warmUp,
    reworked: made.reworked,
  })
  const row: HourRow = {
    ...key,
    production: time.production,
    setup: time.setup,
    breakdown: time.breakdown,
    minor_stop: time.minorStop,
    starved: time.starved,
    blocked: time.blocked,
    idle: time.idle,
    unknown: time.unknown,
    planned: time.planned,
    unscheduled: time.unscheduled,
    overtime: time.overtime,
    overtime_parts: overtimeParts,
    ...madeOf(first),
  }
  const noTime = Object.fromEntries(timeColumns.map(column => [column, 0]))
  return [row, ...others.map(made => ({ ...row, ...noTime, overtime_parts: 0, ...madeOf(made) }))]
}

const timeColumns = [
  'production',
  'setup',
  'breakdown',
  'minor_stop',
  'starved',
  'blocked',
  'idle',
  'unknown',
  'planned',
  'unscheduled',
  'overtime',
] as const

const madeColumns = ['overtime_parts', 'ideal_ms', 'produced', 'scrapped', 'warm_up', 'reworked'] as const
const selected = [...timeColumns, ...madeColumns]

/** Whether sums are told apart by hour and shift, by shift alone, or by neither; by product and order they always are. */
export type CellDetail = 'hour' | 'shift' | 'none'

/** A stretch of a machine's hours, from inclusive, to exclusive, Unix ms. */
export interface HourSpan {
  readonly machine: string
  readonly from: number
  readonly to: number
}

/** A machine's hours in one row, and numbers in the order of `selected`: names with each hour would be most of the answer. */
interface HoursSelected {
  readonly machine: string
  readonly hours: readonly HourSelected[]
}
type HourSelected = readonly [hour: number, shift: string, product: string, order: string, HourNumbers]

/**
 * The cells of whole hours that begin in the machines' stretches, in their order. What need not be told apart is added up by the
 * database; `hour` is then the first of them.
 */
export async function readHours(
  store: Pick<Store, 'query'>,
  spans: readonly HourSpan[],
  detail: CellDetail,
): Promise<MachineCell[][]> {
  const ofMachine = (times: string): string =>
    `transform(machine, {machines:Array(String)}, {${times}:Array(Int64)}, toInt64(0))`
  const apart = { hour: ['h.hour', 'h.shift'], shift: ['h.shift'], none: [] }[detail]
  // Of each machine and hour the rows that were worked out last; FINAL leaves each of them once.
  const rows = await queryByStretch<HoursSelected, HourSpan>(
    store,
    `SELECT machine, arraySort(groupArray((hour, shift, product, order, numbers))) AS hours
    FROM (
      SELECT machine, toFloat64(toUnixTimestamp64Milli(min(h.hour))) AS hour,
        ${detail === 'none' ? "''" : 'h.shift'} AS shift, product, order,
        [${selected.map(name => `toFloat64(${name === 'ideal_ms' ? name : `sum(h.${name})`})`).join(', ')}] AS numbers
      FROM (
        SELECT *, max(computed) OVER (PARTITION BY machine, hour) AS latest
        FROM ${databaseName}.oee_hourly FINAL
        WHERE machine IN {machines:Array(String)}
          AND hour >= fromUnixTimestamp64Milli({earliest:Int64}, 'UTC')
          AND hour < fromUnixTimestamp64Milli({last:Int64}, 'UTC')
          AND toUnixTimestamp64Milli(hour) >= ${ofMachine('starts')}
          AND toUnixTimestamp64Milli(hour) < ${ofMachine('ends')}
      ) AS h
      WHERE h.computed = h.latest
      GROUP BY ${['machine', ...apart, 'product', 'order', 'ideal_ms'].join(', ')}
    )
    GROUP BY machine`,
    spans,
    spanParameters,
  )
  return rows.map(row => (row?.hours ?? []).map(hour => cellOf(row!.machine, hour)))
}

function spanParameters(spans: readonly HourSpan[]) {
  const starts = spans.map(({ from }) => Math.ceil(from))
  const ends = spans.map(({ to }) => Math.ceil(to))
  return {
    ...{ machines: spans.map(({ machine }) => machine), starts, ends },
    ...{ earliest: Math.min(...starts), last: Math.max(...ends) },
  }
}

function cellOf(machine: string, [hour, shift, product, order, numbers]: HourSelected): MachineCell {
  const [
    production,
    setup,
    breakdown,
    minorStop,
    starved,
    blocked,
    idle,
    unknown,
    planned,
    unscheduled,
    overtime,
    overtimeParts,
    idealMs,
    produced,
    scrapped,
    warmUp,
    reworked,
  ] = numbers
  const hasParts = produced + scrapped + reworked > 0
  const made: [number, Made][] = hasParts ? [[idealMs, { produced, scrapped, warmUp, reworked }]] : []
  const time = {
    production,
    setup,
    breakdown,
    minorStop,
    starved,
    blocked,
    idle,
    unknown,
    planned,
    unscheduled,
    overtime,
  }
  return { machine, hour, shift, product, order, tally: { time, made: new Map(made), overtimeParts } }
}

type Six = [number, number, number, number, number, number]
/** In the order of `selected`. */
type HourNumbers = [...Six, ...Six, number, number, number, number, number]

/** Begins of the first and the last hour of a machine that are written, and so all between, Unix ms. */
export interface WrittenHours {
  readonly first: number
  readonly last: number
}

/** Which hours of each machine are written; none of those that never had one. */
export async function writtenHours(store: Pick<Store, 'query'>): Promise<Map<string, WrittenHours>> {
  const rows = await store.query<WrittenHours & { machine: string }>(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(min(hour))) AS first,
      toFloat64(toUnixTimestamp64Milli(max(hour))) AS last
    FROM ${databaseName}.oee_hourly GROUP BY machine`,
  )
  return new Map(rows.map(({ machine, ...hours }) => [machine, hours]))
}
