import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue } from './event-queue.js'

const ids = 8

describe('the event queue', () => {
  it('names the earliest event, and of those at one time the lowest id, whatever was set and cleared before', () => {
    const step = fc.record({
      id: fc.nat(ids - 1),
      time: fc.option(fc.nat(5), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const queue = new EventQueue(ids)
        const model = new Map<number, number>()
        for (const { id, time } of steps) {
          if (time === undefined) {
            queue.clear(id)
            model.delete(id)
          } else {
            queue.set(id, time)
            model.set(id, time)
          }
          const [first] = [...model].sort(([idA, a], [idB, b]) => a - b || idA - idB)
          expect([queue.next, queue.nextTime]).toEqual(first ?? [-1, Number.POSITIVE_INFINITY])
        }
      }),
    )
  })
})
