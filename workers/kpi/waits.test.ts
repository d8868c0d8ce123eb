import { describe, expect, it } from 'vitest'
import { partition } from './intervals.js'
import type { LedgerEvent } from './ledger-event.js'
import { LiveLedger } from './live-ledger.js'
import { minute, testSetup } from './test-day.js'

const begin = Date.UTC(2026, 2, 23, 8)
const at = (seconds: number, state: string, reason = 'none'): LedgerEvent => ({
  time: begin + seconds * 1_000,
  ...{ state, reason, sourceState: '', mode: 'Production' },
})

/** What stretches count as, in seconds. */
const classes = (...events: LedgerEvent[]) =>
  partition(testSetup({ isAlwaysBusy: true }), events, begin, begin + 10 * minute).map(
    ({ from, to, timeClass }) => [timeClass, (to - from) / 1_000],
  )

describe('a wait', () => {
  it('lasts until its state is over, though its interlock has fallen before', () => {
    const told = [
      at(0, 'Execute'),
      at(100, 'Suspending', 'starved'),
      at(105, 'Suspended', 'starved'),
      at(200, 'Suspended'),
      at(203, 'Unsuspending'),
      at(208, 'Execute'),
    ]
    expect(classes(...told)).toEqual([
      ['production', 100],
      ['starved', 5],
      ['starved', 95],
      ['starved', 3],
      ['starved', 5],
      ['production', 392],
    ])
  })

  it('begins with the way into it, though what for is told with Suspended', () => {
    const told = [at(0, 'Held'), at(290, 'Suspending'), at(301, 'Suspended', 'starved'), at(400, 'Execute')]
    // The stop before it was shorter than a breakdown is.
    expect(classes(...told)).toEqual([
      ['minorStop', 290],
      ['starved', 11],
      ['starved', 99],
      ['production', 200],
    ])
    const unsaid = [at(0, 'Held'), at(290, 'Suspending'), at(301, 'Suspended'), at(400, 'Execute')]
    expect(classes(...unsaid)).toEqual([
      ['breakdown', 290],
      ['breakdown', 11],
      ['breakdown', 99],
      ['production', 200],
    ])
  })

  it('keeps what was said of it on the way into it, and counts its parts', () => {
    const downtimeReason = 'material/shortage'
    const told = [
      at(0, 'Execute'),
      at(100, 'Suspending'),
      { time: begin + 100_000, downtimeReason },
      { time: begin + 102_000, made: { produced: 3 } },
      at(105, 'Suspended', 'starved'),
      at(200, 'Execute'),
    ]
    const setup = testSetup({ isAlwaysBusy: true })
    const waited = partition(setup, told, begin, begin + 10 * minute).filter(
      each => each.timeClass === 'starved',
    )
    expect(waited.map(each => [(each.to - each.from) / 1_000, each.downtimeReason])).toEqual([
      [5, downtimeReason],
      [95, downtimeReason],
    ])
    const live = new LiveLedger(setup, begin)
    for (const event of told.slice(0, 4)) live.take(event)
    const so = live.tally(begin + 104_000, () => true)!
    expect([so.time.minorStop, so.time.starved, so.made.values().next().value]).toMatchObject([
      4_000,
      0,
      { produced: 3 },
    ])
    for (const event of told.slice(4)) live.take(event)
    const after = live.tally(begin + 300_000, () => true)!
    expect([after.time.minorStop, after.time.starved]).toEqual([0, 100_000])
  })

  it('is for what its interlocks say now, where they say something', () => {
    const told = [at(0, 'Suspended', 'starved'), at(100, 'Suspended'), at(110, 'Suspended', 'blocked')]
    expect(classes(...told, at(300, 'Unsuspending'), at(310, 'Execute'))).toEqual([
      ['starved', 100],
      ['starved', 10],
      ['blocked', 190],
      ['blocked', 10],
      ['production', 290],
    ])
  })

  it('gives nothing to the next one, and nothing to what nobody has seen', () => {
    for (const between of ['Execute', 'Held', 'Undefined']) {
      const told = [at(0, 'Suspended', 'blocked'), at(100, between), at(200, 'Suspended'), at(260, 'Execute')]
      expect(classes(...told)).toContainEqual(['minorStop', 60])
    }
  })

  it('is a stop of its own as long as nobody has said what for', () => {
    const told = [at(0, 'Suspended'), at(60, 'Suspended', 'blocked'), at(90, 'Suspended'), at(100, 'Execute')]
    expect(classes(...told)).toEqual([
      ['minorStop', 60],
      ['blocked', 30],
      ['blocked', 10],
      ['production', 500],
    ])
  })

  it('is not for what its interlocks are said to have said by mistake: of one moment the last word stands', () => {
    const told = [at(0, 'Execute'), at(100, 'Suspended', 'starved'), at(100, 'Suspended'), at(160, 'Execute')]
    expect(classes(...told)).toContainEqual(['minorStop', 60])
  })
})
