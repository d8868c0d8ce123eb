import { furthestAheadMs, oldestMs, type QualityRule } from '../../schema/quality-rules.js'
import type { Reject } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import type { Floor } from '../floor/floor.js'
import { timeText } from '../floor/time-text.js'

/** The times that can be true on a floor. */
interface Bounds {
  readonly earliest: number
  readonly latest: number
  /** The latest in words. */
  readonly ahead: string
}

/**
 * A row from the future would make all that follow late, and put the end of an interval where nobody has been yet. A
 * source that brings its own time is the floor's clock; only what no clock of ours can have seen is refused of it: a
 * day is more than any wrong time zone, and nothing was measured before 1970.
 */
function boundsOf(floor: Floor, source: string): Bounds {
  if (floor.plant.sources.some(({ id, clock }) => id === source && clock === 'source'))
    return { earliest: 0, latest: floor.wall.now() + 86_400_000, ahead: 'a day' }
  const now = floor.clock.now()
  return {
    earliest: Math.max(0, now - oldestMs),
    latest: now + furthestAheadMs,
    ahead: `${furthestAheadMs / 60_000} minutes`,
  }
}

/** The samples of a batch whose times can be true, and the others as rejects. Hands the batch back where all can. */
export function gateTimes(
  floor: Floor,
  source: string,
  batch: SampleBatch,
): { readonly batch: SampleBatch; readonly rejects: readonly Reject[] } {
  const { earliest, latest, ahead } = boundsOf(floor, source)
  const { count, sourceTime } = batch
  let i = 0
  while (i < count && sourceTime[i]! >= earliest && sourceTime[i]! <= latest) i++
  if (i === count) return { batch, rejects: [] }

  const kept: number[] = []
  const rejects: Reject[] = []
  for (i = 0; i < count; i++) {
    const time = sourceTime[i]!
    if (time >= earliest && time <= latest) kept.push(i)
    else rejects.push(rejectOf(floor, source, batch, i, time > latest ? ahead : undefined))
  }
  return { batch: pick(batch, kept), rejects }
}

function rejectOf(floor: Floor, source: string, batch: SampleBatch, i: number, ahead?: string): Reject {
  const time = batch.sourceTime[i]!
  const signal = floor.registry.signalByIndex(batch.signal[i]!)?.signal
  const value = batch.value[i]!
  const shown = signal?.type === 'text' ? floor.text(value) : String(value)
  const said = timeText(time)
  const why =
    ahead === undefined
      ? 'is older than what is kept'
      : `lies more than ${ahead} ahead of the clock of this floor`
  const rule: QualityRule = ahead === undefined ? 'time.too-old' : 'time.in-future'
  return {
    source,
    time: floor.clock.now(),
    rule,
    reason: `${signal?.id ?? 'a signal'} says it is of ${said}, which ${why}; set the clock of the source.`,
    raw: `${said}|${signal?.tag ?? batch.signal[i]}|${shown}`,
    signal: signal?.id ?? '',
    ...(signal?.type === 'number' && Number.isFinite(value) && { value }),
    sourceTime: time,
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
