import type { EnergyCell, Readings } from '../../workers/kpi/energy.js'
import type { WorkerPool } from '../../workers/pool.js'
import { inUnitsOfNow } from '../store/other-units.js'
import type { Store } from '../store/store.js'
import { readEvents } from './event-reader.js'
import type { FoundMeter, MeteredMachine } from './meters.js'

const minuteMs = 60_000
/** How far around a stretch of time the values next to it are looked for, of a signal that is told on change. */
const lookAroundMs = 7 * 24 * 60 * minuteMs
/** Readings in memory at once. */
const readingsAtOnce = 400_000
/** A signal that is told on change is taken to say about this much, per ms. */
const onChangeRate = 1 / 10_000

/** Where readings come from: samples, or minutes of them where samples would be too many. */
export type EnergyTable = 'telemetry' | 'telemetry_1m'

export interface MachineEnergy {
  readonly machine: string
  readonly cells: readonly EnergyCell[]
}

export interface EnergyParts {
  readonly store: Pick<Store, 'query' | 'flush'>
  readonly pool: Pick<WorkerPool, 'run'>
}

/** Which table answers for so much: samples where they are few enough to be read as a whole. */
export const energyTableFor = (machines: readonly MeteredMachine[], from: number, to: number): EnergyTable =>
  countOf(machines, to - from) <= readingsAtOnce ? 'telemetry' : 'telemetry_1m'

/** Readings that an answer is made from, about. */
export function countOf(machines: readonly MeteredMachine[], spanMs: number, byMinute = false): number {
  const rates = machines.map(({ meter: { signal } }) => {
    if (signal.period === 0) return onChangeRate
    return byMinute ? Math.min(1 / signal.period, 1 / minuteMs) : 1 / signal.period
  })
  return spanMs * rates.reduce((sum, rate) => sum + rate, 0)
}

/** The energy of machines in a stretch of time, from inclusive, to exclusive, up to `now`; a part of it at a time. */
export async function readEnergy(
  { store, pool }: EnergyParts,
  machines: readonly MeteredMachine[],
  from: number,
  until: number,
  now: number,
): Promise<MachineEnergy[]> {
  const to = Math.min(until, Math.max(from, now))
  if (machines.length === 0) return []
  await store.flush()
  const table = energyTableFor(machines, from, to)
  const pieces = Math.ceil(countOf(machines, to - from, table === 'telemetry_1m') / readingsAtOnce)
  const step = Math.ceil((to - from) / pieces / minuteMs) * minuteMs
  const found = new Map<string, EnergyCell[]>(machines.map(({ plan }) => [plan.machine, []]))
  for (let begin = from; begin < to; begin += step) {
    const window = { from: begin, to: Math.min(to, begin + step) }
    const plans = machines.map(({ plan }) => plan)
    const [readings, events] = await Promise.all([
      readReadings(store, machines, { ...window, now }, table),
      readEvents(
        store,
        plans.map(plan => ({ plan, ...window })),
      ),
    ])
    const cells = await pool.run('energy', {
      window,
      machines: machines.map(({ plan, meter: { signal: _, ...meter }, signal }, place) => ({
        plan,
        events: events[place]!,
        meter: byMinute(meter, table),
        readings: readings.get(signal) ?? { time: [], value: [] },
      })),
    })
    for (const [place, ofMachine] of cells.entries())
      found.get(machines[place]!.plan.machine)!.push(...ofMachine)
  }
  return [...found].map(([machine, cells]) => ({ machine, cells }))
}

const othersOf = (machines: readonly MeteredMachine[]) => machines.flatMap(({ others }) => others)

/** The mean of a minute holds for that minute; a counter that is read each minute is read often enough. */
function byMinute(meter: Omit<FoundMeter, 'signal'>, table: EnergyTable): Omit<FoundMeter, 'signal'> {
  if (table === 'telemetry' || meter.holdMs === Number.POSITIVE_INFINITY) return meter
  return { ...meter, holdMs: meter.kind === 'power' ? minuteMs : Math.max(meter.holdMs, 3 * minuteMs) }
}

interface ReadingsRow {
  readonly signal: number
  readonly time: number[]
  readonly value: (number | null)[]
}

async function readReadings(
  store: Pick<Store, 'query'>,
  machines: readonly MeteredMachine[],
  { from, to, now }: { readonly from: number; readonly to: number; readonly now: number },
  table: EnergyTable,
): Promise<Map<number, Readings>> {
  const periodic = machines.filter(({ meter }) => meter.holdMs !== Number.POSITIVE_INFINITY)
  const onChange = machines.filter(({ meter }) => meter.holdMs === Number.POSITIVE_INFINITY)
  const around = Math.max(3 * minuteMs, ...periodic.map(({ meter }) => meter.holdMs))
  const parts = [
    ...(table === 'telemetry_1m'
      ? [readMinutes(store, periodic, from - around, to + around, now)]
      : [readSamples(store, periodic, from - around, to + around)]),
    readSamples(store, onChange, from, to, lookAroundMs),
  ]
  const rows = (await Promise.all(parts)).flat()
  return new Map(
    rows.map(({ signal, time, value }) => [signal, { time, value: value.map(each => each ?? Number.NaN) }]),
  )
}

