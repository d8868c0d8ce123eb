import { describe, expect, it } from 'vitest'
import { rootCause } from './root-cause.js'
import type { Stop, StopKind } from './stops.js'

const minute = 60_000
const nothing = { state: '', sourceState: '', shift: '', product: '', order: '' }

type WordedStop = Omit<Stop, 'stopCode'>

function stop(from: number, to: number, kind: StopKind, downtimeReason = ''): WordedStop {
  return {
    ...nothing,
    from: from * minute,
    to: to * minute,
    busyMs: (to - from) * minute,
    kind,
    downtimeReason,
  }
}

/** in feeds two cells side by side, which both feed press, which feeds pack. */
const line = [
  { id: 'in', feeds: ['cell-a', 'cell-b'] },
  { id: 'cell-a', feeds: ['press'] },
  { id: 'cell-b', feeds: ['press'] },
  { id: 'press', feeds: ['pack'] },
  { id: 'pack', feeds: [] },
]

const rootOf = (
  machine: string,
  waiting: WordedStop,
  stops: Readonly<Record<string, readonly WordedStop[]>>,
) => rootCause(machine, waiting, line, id => stops[id] ?? [])

describe('the root of a line’s stop', () => {
  it('has the key reason: that of the machine which stood by itself, not that of those which waited for it', () => {
    const stops = {
      'cell-a': [stop(10, 30, 'breakdown', 'electrical/drive')],
      press: [stop(12, 31, 'starved', 'material/shortage')],
    }
    expect(rootOf('pack', stop(14, 32, 'starved'), stops)).toEqual({
      machine: 'cell-a',
      reason: 'electrical/drive',
    })
  })

  it('is the first cell on the way that stood by itself, however many stood behind it', () => {
    const stops = { in: [stop(0, 40, 'breakdown')], press: [stop(10, 30, 'minorStop')] }
    expect(rootOf('pack', stop(12, 30, 'starved'), stops)?.machine).toBe('press')
    expect(rootOf('press', stop(12, 30, 'starved'), stops)?.machine).toBe('in')
  })

  it('is of parallel cells the one that stood first', () => {
    const stops = { 'cell-a': [stop(11, 30, 'breakdown')], 'cell-b': [stop(9, 30, 'setup', 'changeover')] }
    expect(rootOf('press', stop(12, 30, 'starved'), stops)).toEqual({
      machine: 'cell-b',
      reason: 'changeover',
    })
    const other = { ...stops, 'cell-a': [stop(8, 30, 'breakdown')] }
    expect(rootOf('press', stop(12, 30, 'starved'), other)?.machine).toBe('cell-a')
  })

  it('lies down the flow for want of room, and not up it', () => {
    const stops = { in: [stop(0, 40, 'breakdown')], pack: [stop(5, 40, 'breakdown')] }
    expect(rootOf('cell-a', stop(10, 40, 'blocked'), stops)?.machine).toBe('pack')
  })

  it('may be over before a buffer ran empty, but not for long, and never comes after', () => {
    expect(rootOf('press', stop(20, 30, 'starved'), { 'cell-a': [stop(0, 12, 'breakdown')] })).toBeDefined()
    expect(rootOf('press', stop(20, 30, 'starved'), { 'cell-a': [stop(0, 5, 'breakdown')] })).toBeUndefined()
    expect(
      rootOf('press', stop(20, 30, 'starved'), { 'cell-a': [stop(30, 35, 'breakdown')] }),
    ).toBeUndefined()
  })

  it('is nobody’s where the machine stood by itself, or the cause lies outside of the line', () => {
    expect(rootOf('pack', stop(0, 9, 'breakdown'), { press: [stop(0, 9, 'breakdown')] })).toBeUndefined()
    expect(rootOf('in', stop(0, 9, 'starved'), { press: [stop(0, 9, 'breakdown')] })).toBeUndefined()
  })

  it('is found where machines feed each other in a ring', () => {
    const ring = [
      { id: 'a', feeds: ['b'] },
      { id: 'b', feeds: ['a'] },
    ]
    expect(rootCause('a', stop(0, 9, 'starved'), ring, () => [])).toBeUndefined()
  })
})
