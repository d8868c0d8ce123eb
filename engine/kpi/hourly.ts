import { databaseName } from '../../schema/tables/definition.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import type { Cell } from '../../workers/kpi/ledger.js'
import type { MachineCell } from '../../workers/kpi/roll-up.js'
import type { Made } from '../../workers/kpi/tally.js'
import type { Store } from '../store/store.js'

type HourRow = RowOfTable<'oee_hourly'>

const nothingMade: Made = { produced: 0, scrapped: 0, warmUp: 0, reworked: 0 }

/** A cell as rows: one, but where the ideal cycle changed within the hour. `computed`: wall time, Unix ms. */
export function hourRows(
  machine: string,
  { hour, shift, product, order, tally }: Cell,
  computed: number,
): HourRow[] {
  const { time, overtimeParts } = tally
  const [first = [0, nothingMade] as const, ...others] = tally.made
  const key = { machine, hour, shift, product, order, computed }
  const madeColumns = ([idealMs, made]: readonly [number, Made]) => ({
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
    ...madeColumns(first),
  }
  const noTime = Object.fromEntries(timeColumns.map(column => [column, 0]))
  return [row, ...others.map(made => ({ ...row, ...noTime, overtime_parts: 0, ...madeColumns(made) }))]
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

/** Every number of a row, so that all come back as numbers. */
const numbers = [
  ...timeColumns,
  'overtime_parts',
  'ideal_ms',
  'produced',
  'scrapped',
  'warm_up',
  'reworked',
] as const
type Numbers = Readonly<Record<(typeof numbers)[number] | 'hour', number>>
type Texts = Readonly<Record<'machine' | 'shift' | 'product' | 'order', string>>

/** The cells of whole hours that begin in a stretch of time, from inclusive, to exclusive. */
export async function readHours(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
  from: number,
  to: number,
): Promise<MachineCell[]> {
  const within = `machine IN {machines:Array(String)}
    AND hour >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND hour < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`
  const rows = await store.query<Numbers & Texts>(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(h.hour)) AS hour, shift, product, order,
      ${numbers.map(name => `toFloat64(h.${name}) AS ${name}`).join(', ')}
    FROM ${databaseName}.oee_hourly AS h
    WHERE ${within.replaceAll('hour', 'h.hour')}
      AND (machine, h.hour, computed) IN (
        SELECT machine, hour, max(computed) FROM ${databaseName}.oee_hourly WHERE ${within} GROUP BY machine, hour
      )
    ORDER BY machine, h.hour, shift, product, order, h.ideal_ms
    LIMIT 1 BY machine, h.hour, shift, product, order, h.ideal_ms`,
    { machines, from: Math.ceil(from), to: Math.ceil(to) },
  )
  return rows.map(cellOf)
}

function cellOf(row: Numbers & Texts): MachineCell {
  const made: [number, Made][] =
    row.produced + row.scrapped + row.reworked === 0
      ? []
      : [
          [
            row.ideal_ms,
            { produced: row.produced, scrapped: row.scrapped, warmUp: row.warm_up, reworked: row.reworked },
          ],
        ]
  return {
    machine: row.machine,
    hour: row.hour,
    shift: row.shift,
    product: row.product,
    order: row.order,
    tally: {
      time: {
        production: row.production,
        setup: row.setup,
        breakdown: row.breakdown,
        minorStop: row.minor_stop,
        starved: row.starved,
        blocked: row.blocked,
        idle: row.idle,
        unknown: row.unknown,
        planned: row.planned,
        unscheduled: row.unscheduled,
        overtime: row.overtime,
      },
      made: new Map(made),
      overtimeParts: row.overtime_parts,
    },
  }
}

/** The last hour of each machine that is written; none of those that never had one. */
export async function lastHours(store: Pick<Store, 'query'>): Promise<Map<string, number>> {
  const rows = await store.query<{ machine: string; hour: number }>(
    `SELECT machine, toFloat64(toUnixTimestamp64Milli(max(hour))) AS hour FROM ${databaseName}.oee_hourly GROUP BY machine`,
  )
  return new Map(rows.map(({ machine, hour }) => [machine, hour]))
}
