import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventRing, eventOutcomes } from './event-ring.js'

describe('the last events of a twin', () => {
  it('are the last hundred, oldest first, whatever came before', () => {
    const event = fc.record({
      type: fc.constantFrom('SAMPLE', 'TICK', 'SILENT'),
      time: fc.double({ noNaN: true, noDefaultInfinity: true }),
      outcome: fc.constantFrom(...eventOutcomes),
      said: fc.constantFrom('Execute', 'Mode 4', 'blocked'),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 350, size: 'max' }), events => {
        const ring = new EventRing()
        for (const { type, time, outcome, said } of events) ring.add(type, time, outcome, said)
        expect(ring.list()).toEqual(events.slice(-100))
      }),
    )
  })

  it('put types that somebody makes up under one name, so that they cost no memory', () => {
    const ring = new EventRing()
    for (let n = 0; n < 3_000; n++) ring.add(`made-up-${n}`, n, 'refused', `word ${n}`)
    const last = { type: '(other)', time: 2_999, outcome: 'refused', said: '(other)' }
    expect(ring.list().at(-1)).toEqual(last)
    ring.add('SAMPLE', 3_000, 'handled')
    expect(ring.list().at(-1)).toEqual({ type: expect.any(String), time: 3_000, outcome: 'handled' })
  })
})