/**
 * The readings of a stretch of time, and the nearest one on either side of it, at most `around` away, ms. Those of
 * counters are ones that can be used: a step over an end of the stretch goes from one of them to the next.
 */
function readSamples(
  store: Pick<Store, 'query'>,
  machines: readonly MeteredMachine[],
  from: number,
  to: number,
  around = 0,
): Promise<ReadingsRow[]> {
  if (machines.length === 0) return Promise.resolve([])
  const table = inUnitsOfNow('telemetry', othersOf(machines))
  const nearest = (which: 'argMin' | 'argMax', begin: string, end: string): string =>
    `SELECT signal, ${which}(tuple(t.ts, t.value, t.quality, t.seq), (t.ts, t.seq)) AS at
    FROM ${table} AS t
    WHERE signal IN {signals:Array(UInt32)}
      AND t.ts >= fromUnixTimestamp64Milli({${begin}:Int64}, 'UTC')
      AND t.ts < fromUnixTimestamp64Milli({${end}:Int64}, 'UTC')
      AND (signal NOT IN {counters:Array(UInt32)} OR (t.quality != 2 AND isFinite(t.value)))
    GROUP BY signal`
  return store.query<ReadingsRow>(
    `WITH arraySort(groupArray((time, seq, number))) AS sorted
    SELECT signal, arrayMap(each -> each.1, sorted) AS time, arrayMap(each -> each.3, sorted) AS value
    FROM (
      SELECT signal, at.4 AS seq, toFloat64(toUnixTimestamp64Milli(at.1)) AS time,
        if(at.3 = 2 OR NOT isFinite(at.2), NULL, at.2) AS number
      FROM (
        SELECT signal, tuple(ts, value, quality, seq) AS at FROM ${table}
        WHERE signal IN {signals:Array(UInt32)}
          AND ts >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
          AND ts < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        UNION ALL ${nearest('argMax', 'before', 'from')}
        UNION ALL ${nearest('argMin', 'to', 'after')}
      )
    )
    GROUP BY signal`,
    {
      signals: machines.map(({ signal }) => signal),
      counters: machines.filter(({ meter }) => meter.kind === 'counter').map(({ signal }) => signal),
      before: Math.floor(from - around),
      from: Math.floor(from),
      to: Math.ceil(to),
      after: Math.ceil(to + around),
    },
  )
}

/** Minutes as readings: of power its mean at the begin, as far as it was measured; of a counter its last at the end, or now. */
async function readMinutes(
  store: Pick<Store, 'query'>,
  machines: readonly MeteredMachine[],
  from: number,
  to: number,
  now: number,
): Promise<ReadingsRow[]> {
  if (machines.length === 0) return []
  const rows = await store.query<{
    signal: number
    time: number[]
    mean: number[]
    last: number[]
    valued: number[]
  }>(
    `WITH arraySort(groupArray((at, average, newest, counted))) AS sorted
    SELECT signal, arrayMap(each -> each.1, sorted) AS time, arrayMap(each -> each.2, sorted) AS mean,
      arrayMap(each -> each.3, sorted) AS last, arrayMap(each -> each.4, sorted) AS valued
    FROM (
      SELECT signal, toFloat64(toUnixTimestamp(minute)) * 1000 AS at, assumeNotNull(m.mean) AS average,
        assumeNotNull(m.last) AS newest, toFloat64(m.valued) AS counted
      FROM ${inUnitsOfNow('telemetry_1m', othersOf(machines))} AS m
      WHERE signal IN {signals:Array(UInt32)} AND m.valued > 0
        AND minute >= toDateTime({from:Int64} / 1000, 'UTC') AND minute < toDateTime({to:Int64} / 1000, 'UTC')
    )
    GROUP BY signal`,
    { signals: machines.map(({ signal }) => signal), from: Math.floor(from), to: Math.ceil(to) },
  )
  const bySignal = new Map(machines.map(({ signal, meter }) => [signal, meter]))
  return rows.map(({ signal, time, mean, last, valued }) => {
    const { kind, signal: spec } = bySignal.get(signal)!
    if (kind === 'counter') return { signal, time: time.map(at => Math.min(at + minuteMs, now)), value: last }
    // Where half of a minute's samples came, half of it was measured: NaN ends what holds.
    const ends = time.flatMap((at, place) => {
      const measured = Math.min(minuteMs, valued[place]! * spec.period)
      return measured < minuteMs ? [[at + measured, Number.NaN] as const] : []
    })
    const both = [...time.map((at, place) => [at, mean[place]!] as const), ...ends].sort(([a], [b]) => a - b)
    return { signal, time: both.map(([at]) => at), value: both.map(([, value]) => value) }
  })
}
