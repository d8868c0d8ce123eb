import { dateOf } from '../../schema/calendar.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import type { Cell } from '../../workers/kpi/ledger.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'
import type { MachineCell } from '../../workers/kpi/roll-up.js'
import type { Made } from '../../workers/kpi/tally.js'
import type { Store } from '../store/store.js'

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

interface HourSelected {
  readonly machine: string
  readonly hour: number
  readonly shift: string
  readonly product: string
  readonly order: string
  readonly computed: number
  /** In the order of `selected`: names again with each row would be most of the answer. */
  readonly numbers: readonly number[]
}

/** The cells of whole hours that begin in a stretch of time, from inclusive, to exclusive. */
export async function readHours(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
  from: number,
  to: number,
): Promise<MachineCell[]> {
  const rows = await store.query<HourSelected>(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(h.hour)) AS hour, shift, product, order,
      toFloat64(toUnixTimestamp64Milli(h.computed)) AS computed,
      [${selected.map(name => `toFloat64(${name})`).join(', ')}] AS numbers
    FROM ${databaseName}.oee_hourly AS h
    WHERE machine IN {machines:Array(String)}
      AND h.hour >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
      AND h.hour < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    ORDER BY machine, h.hour, shift, product, order, ideal_ms`,
    { machines, from: Math.ceil(from), to: Math.ceil(to) },
  )
  return newest(rows).map(cellOf)
}

/** Of each machine and hour the rows that were worked out last, each once; rows come in the order of both. */
function newest(rows: readonly HourSelected[]): HourSelected[] {
  const kept: HourSelected[] = []
  for (let begin = 0, end = 0; begin < rows.length; begin = end) {
    const { machine, hour } = rows[begin]!
    let computed = 0
    while (end < rows.length && rows[end]!.machine === machine && rows[end]!.hour === hour)
      computed = Math.max(computed, rows[end++]!.computed)
    for (const row of rows.slice(begin, end)) {
      const last = kept.at(-1)
      if (row.computed === computed && !(last !== undefined && isSame(last, row))) kept.push(row)
    }
  }
  return kept
}

const idealAt = selected.indexOf('ideal_ms')

const isSame = (a: HourSelected, b: HourSelected): boolean =>
  a.machine === b.machine &&
  a.hour === b.hour &&
  a.shift === b.shift &&
  a.product === b.product &&
  a.order === b.order &&
  a.numbers[idealAt] === b.numbers[idealAt]

function cellOf({ machine, hour, shift, product, order, numbers }: HourSelected): MachineCell {
  const [production, setup, breakdown, minorStop, starved, blocked, ...others] = numbers as HourNumbers
  const [idle, unknown, planned, unscheduled, overtime, overtimeParts, idealMs, ...parts] = others
  const [produced, scrapped, warmUp, reworked] = parts
  const hasParts = produced + scrapped + reworked > 0
  const made: [number, Made][] = hasParts ? [[idealMs, { produced, scrapped, warmUp, reworked }]] : []
  const stood = { breakdown, minorStop, starved, blocked, idle, unknown }
  const time = { production, setup, ...stood, planned, unscheduled, overtime }
  return { machine, hour, shift, product, order, tally: { time, made: new Map(made), overtimeParts } }
}

type Six = [number, number, number, number, number, number]
/** In the order of `selected`. */
type HourNumbers = [...Six, ...Six, number, number, number, number, number]

/** The last hour of each machine that is written; none of those that never had one. */
export async function lastHours(store: Pick<Store, 'query'>): Promise<Map<string, number>> {
  const rows = await store.query<{ machine: string; hour: number }>(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(max(hour))) AS hour FROM ${databaseName}.oee_hourly GROUP BY machine`,
  )
  return new Map(rows.map(({ machine, hour }) => [machine, hour]))
}
