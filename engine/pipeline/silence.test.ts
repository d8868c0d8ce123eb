import { describe, expect, it } from 'vitest'
import type { SourceSpec } from '../../schema/plant.js'
import { SilenceWatch, silenceAdvice, silenceOf } from './silence.js'

const source = (silence?: number): SourceSpec => ({
  id: 'plc',
  adapter: 'test',
  clock: 'wall',
  options: {},
  ...(silence !== undefined && { silence }),
})

describe('how long a source may be silent', () => {
  it.each([
    ['three periods of its quickest signal', undefined, [10_000, 2_000, 0], 6_000],
    ['no less than a second and a half', undefined, [100], 1_500],
    ['for ever, where all is reported on change', undefined, [0, 0], Number.POSITIVE_INFINITY],
    ['as long as the plant file says', 60_000, [100], 60_000],
    ['for ever, where the plant file says never', 0, [100], Number.POSITIVE_INFINITY],
  ])('%s', (_, silence, periods, expected) => {
    expect(silenceOf(source(silence), periods, {}).ms).toBe(expected)
  })
})

describe('a source of which nothing tells that it has died', () => {
  const mqtt = { quietMs: 300_000 }

  it('is degraded after a while where all is reported on change, and its link is not given up for it', () => {
    const silence = silenceOf(source(), [0, 0], mqtt)
    expect(silence).toEqual({ ms: 300_000, isGuess: true })
    expect(silenceAdvice(silence)).toContain('until 1 to 5 minutes of silence')
    const watch = new SilenceWatch(silence)
    watch.connected(0)
    expect(look(watch, 0, 10_000_000)).toEqual([
      [0, 'fine'],
      [300_250, 'silent'],
    ])
  })

  /** A watch over a source that has spoken every `everyMs` up to `until`. */
  const watchOf = (everyMs: number, until: number) => {
    const watch = new SilenceWatch({ ms: 300_000, isGuess: true })
    watch.connected(0)
    for (let now = everyMs; now <= until; now += everyMs) watch.heard(now)
    return watch
  }
  const minute = 60_000

  it.each([
    ['a minute, where it spoke each second', 1_000, minute],
    ['ten times its longest pause', 12_000, 2 * minute],
    ['five minutes, where it pauses that long', 50_000, 5 * minute],
  ])('is degraded after %s', (_, everyMs, expected) => {
    const until = everyMs * Math.floor((24 * minute) / everyMs)
    expect(look(watchOf(everyMs, until), until, until + 10 * minute)).toEqual([
      [until, 'fine'],
      [until + expected + 250, 'silent'],
    ])
  })

  it('is left the five minutes until it is known how it speaks, and for a while after each long pause', () => {
    const before = 9 * minute
    expect(look(watchOf(1_000, before), before, before + 4 * minute)).toEqual([[before, 'fine']])
    const watch = watchOf(1_000, 24 * minute)
    // A night.
    const morning = 500 * minute
    for (let now = morning; now <= morning + 5 * minute; now += 1_000) watch.heard(now)
    expect(look(watch, morning + 5 * minute, morning + 9 * minute)).toEqual([[morning + 5 * minute, 'fine']])
    for (let now = morning + 9 * minute; now <= morning + 40 * minute; now += 1_000) watch.heard(now)
    const last = morning + 40 * minute
    // A look after so long takes itself for one that was held up.
    watch.look(last, false)
    watch.heard(last)
    expect(look(watch, last, last + 2 * minute).at(-1)).toEqual([last + minute + 250, 'silent'])
  })

  it.each([
    ['the plant file says how long', 60_000, [0], 60_000],
    ['the plant file says never', 0, [0], Number.POSITIVE_INFINITY],
    ['a signal has a period', undefined, [0, 2_000], 6_000],
  ])('is judged by that where %s', (_, silence, periods, ms) => {
    const found = silenceOf(source(silence), periods, mqtt)
    expect(found).toEqual({ ms })
    expect(silenceAdvice(found)).toBeUndefined()
  })
})

/** Looks every 250 ms from one time to another; answers with what was found, and when it changed. */
function look(watch: SilenceWatch, from: number, to: number, isHeldBack = false) {
  const found: [number, string][] = []
  let before = ''
  for (let now = from; now <= to; now += 250) {
    const { kind } = watch.look(now, isHeldBack)
    if (kind !== before || kind === 'reconnect') found.push([now, kind])
    before = kind
  }
  return found
}

describe('the watch over a silence', () => {
  it('finds it after the time allowed, and gives the link up after three times that, at least 10 s', () => {
    const watch = new SilenceWatch({ ms: 3_000 })
    watch.connected(0)
    expect(look(watch, 0, 10_250)).toEqual([
      [0, 'fine'],
      [3_250, 'silent'],
      [10_250, 'reconnect'],
    ])
    const slow = new SilenceWatch({ ms: 30_000 })
    slow.connected(0)
    expect(look(slow, 0, 90_250).at(-1)).toEqual([90_250, 'reconnect'])
  })

  it('finds it though what was heard last was heard by a clock that was ahead and has been set right', () => {
    const watch = new SilenceWatch({ ms: 3_000 })
    watch.connected(7_200_000)
    watch.look(7_200_000, false)
    expect(look(watch, 0, 10_250)).toEqual([
      [0, 'fine'],
      [3_250, 'silent'],
      [10_250, 'reconnect'],
    ])
  })

  it('says how long it has been', () => {
    const watch = new SilenceWatch({ ms: 3_000 })
    watch.connected(0)
    watch.look(3_000, false)
    expect(watch.look(3_250, false)).toEqual({ kind: 'silent', reason: 'Nothing was heard for 3.3 s.' })
  })

  it('tries less and less often while connecting anew changes nothing', () => {
    const watch = new SilenceWatch({ ms: 1_500 })
    const gaveUp: number[] = []
    let connectedAt = 0
    watch.connected(0)
    for (let now = 0; now < 200_000; now += 250) {
      if (watch.look(now, false).kind !== 'reconnect') continue
      gaveUp.push(now - connectedAt)
      connectedAt = now
      watch.connected(now)
    }
    expect(gaveUp).toEqual([10_250, 20_250, 40_250, 80_250])
    watch.heard(200_000)
    expect(look(watch, 200_000, 210_250).at(-1)).toEqual([210_250, 'reconnect'])
  })

  it('is not concerned while the source may not speak', () => {
    const watch = new SilenceWatch({ ms: 3_000 })
    watch.connected(0)
    expect(look(watch, 0, 100_000, true)).toEqual([[0, 'fine']])
    expect(look(watch, 100_250, 103_250).at(-1)).toEqual([103_250, 'silent'])
  })

  it('lets a process that was held up read its sockets first', () => {
    const watch = new SilenceWatch({ ms: 3_000 })
    watch.connected(0)
    watch.look(0, false)
    expect(watch.look(60_000, false).kind).toBe('fine')
    expect(look(watch, 60_250, 63_250).at(-1)).toEqual([63_250, 'silent'])
  })

  it('gives up a source that does not even connect, after three minutes', () => {
    const watch = new SilenceWatch({ ms: Number.POSITIVE_INFINITY })
    watch.connecting(0)
    expect(look(watch, 0, 180_000)).toEqual([
      [0, 'fine'],
      [180_000, 'reconnect'],
    ])
  })

  it('is off while nothing is connected', () => {
    const watch = new SilenceWatch({ ms: 3_000 })
    watch.connected(0)
    watch.off()
    expect(look(watch, 0, 100_000)).toEqual([[0, 'fine']])
  })
})
