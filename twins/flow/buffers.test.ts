import { describe, expect, it } from 'vitest'
import { Buffers } from './buffers.js'
import { testLine, testMachine } from './test-line.js'

const busy = () => false
const put = (buffers: Buffers, from: number, product = 0, arrival = 0, isWaiting = busy): number => {
  const to = buffers.choose(from, isWaiting)
  if (to === -1) return to
  buffers.reserve(to)
  buffers.put(to, product, arrival)
  return to
}
const place = (capacity: number, initial = 0) => ({ buffer: { capacity, initial, transport: 0 } })

describe('buffers between machines', () => {
  it('take parts until they are full, and give them back first in, first out', () => {
    const buffers = new Buffers(testLine([{}, {}], 3).machines)
    for (let round = 0; round < 5; round++) {
      expect([1, 2, 3, 4].map(product => put(buffers, 0, product))).toEqual([1, 1, 1, -1])
      for (const product of [1, 2, 3]) {
        expect(buffers.nextProduct(1)).toBe(product)
        buffers.take(1)
      }
      expect(buffers.nextArrival(1)).toBe(Number.POSITIVE_INFINITY)
    }
  })

  it('begin with the parts they are given', () => {
    const buffers = new Buffers([testMachine('a', { feeds: [1] }), testMachine('b', place(4, 3))])
    expect([buffers.level[1], put(buffers, 0), put(buffers, 0)]).toEqual([3, 1, -1])
  })

  it('say when the next part will be there', () => {
    const buffers = new Buffers(testLine([{}, {}], 3).machines)
    put(buffers, 0, 0, 5000)
    put(buffers, 0, 0, 7000)
    expect(buffers.nextArrival(1)).toBe(5000)
    buffers.take(1)
    expect(buffers.nextArrival(1)).toBe(7000)
  })

  it('share parts between parallel machines, the emptier one first', () => {
    const buffers = new Buffers([
      testMachine('a', { feeds: [1, 2] }),
      testMachine('b', place(4, 2)),
      testMachine('c', place(8, 4)),
    ])
    expect(Array.from({ length: 7 }, () => put(buffers, 0))).toEqual([1, 1, 2, 2, 2, 2, -1])
    expect(buffers.suppliers).toEqual([[], [0], [0]])
  })

  it('keep a place that is reserved, and give it back', () => {
    const buffers = new Buffers(testLine([{}, {}], 1).machines)
    buffers.reserve(1)
    expect(put(buffers, 0)).toBe(-1)
    buffers.release(1)
    expect(put(buffers, 0)).toBe(1)
  })

  it('without places pass a part only to a machine that waits for it', () => {
    const buffers = new Buffers(testLine([{}, {}], 0).machines)
    expect(put(buffers, 0)).toBe(-1)
    expect(put(buffers, 0, 0, 0, () => true)).toBe(1)
    expect(put(buffers, 0, 0, 0, () => true)).toBe(-1)
  })

  it('hold parts to be done again beside the others, and give them first', () => {
    const buffers = new Buffers(testLine([{}, {}], 2).machines)
    put(buffers, 0, 1)
    buffers.putAgain(1, 7)
    put(buffers, 0, 2)
    expect(put(buffers, 0, 3)).toBe(-1)
    expect(buffers.level[1]).toBe(3)
    const products = [0, 1, 2].map(() => {
      const product = buffers.nextProduct(1)
      buffers.take(1)
      return product
    })
    expect(products).toEqual([7, 1, 2])
  })
})
