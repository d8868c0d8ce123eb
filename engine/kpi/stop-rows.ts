import { categoryOf } from '../../schema/downtime-reasons.js'
import { foldWord } from '../../schema/state-maps.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { RowOfTable } from '../../schema/tables/row-tables.js'
import type { MachinePlan } from '../../workers/kpi/machine-plan.js'
import type { Stop, StopKind } from '../../workers/kpi/stops.js'
import type { Store } from '../store/store.js'

/** A stop with its machine and its reason, whoever gave it. */
export interface MachineStop extends Omit<Stop, 'downtimeReason' | 'stopCode'> {
  readonly machine: string
  /** `category/code`; empty: unqualified. */
  readonly reason: string
  /** Who gave the reason: an operator, or the plant file's map of the source's words; empty: nobody. */
  readonly reasonBy: '' | 'operator' | 'map'
}

type StopRow = RowOfTable<'downtime_events'>

/**
 * What somebody said goes before what the source's own words say: its code for why the machine stops, which is the
 * stop's word where there is one, and its word for the state.
 */
export function reasoned(plan: MachinePlan, { downtimeReason, stopCode, ...rest }: Stop): MachineStop {
  const stop = { ...rest, sourceState: stopCode || rest.sourceState }
  const reasonOf = (word: string): string | undefined => plan.faultReasons[foldWord(word)]
  const mapped = reasonOf(stopCode) ?? reasonOf(rest.sourceState) ?? ''
  const reason = downtimeReason || mapped
  const reasonBy = downtimeReason !== '' ? 'operator' : mapped === '' ? '' : 'map'
  return { ...stop, machine: plan.machine, reason, reasonBy }
}

export function stopRow(stop: MachineStop): StopRow {
  return {
    machine: stop.machine,
    start: stop.from,
    end: stop.to,
    seconds: stop.busyMs / 1_000,
    kind: stop.kind,
    category: categoryOf(stop.reason) ?? '',
    reason: stop.reason,
    reason_by: stop.reasonBy,
    state: stop.state,
    source_state: stop.sourceState,
    shift: stop.shift,
    product: stop.product,
    order: stop.order,
    gone: false,
  }
}

/** Says of a stop that was written that there is none. */
export function goneRow(machine: string, start: number): StopRow {
  const nothing = {
    category: '',
    reason: '',
    reason_by: '',
    state: '',
    source_state: '',
    shift: '',
    product: '',
  }
  return { machine, start, end: start, seconds: 0, kind: '', ...nothing, order: '', gone: true }
}

const columns = `machine, toFloat64(toUnixTimestamp64Milli(start)) AS from, toFloat64(toUnixTimestamp64Milli(end)) AS to,
      seconds * 1000 AS busyMs, kind, reason, reason_by AS reasonBy, state, source_state AS sourceState,
      shift, product, order`

/** Written stops that touch a stretch of time. */
export function readStops(
  store: Pick<Store, 'query'>,
  machines: readonly string[],
  from: number,
  to: number,
): Promise<MachineStop[]> {
  return store.query<MachineStop & { readonly kind: StopKind }>(
    `SELECT ${columns}
    FROM ${databaseName}.downtime_events FINAL
    WHERE NOT gone AND machine IN {machines:Array(String)}
      AND toUnixTimestamp64Milli(start) < {to:Int64} AND toUnixTimestamp64Milli(end) > {from:Int64}
    ORDER BY start, machine`,
    { machines, from: Math.floor(from), to: Math.ceil(to) },
  )
}

const timeOfMachine = 'transform(machine, {machines:Array(String)}, {times:Array(Int64)}, toInt64(0))'

/** When a stop was, and what it counts as. */
export type StopPlace = Pick<MachineStop, 'kind' | 'from' | 'to'>

/** Of each machine the last of its own written stops that began before a time of its own, at most so many, in order. */
export async function readLastStops(
  store: Pick<Store, 'query'>,
  before: ReadonlyMap<string, number>,
  most: number,
): Promise<Map<string, StopPlace[]>> {
  const rows = await store.query<StopPlace & { readonly machine: string }>(
    `SELECT machine, kind, toFloat64(toUnixTimestamp64Milli(start)) AS from, toFloat64(toUnixTimestamp64Milli(end)) AS to
    FROM ${databaseName}.downtime_events FINAL
    WHERE NOT gone AND machine IN {machines:Array(String)} AND kind IN ('breakdown', 'minorStop')
      AND toUnixTimestamp64Milli(start) < ${timeOfMachine}
    ORDER BY machine, start DESC LIMIT {most:UInt32} BY machine`,
    { machines: [...before.keys()], times: [...before.values()].map(Math.ceil), most },
  )
  const byMachine = new Map<string, StopPlace[]>([...before.keys()].map(machine => [machine, []]))
  for (const { machine, ...place } of rows.reverse()) byMachine.get(machine)!.push(place)
  return byMachine
}

/** Of each machine the begins of all written stops from a time of its own on. */
export async function readStopBegins(
  store: Pick<Store, 'query'>,
  from: ReadonlyMap<string, number>,
): Promise<Map<string, number[]>> {
  const rows = await store.query<{ machine: string; begins: number[] }>(
    `SELECT machine, groupArray(toFloat64(toUnixTimestamp64Milli(start))) AS begins
    FROM ${databaseName}.downtime_events FINAL
    WHERE NOT gone AND machine IN {machines:Array(String)} AND toUnixTimestamp64Milli(start) >= ${timeOfMachine}
    GROUP BY machine`,
    { machines: [...from.keys()], times: [...from.values()].map(Math.ceil) },
  )
  return new Map(rows.map(({ machine, begins }) => [machine, begins]))
}
