import { Quality } from '../../schema/quality.js'
import { furthestAheadMs, oldestMs, type QualityRule } from '../../schema/quality-rules.js'
import type { Reject } from '../../schema/records.js'
import type { SampleBatch } from '../../schema/sample-batch.js'
import type { Floor } from '../floor/floor.js'
import { timeText } from '../floor/time-text.js'
import { slackMs } from './time-ahead.js'
import { timeUnitAdvice } from './time-unit.js'

/** The times that can be true on a floor. */
interface Bounds {
  readonly earliest: number
  readonly latest: number
  /** The latest in words. */
  readonly ahead: string
}

/**
 * A row from the future would make all that follow late, and put the end of an interval where nobody has been yet. A
 * source that brings its own time is the floor's clock, and may run ahead of the wall's (a simulated plant at sixty
 * times the speed does); only what no clock can have reached is refused of it: a day beyond both is more than any wrong
 * time zone, and nothing was measured before 1970. What was (`isHistory`) cannot be ahead at all.
 */
function boundsOf(floor: Floor, source: string, isHistory: boolean): Bounds {
  const now = floor.clock.now()
  if (floor.plant.sources.some(({ id, clock }) => id === source && clock === 'source'))
    return { earliest: 0, latest: Math.max(floor.wall.now(), now) + 86_400_000, ahead: 'a day' }
  const earliest = Math.max(0, now - oldestMs)
  if (isHistory) return { earliest, latest: now + slackMs, ahead: `${slackMs} ms` }
  return {
    earliest,
    latest: now + furthestAheadMs,
    ahead: `${furthestAheadMs / 60_000} minutes`,
  }
}

/** What a gate makes of a batch. */
interface Gated {
  /** The samples whose times can be true, and present values known as old; the batch itself where all can be true. */
  readonly batch: SampleBatch
  readonly rejects: readonly Reject[]
  /** The samples that are no more than a reject, by their place in what came. */
  readonly turnedAway: readonly { readonly place: number; readonly reject: Reject }[]
  /** Signals (by index) whose shown value is not the newest that the source told. */
  readonly outdated: readonly number[]
  /** Place, in what came, of the last sample whose time can be true; -1 where there is none. */
  readonly lastTrue: number
}

/**
 * The gate for the times of one source. What a source tells first of a signal is what is true now, however long ago it
 * was set: a set point that nobody has touched for a year is no error. Older than what is kept it cannot be stored at its
 * own time; it is taken as of its receipt, its quality is uncertain at best, and a reject tells its own time.
 */
export class TimeGate {
  readonly #floor: Floor
  readonly #source: string
  /** Since when the link stands, floor time. */
  #connectedAt = Number.POSITIVE_INFINITY
  /** The own times of the old values that were taken by this link, by signal. */
  readonly #old = new Map<number, number>()

  constructor(floor: Floor, source: string) {
    this.#floor = floor
    this.#source = source
  }

  /** The link begins: what comes first is the present. */
  connected(): void {
    this.#connectedAt = this.#floor.clock.now()
    this.#old.clear()
  }

  /** `isHistory`: the source says after the event what was; nothing of it is the present. */
  gate(batch: SampleBatch, isHistory = false): Gated {
    const { earliest, latest, ahead } = boundsOf(this.#floor, this.#source, isHistory)
    const { count, sourceTime } = batch
    const isTrue = (i: number): boolean => sourceTime[i]! >= earliest && sourceTime[i]! <= latest
    let i = 0
    while (i < count && isTrue(i)) i++
    if (i === count) return { batch, rejects: [], turnedAway: [], outdated: [], lastTrue: count - 1 }

    const present = isHistory ? new Set<number>() : this.#presentOf(batch, isTrue, latest)
    const kept: number[] = []
    const rejects: Reject[] = []
    const turnedAway: { place: number; reject: Reject }[] = []
    const taken = new Set([...present].map(place => batch.signal[place]!))
    const outdated = new Set<number>()
    let lastTrue = -1
    for (i = 0; i < count; i++) {
      if (isTrue(i) || present.has(i)) kept.push(i)
      if (isTrue(i)) {
        lastTrue = i
        outdated.delete(batch.signal[i]!)
        continue
      }
      const isAhead = sourceTime[i]! > latest
      const reject = this.#reject(batch, i, isAhead ? ahead : undefined, present.has(i))
      rejects.push(reject)
      if (!present.has(i)) turnedAway.push({ place: i, reject })
      const signal = batch.signal[i]!
      // A clock that stands in another year, or was set, tells changes all the same: what is shown holds no longer. An old
      // value that is told again is no news.
      const old = this.#old.get(signal)
      const isNews = isAhead || (old === undefined ? !taken.has(signal) : !(sourceTime[i]! <= old))
      if (!isHistory && !present.has(i) && isNews) outdated.add(signal)
    }
    for (const place of present) this.#old.set(batch.signal[place]!, sourceTime[place]!)
    const picked = pick(batch, kept)
    kept.forEach((place, at) => {
      if (!present.has(place)) return
      picked.sourceTime[at] = picked.receiveTime[at]!
      picked.quality[at] = Math.max(picked.quality[at]!, Quality.uncertain)
    })
    return { batch: picked, rejects, turnedAway, outdated: [...outdated], lastTrue }
  }

  /** Places of the newest of those values that are old, of signals of which this link has told nothing else. */
  #presentOf(batch: SampleBatch, isTrue: (i: number) => boolean, latest: number): Set<number> {
    const { count, signal, sourceTime } = batch
    const newest = new Map<number, number>()
    const told = new Set<number>()
    for (let i = 0; i < count; i++) {
      const index = signal[i]!
      if (isTrue(i)) told.add(index)
      const isOld = sourceTime[i]! >= 0 && sourceTime[i]! <= latest
      const isFirst = !(this.#floor.signals.receiveTime[index]! >= this.#connectedAt) && !this.#old.has(index)
      const before = newest.get(index)
      if (isOld && isFirst && (before === undefined || sourceTime[i]! >= sourceTime[before]!))
        newest.set(index, i)
    }
    return new Set([...newest].filter(([index]) => !told.has(index)).map(([, place]) => place))
  }

  #reject(batch: SampleBatch, i: number, ahead: string | undefined, isTaken: boolean): Reject {
    const floor = this.#floor
    const time = batch.sourceTime[i]!
    const signal = floor.registry.signalByIndex(batch.signal[i]!)?.signal
    const value = batch.value[i]!
    const shown = signal?.type === 'text' ? floor.text(value) : String(value)
    const said = timeText(time)
    const why =
      ahead === undefined
        ? 'is older than what is kept'
        : `lies more than ${ahead} ahead of the clock of this floor`
    const taken =
      'taken as what is true now, of uncertain quality, since it is the first that this link tells'
    const unit = timeUnitAdvice(time, floor.clock.now())
    const advice = [isTaken ? taken : undefined, unit].filter(each => each !== undefined).join('; ')
    const rule: QualityRule = ahead === undefined ? 'time.too-old' : 'time.in-future'
    return {
      source: this.#source,
      time: floor.clock.now(),
      rule,
      reason: `${signal?.id ?? 'a signal'} says it is of ${said}, which ${why}; ${advice || 'set the clock of the source'}.`,
      raw: `${said}|${signal?.tag ?? batch.signal[i]}|${shown}`,
      signal: signal?.id ?? '',
      ...(signal?.type === 'number' && Number.isFinite(value) && { value }),
      sourceTime: time,
    }
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
