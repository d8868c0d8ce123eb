import type { StateMap } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { StateChange } from '../../schema/records.js'
import { lookupState } from '../../schema/state-maps.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { RegisteredMachine } from '../floor/floor.js'
import { Interlocks, interlockOf } from '../floor/interlocks.js'
import type { Store } from '../store/store.js'

/** A stretch in which what a machine's interlocks or states told came out of order; Unix ms, both inclusive. */
interface OutOfOrder {
  readonly from: number
  readonly to: number
}

interface StateRow {
  readonly time: number
  readonly state: string
  readonly reason: string
  readonly word: string
}

interface InterlockReading {
  readonly time: number
  readonly interlock: 'blocked' | 'starved'
  readonly isOn: boolean
}

const waits = ['Suspending', 'Suspended', 'Unsuspending']
/** DateTime64 ends here. */
const latest = Date.UTC(2299, 11, 31)
const inTime = (name: string): string => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`

/**
 * Why a machine waited, where states or interlocks came late or out of order: worked out from all that its interlocks
 * told, as if it had come in order of time. Returns what has to be put on record; nothing where it is right as it is.
 */
export async function waitChanges(
  store: Pick<Store, 'query'>,
  stateMaps: Readonly<Record<string, StateMap>>,
  { machine: { id: machine }, signals }: RegisteredMachine,
  told: OutOfOrder,
): Promise<StateChange[]> {
  const interlocks = new Map(
    signals.flatMap(({ index, signal }) => {
      const interlock = interlockOf(signal)
      return interlock === undefined ? [] : [[index, interlock] as const]
    }),
  )
  if (interlocks.size === 0) return []
  const of = { machine, waits, signals: [...interlocks.keys()], ...told }
  const [around] = await store.query<{ start: number; end: number }>(
    `SELECT toFloat64(toUnixTimestamp64Milli(maxIf(ts, ts <= ${inTime('from')}))) AS start,
      toFloat64(toUnixTimestamp64Milli(minIf(ts, ts > ${inTime('to')}))) AS end
    FROM ${databaseName}.state_changes
    WHERE machine = {machine:String} AND state != '' AND state NOT IN {waits:Array(String)}`,
    of,
  )
  // Its own readings around it, of each interlock: what they say holds until it says something else.
  const heard = await store.query<{ start: number; end: number }>(
    `SELECT toFloat64(toUnixTimestamp64Milli(maxIf(ts, ts <= ${inTime('start')}))) AS start,
      toFloat64(toUnixTimestamp64Milli(minIf(ts, ts > ${inTime('to')}))) AS end
    FROM ${databaseName}.telemetry WHERE signal IN {signals:Array(UInt32)} GROUP BY signal`,
    { ...of, start: around!.start },
  )
  const ends = [around!, ...heard].map(({ end }) => end)
  const end = ends.some(each => each === 0) ? latest : Math.max(...ends)
  const [rows, readings] = await Promise.all([
    store.query<StateRow>(
      `SELECT toFloat64(toUnixTimestamp64Milli(ts)) AS time, state, reason, source_state AS word
      FROM ${databaseName}.state_changes
      WHERE machine = {machine:String} AND state != '' AND ts >= ${inTime('start')} AND ts <= ${inTime('end')}
      ORDER BY ts, seq`,
      { ...of, start: around!.start, end },
    ),
    store.query<{ time: number; signal: number; value: number; quality: number }>(
      `SELECT toFloat64(toUnixTimestamp64Milli(ts)) AS time, signal, value, quality
      FROM ${databaseName}.telemetry
      WHERE signal IN {signals:Array(UInt32)} AND ts >= ${inTime('start')} AND ts <= ${inTime('end')}
      ORDER BY ts, seq`,
      { ...of, start: Math.min(around!.start, ...heard.map(({ start }) => start)), end },
    ),
  ])
  const said = readings.map(({ time, signal, value, quality }) => ({
    time,
    interlock: interlocks.get(signal)!,
    isOn: quality !== Quality.bad && Number.isFinite(value) && value !== 0,
  }))
  const at = new Set(said.map(({ time }) => time))
  // Where an interlock spoke and no state, a row goes on with a state that was told before.
  const unsure = [
    ...new Set(rows.flatMap(({ time, state }) => (state !== 'Undefined' && at.has(time) ? [time] : []))),
  ]
  const stateSignals = signals.filter(({ signal }) => signal.quantity === 'state')
  const sure = await store.query<{ time: number }>(
    `SELECT DISTINCT toFloat64(toUnixTimestamp64Milli(ts)) AS time FROM ${databaseName}.telemetry
    WHERE signal IN {states:Array(UInt32)} AND toUnixTimestamp64Milli(ts) IN {unsure:Array(Int64)}
      AND ts >= ${inTime('start')} AND ts <= ${inTime('end')}`,
    { ...of, start: around!.start, end, states: stateSignals.map(({ index }) => index), unsure },
  )
  const toldStates = new Set(sure.map(({ time }) => time))
  const derived = new Set(unsure.filter(time => !toldStates.has(time)))
  const maps = stateSignals.map(({ signal }) => stateMaps[signal.stateMap ?? ''])
  const saysWhy = (word: string): boolean =>
    maps.some(map => {
      const reason = map && lookupState(map, word)?.reason
      return reason !== undefined && reason !== 'none'
    })
  return rightRows(rows, said, derived, saysWhy).map(({ time, state, reason, word }) => ({
    ...{ machine, time, state, mode: '', reason, sourceState: word },
    observed: true,
  }))
}

const isWait = (state: string): boolean => waits.includes(state)

/**
 * The rows that stand wrong, as they would be had all come in order of time. `rows` and `readings` in order of time, then
 * arrival. `derived`: times of rows that go on with the state of before, made where an interlock spoke. `saysWhy`:
 * whether a word for the state says itself why the machine waits.
 */
function rightRows(
  rows: readonly StateRow[],
  readings: readonly InterlockReading[],
  derived: ReadonlySet<number>,
  saysWhy: (word: string) => boolean,
): StateRow[] {
  const shown = new Map(rows.map(row => [row.time, row]))
  const times = [...new Set([...rows, ...readings].map(({ time }) => time))].sort((a, b) => a - b)
  const interlocks = new Interlocks()
  const right: StateRow[] = []
  let told: StateRow | undefined
  let current: StateRow | undefined
  let next = 0
  for (const time of times) {
    for (; next < readings.length && readings[next]!.time <= time; next++)
      interlocks.tell(0, readings[next]!.interlock, readings[next]!.isOn)
    const row = shown.get(time)
    if (row !== undefined && !derived.has(time)) told = row
    current = row ?? current
    if (told === undefined || current === undefined) continue
    const isOpen = isWait(told.state) && !saysWhy(told.word)
    const reason = isOpen ? interlocks.reasonOf(0) : told.reason
    const { state, word } = told
    if (current.state === state && current.reason === reason && current.word === word) continue
    current = { time, state, reason, word }
    right.push(current)
  }
  return right
}
