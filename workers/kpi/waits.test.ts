import { describe, expect, it } from 'vitest'
import { partition } from './intervals.js'
import type { LedgerEvent } from './ledger-event.js'
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
