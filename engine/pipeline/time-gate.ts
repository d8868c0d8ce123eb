import type { Reject } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import type { Floor } from '../floor/floor.js'

/**
 * How far ahead of the wall a source's clock may be. A day is more than any wrong time zone; beyond it, one row would
 * make all that follow late, and put the end of an interval into a future that nobody has seen.
 */
const furthestAhead = 86_400_000
/** Nothing was measured before 1970, and ClickHouse's DateTime64 could not say so. */
const earliest = 0

/** The samples of a batch whose times can be true, and the others as rejects. Hands the batch back where all can. */
export function gateTimes(
  floor: Floor,
  source: string,
  batch: SampleBatch,
): { readonly batch: SampleBatch; readonly rejects: readonly Reject[] } {
  const latest = floor.wall.now() + furthestAhead
  const { count, sourceTime } = batch
  let i = 0
  while (i < count && sourceTime[i]! >= earliest && sourceTime[i]! <= latest) i++
  if (i === count) return { batch, rejects: [] }

  const kept: number[] = []
  const rejects: Reject[] = []
  for (i = 0; i < count; i++) {
    const time = sourceTime[i]!
    if (time >= earliest && time <= latest) kept.push(i)
    else rejects.push(rejectOf(floor, source, batch, i, time > latest))
  }
  return { batch: pick(batch, kept), rejects }
}

function rejectOf(floor: Floor, source: string, batch: SampleBatch, i: number, isAhead: boolean): Reject {
  const time = batch.sourceTime[i]!
  const signal = floor.registry.signalByIndex(batch.signal[i]!)?.signal
  const value = batch.value[i]!
  const shown = signal?.type === 'text' ? floor.text(value) : String(value)
  const said = Number.isFinite(time) && Math.abs(time) < 8.64e15 ? new Date(time).toISOString() : String(time)
  const why = isAhead ? 'lies more than a day ahead of this machine’s clock' : 'lies before 1970'
  return {
    source,
    time: floor.clock.now(),
    rule: isAhead ? 'time.in-future' : 'time.too-old',
    reason: `${signal?.id ?? 'a signal'} says it is of ${said}, which ${why}; set the clock of the source.`,
    raw: `${said}|${signal?.tag ?? batch.signal[i]}|${shown}`,
  }
}

function pick(batch: SampleBatch, places: readonly number[]): SampleBatch {
  const column = <T extends Uint32Array | Float64Array | Uint8Array>(from: T, to: T): T => {
    for (let i = 0; i < places.length; i++) to[i] = from[places[i]!]!
    return to
  }
  const n = places.length
  return {
    count: n,
    signal: column(batch.signal, new Uint32Array(n)),
    sourceTime: column(batch.sourceTime, new Float64Array(n)),
    receiveTime: column(batch.receiveTime, new Float64Array(n)),
    value: column(batch.value, new Float64Array(n)),
    quality: column(batch.quality, new Uint8Array(n)),
  }
}
