import { describe, expect, it } from 'vitest'
import { Buffers, full, shipped } from './buffers.js'

describe('buffers between machines', () => {
  it('take parts until they are full and give as many back', () => {
    const buffers = new Buffers([[1], []])
    buffers.open(1, 4)
    expect([buffers.put(0), buffers.put(0), buffers.put(0)]).toEqual([1, 1, full])
    expect(Array.from({ length: 5 }, () => buffers.take(1))).toEqual([true, true, true, true, false])
  })

  it('let a line begin with material without end and end with room without end', () => {
    const buffers = new Buffers([[1], []])
    expect(Array.from({ length: 100 }, () => buffers.take(0)).every(Boolean)).toBe(true)
    expect(buffers.put(1)).toBe(shipped)
  })

  it('share parts between parallel machines, the emptier one first', () => {
    const buffers = new Buffers([[1, 2], [], []])
    buffers.open(1, 4)
    buffers.open(2, 8)
    expect(Array.from({ length: 7 }, () => buffers.put(0))).toEqual([1, 1, 2, 2, 2, 2, full])
    expect(buffers.suppliers).toEqual([[], [0], [0]])
  })
})
