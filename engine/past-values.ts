import type { Logger } from 'pino'
import type { Entry } from '../schema/records.js'
import type { Past } from './floor/evidence-watch.js'
import type { LiveFloor } from './floor/live-floor.js'
import { inUnitsOfNow, type OtherUnit } from './store/other-units.js'
import type { PastPlants } from './store/past-plants.js'
import type { Store } from './store/store.js'

const minute = 60_000
const hour = 60 * minute
const ages: Readonly<Record<Past, number>> = { dayAgo: 24 * hour, weekAgo: 7 * 24 * hour }
/** A value of the past is the mean of the time around it, ms to both sides. */
const around = 30 * minute

/** Indexes travel in the URI and stand in the statement; ClickHouse limits both (max_query_size: 256 KiB). */
const signalsAtOnce = 20_000
/** Of those in other units each stands in it several times over. */
const signalsInUnitsAtOnce = 500

/** What the sensors showed around `time`, floor time in Unix ms, by signal index; who showed nothing is left out. `others`: what they were in other units. */
export async function readPast(
  store: Pick<Store, 'query'>,
  signals: readonly number[],
  time: number,
  others: readonly OtherUnit[] = [],
): Promise<ReadonlyMap<number, number>> {
  const past = new Map<number, number>()
  const atOnce = others.length === 0 ? signalsAtOnce : signalsInUnitsAtOnce
  for (let first = 0; first < signals.length; first += atOnce) {
    const some = signals.slice(first, first + atOnce)
    const ofSome = others.filter(other => some.includes(other.as))
    for (const { signal, mean } of await readSome(store, some, time, ofSome)) past.set(signal, mean)
  }
  return past
}

function readSome(
  store: Pick<Store, 'query'>,
  signals: readonly number[],
  time: number,
  others: readonly OtherUnit[],
): Promise<{ signal: number; mean: number }[]> {
  return store.query(
    `SELECT signal, sum(m.sum) / sum(m.valued) AS mean FROM ${inUnitsOfNow('telemetry_1m', others)} AS m
    WHERE signal IN {signals:Array(UInt32)} AND valued > 0
      AND minute >= toDateTime({from:UInt32}, 'UTC') AND minute < toDateTime({to:UInt32}, 'UTC')
    GROUP BY signal`,
    {
      signals,
      from: Math.max(0, Math.floor((time - around) / 1000)),
      to: Math.max(0, Math.floor((time + around) / 1000)),
    },
  )
}

/** Reads each hour what the sensors of the floor showed a day and a week ago. Returns what stops it. */
export function keepPast(
  floor: LiveFloor,
  store: Pick<Store, 'query'>,
  plants: Pick<PastPlants, 'otherUnits'>,
  record: (entry: Entry | undefined) => void,
  logger: Logger,
): () => void {
  const sensors = floor.registry.signals.filter(
    ({ signal }) => signal.role === 'sensor' && signal.type === 'number',
  )
  const indexes = sensors.map(({ index }) => index)
  const others = sensors.flatMap(sensor => plants.otherUnits(sensor))
  const learn = async (): Promise<void> => {
    try {
      for (const past of ['dayAgo', 'weekAgo'] as const) {
        const time = floor.clock.now() - ages[past]
        record(floor.learnPast(past, await readPast(store, indexes, time, others)))
      }
    } catch (error) {
      logger.warn({ err: error }, 'the past of the sensors could not be read; trying again in an hour')
    }
  }
  void learn()
  const timer = setInterval(() => void learn(), hour)
  return () => clearInterval(timer)
}
