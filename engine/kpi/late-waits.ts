import type { StateMap } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { StateChange } from '../../schema/records.js'
import { lookupState } from '../../schema/state-maps.js'
import { databaseName } from '../../schema/tables/definition.js'
import type { RegisteredMachine } from '../floor/floor.js'
import { Interlocks, interlockOf } from '../floor/interlocks.js'
import type { Store } from '../store/store.js'
import { latest, nearest } from './nearest.js'

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
  const of = { machine, waits, ...told }
  const [around] = await store.query<{ start: number; end: number }>(
    `SELECT toFloat64(toUnixTimestamp64Milli(maxIf(ts, ts <= ${inTime('from')}))) AS start,
      toFloat64(toUnixTimestamp64Milli(minIf(ts, ts > ${inTime('to')}))) AS end
    FROM ${databaseName}.state_changes
    WHERE machine = {machine:String} AND state != '' AND state NOT IN {waits:Array(String)}`,
    of,
  )
  // Its own readings around it, of each interlock: what they say holds until it says something else.
  const asked = await Promise.all(
    [...interlocks.keys()].map(async signal => ({
      signal,
      before: await nextReading(store, signal, around!.start + 1, 'before'),
      within: await nextReading(store, signal, told.to + 1, 'before'),
      after: await nextReading(store, signal, told.to + 1, 'after'),
    })),
  )
  const heard = asked.filter(({ within, after }) => within !== undefined || after !== undefined)
  const end = Math.max(around!.end || latest, ...heard.map(({ after = latest }) => after))
  const [rows, ...readings] = await Promise.all([
    store.query<StateRow>(
      `SELECT toFloat64(toUnixTimestamp64Milli(ts)) AS time, state, reason, source_state AS word
      FROM ${databaseName}.state_changes
      WHERE machine = {machine:String} AND state != '' AND ts >= ${inTime('start')} AND ts <= ${inTime('end')}
      ORDER BY ts, seq`,
      { ...of, start: around!.start, end },
    ),
    ...heard.map(({ signal, before = around!.start }) => interlockChanges(store, signal, before, end)),
  ])
  const said = readings
    .flatMap((changes, place) =>
      changes.map(change => ({ ...change, interlock: interlocks.get(heard[place]!.signal)! })),
    )
    .sort((a, b) => a.time - b.time || a.seq - b.seq)
  const stateSignals = signals.filter(({ signal }) => signal.quantity === 'state')
  const span = { machine, start: around!.start, end }
  // Where an interlock spoke and no state, a row goes on with a state that was told before.
  const [derived, toldStates] = await Promise.all([
    rowsTold(store, span, [...interlocks.keys()]),
    rowsTold(
      store,
      span,
      stateSignals.map(({ index }) => index),
    ),
  ])
  for (const { time, state } of rows) if (state === 'Undefined' || toldStates.has(time)) derived.delete(time)
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

/** At which times of a machine's states some signals told something, Unix ms. */
async function rowsTold(
  store: Pick<Store, 'query'>,
  span: { readonly machine: string; readonly start: number; readonly end: number },
  signals: readonly number[],
): Promise<Set<number>> {
  const within = `ts >= ${inTime('start')} AND ts <= ${inTime('end')}`
  const rows = await store.query<{ time: number }>(
    `SELECT DISTINCT toFloat64(toUnixTimestamp64Milli(ts)) AS time FROM ${databaseName}.telemetry
    WHERE signal IN {signals:Array(UInt32)} AND ${within} AND ts IN (
      SELECT ts FROM ${databaseName}.state_changes WHERE machine = {machine:String} AND state != '' AND ${within})`,
    { ...span, signals },
  )
  return new Set(rows.map(({ time }) => time))
}

/** When an interlock was read next to a time, Unix ms. */
function nextReading(
  store: Pick<Store, 'query'>,
  signal: number,
  time: number,
  side: 'before' | 'after',
): Promise<number | undefined> {
  return nearest(time, side, async (from, to) => {
    const [row] = await store.query<{ time: number }>(
      `SELECT toFloat64(toUnixTimestamp64Milli(ts)) AS time FROM ${databaseName}.telemetry
      WHERE signal = {signal:UInt32} AND ts >= ${inTime('from')} AND ts < ${inTime('to')}
      ORDER BY ts ${side === 'before' ? 'DESC' : 'ASC'} LIMIT 1`,
      { signal, from, to },
    )
    return row?.time
  })
}

/** What an interlock said from a time to another, both inclusive; what is polled says the same again and again. */
function interlockChanges(store: Pick<Store, 'query'>, signal: number, start: number, end: number) {
  return store.query<{ time: number; seq: number; isOn: boolean }>(
    `SELECT toFloat64(toUnixTimestamp64Milli(at)) AS time, toFloat64(arrived) AS seq, on AS isOn
    FROM (
      SELECT t.ts AS at, t.seq AS arrived, quality != ${Quality.bad} AND isFinite(value) AND value != 0 AS on,
        row_number() OVER in_order AS place, lagInFrame(on) OVER in_order AS before
      FROM ${databaseName}.telemetry AS t
      WHERE signal = {signal:UInt32} AND ts >= ${inTime('start')} AND ts <= ${inTime('end')}
      WINDOW in_order AS (ORDER BY at, arrived ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
    WHERE place = 1 OR on != before ORDER BY at, place`,
    { signal, start, end },
  )
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
