import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Delivery } from './delivery.js'

const mebibyte = 1024 * 1024

describe('what a reader that left may have missed', () => {
  it('is everything not yet taken by the operating system', () => {
    const delivery = new Delivery(10)
    delivery.send(20, 100)(0)
    delivery.send(30, 100)
    delivery.send(40, 100)(0)
    expect(delivery.resumeFrom(1_000_000, false)).toBe(20)
  })

  it('is what was taken in the last five seconds', () => {
    const delivery = new Delivery(0)
    delivery.send(10, 100)(0)
    delivery.send(20, 100)(1_000)
    expect(delivery.resumeFrom(4_999, false)).toBe(0)
    expect(delivery.resumeFrom(5_000, false)).toBe(10)
    expect(delivery.resumeFrom(6_000, false)).toBe(20)
  })

  it('is as much as buffers may hold when the link broke', () => {
    const delivery = new Delivery(0)
    for (let row = 1; row <= 20; row++) delivery.send(row, mebibyte)(0)
    expect(delivery.resumeFrom(1_000_000, true)).toBe(12)
    expect(delivery.resumeFrom(1_000_000, false)).toBe(20)
  })

  it('never skips a row that had not been taken, however long it runs', () => {
    const parcels = fc.array(
      fc.record({ bytes: fc.nat(4 * mebibyte), isTaken: fc.boolean(), ms: fc.nat(4_000) }),
    )
    fc.assert(
      fc.property(parcels, fc.boolean(), (sent, isBroken) => {
        const delivery = new Delivery(0)
        let [now, row, firstMissing] = [0, 0, Number.POSITIVE_INFINITY]
        for (const { bytes, isTaken, ms } of sent) {
          now += ms
          const taken = delivery.send(++row, bytes)
          if (isTaken) taken(now)
          else firstMissing = Math.min(firstMissing, row - 1)
          expect(delivery.resumeFrom(now, isBroken)).toBeLessThanOrEqual(Math.min(firstMissing, row))
        }
      }),
    )
  })
})
