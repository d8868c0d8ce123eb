import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '../../twins/proof/runs.js'
import type { TwinMessage } from './definition.js'
import { Supervision } from './supervision.js'

const message = fc.record({
  type: fc.constantFrom('SAMPLE', 'TICK', 'COMMAND', 'COUNTED'),
  time: fc.integer({ min: 0, max: 1_000_000 }),
})
const isLevel = ({ type }: TwinMessage): boolean => type === 'SAMPLE' || type === 'TICK'

function restarting(): Supervision {
  const supervision = new Supervision()
  supervision.crash(0)
  return supervision
}

describe('what waits for a crashed twin', () => {
  it('loses no command, keeps the order, and gives up levels oldest first only while it is full', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 200, size: 'max' }), messages => {
        const supervision = restarting()
        const model: TwinMessage[] = []
        for (const next of messages) {
          const givenUp = supervision.keep(next)
          const isFull = model.length >= 64
          const oldest = isFull ? [...model, next].find(isLevel) : undefined
          expect(givenUp).toBe(oldest)
          model.push(next)
          if (oldest !== undefined) model.splice(model.indexOf(oldest), 1)
        }
        const kept = supervision.restart(1_000)!
        expect(kept).toEqual(model)
        expect(kept.filter(one => !isLevel(one))).toEqual(messages.filter(one => !isLevel(one)))
        const levels = messages.filter(isLevel)
        expect(kept.filter(isLevel)).toEqual(levels.slice(levels.length - kept.filter(isLevel).length))
      }),
      { numRuns: propertyRuns },
    )
  })

  it('comes back after 1 s, then 2 s; crashes a minute apart are each the first', () => {
    const supervision = restarting()
    expect(supervision.restart(999)).toBeUndefined()
    expect(supervision.restart(1_000)).toEqual([])
    supervision.crash(2_000)
    expect(supervision.restart(3_999)).toBeUndefined()
    expect(supervision.restart(4_000)).toEqual([])
    supervision.crash(62_000)
    expect(supervision.health).toBe('restarting')
    expect(supervision.restart(62_999)).toBeUndefined()
    expect(supervision.restart(63_000)).toEqual([])
  })

  it('is told that time passes before its delay begins, where nobody knew the time when it crashed', () => {
    const supervision = new Supervision()
    supervision.crash(Number.POSITIVE_INFINITY)
    expect(supervision.restart(5_000)).toBeUndefined()
    expect(supervision.restart(5_999)).toBeUndefined()
    expect(supervision.restart(6_000)).toEqual([])
  })

  it('waits no longer than its delay when the clock is set back, and forgets crashes of another day', () => {
    const day = 86_400_000
    const supervision = new Supervision()
    supervision.crash(day)
    expect(supervision.restart(100)).toBeUndefined()
    expect(supervision.restart(1_100)).toEqual([])
    supervision.crash(day)
    expect(supervision.restart(day + 1_000)).toEqual([])
    // The third, but the two before are of a time that has not come.
    supervision.crash(2_000)
    expect(supervision.health).toBe('restarting')
    expect(supervision.restart(3_000)).toEqual([])
  })

  it('is in vain after the third crash within a minute', () => {
    const supervision = restarting()
    supervision.restart(1_000)
    supervision.crash(20_000)
    supervision.restart(22_000)
    supervision.crash(59_999)
    expect(supervision.health).toBe('quarantined')
    expect(supervision.restart(1_000_000)).toBeUndefined()
  })
})
