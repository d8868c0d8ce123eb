import { describe, expect, it } from 'vitest'
import { Pacer } from './pacer.js'

const start = (speed: number | 'max') => {
  const wall = { time: 1_000, now: () => wall.time }
  return { wall, pacer: new Pacer(speed, wall) }
}

describe('the pacer', () => {
  it('sends the first row at once and the next by its own time, divided by the speed', () => {
    const { wall, pacer } = start(60)
    expect(pacer.wait(0)).toBe(0)
    pacer.sent(0)
    expect(pacer.wait(60_000)).toBe(1_000)
    wall.time += 400
    expect(pacer.wait(60_000)).toBe(600)
    wall.time += 2_000
    expect(pacer.wait(60_000)).toBe(0)
  })

  it('does not drift when it is late', () => {
    const { wall, pacer } = start(1)
    pacer.wait(0)
    pacer.sent(0)
    wall.time += 1_700
    pacer.sent(1_000)
    expect(pacer.wait(2_000)).toBe(300)
  })

  it('sends a row older than one before it at once', () => {
    const { pacer } = start(1)
    pacer.wait(0)
    pacer.sent(50_000)
    expect(pacer.wait(49_000)).toBe(0)
    expect(pacer.wait(50_000)).toBe(0)
  })

  it('counts from the next new row after a pause', () => {
    const { wall, pacer } = start(1)
    pacer.wait(0)
    pacer.sent(0)
    wall.time += 1_000_000
    pacer.resume()
    expect(pacer.wait(5_000)).toBe(0)
    pacer.sent(5_000)
    expect(pacer.wait(6_000)).toBe(1_000)
  })

  it('never waits at full speed', () => {
    const { pacer } = start('max')
    pacer.sent(0)
    expect(pacer.wait(1e12)).toBe(0)
  })
})
