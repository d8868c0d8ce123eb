import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MachineLoad } from './machine-load.js'
import { Warmth } from './thermal.js'

const minute = 60_000
const start = 1_767_592_800_000

const warmth = (): Warmth => new Warmth(1, new MachineLoad(['mill'], 1, start), start)

/** The same two equations in small steps of explicit Euler. */
function inSmallSteps(plan: readonly (readonly [minutes: number, running: number])[]) {
  let [winding, frame] = [1, 0.55]
  const step = 50
  for (const [minutes, running] of plan) {
    for (let t = 0; t < minutes * minute; t += step) {
      const across = (winding - frame) / 0.45
      const out = frame / (running > 0 ? 0.55 : 0.55 * 3)
      winding += (step / (240_000 / 0.45)) * (running - across)
      frame += (step / (2_400_000 / 0.55)) * (across - out)
    }
  }
  return { winding, frame: frame / 0.55 }
}

function exactly(plan: readonly (readonly [minutes: number, running: number])[]): Warmth {
  const heat = warmth()
  let time = start
  for (const [minutes, running] of plan) {
    heat.setRunning(0, time, running)
    time += minutes * minute
  }
  heat.advance(0, time)
  return heat
}

describe('the warmth of a machine', () => {
  it('follows the equations of two heat stores, in steps of any length', () => {
    const run = fc.tuple(fc.integer({ min: 1, max: 90 }), fc.constantFrom(0, 0.3, 0.6, 1))
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 4 }), plan => {
        const expected = inSmallSteps(plan)
        const found = exactly(plan)
        expect(Math.abs(found.winding[0]! - expected.winding)).toBeLessThan(5e-4)
        expect(Math.abs(found.frame[0]! - expected.frame)).toBeLessThan(5e-4)
      }),
      { numRuns: 10 },
    )
  })

  it('stays at 1 in steady work, and cools at rest: the winding first, slower than it warms up again', () => {
    const steady = exactly([[600, 1]])
    expect(steady.winding[0]).toBeCloseTo(1, 9)
    expect(steady.frame[0]).toBeCloseTo(1, 9)
    const resting = exactly([[10, 0]])
    expect(resting.winding[0]).toBeLessThan(resting.frame[0]!)
    const cold = exactly([[100_000, 0]])
    expect(cold.winding[0]).toBeLessThan(1e-6)
    const cooled = exactly([[60, 0]]).winding[0]!
    const warmed = exactly([
      [100_000, 0],
      [60, 1],
    ]).winding[0]!
    expect(warmed).toBeGreaterThan(1 - cooled)
  })

  it('depends on the time, not on who asks for it when', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 40 }), pauses => {
        const asked = warmth()
        const left = warmth()
        let time = start
        for (const pause of pauses) {
          time += pause
          asked.advance(0, time)
        }
        for (const heat of [asked, left]) {
          heat.setRunning(0, time, 0)
          heat.advance(0, time + 600_000)
        }
        expect(asked.winding).toEqual(left.winding)
        expect(asked.strain).toEqual(left.strain)
      }),
      { numRuns: 30 },
    )
  })
})

describe('the load of a machine', () => {
  it('is the same for who asks often and who asks seldom', () => {
    const [often, seldom] = [new MachineLoad(['mill'], 1, start), new MachineLoad(['mill'], 1, start)]
    for (let t = 0; t <= 60_000; t += 250) often.at(0, start + t)
    expect(seldom.at(0, start + 60_000)).toBe(often.at(0, start + 60_000))
    expect(seldom.ambient).toEqual(often.ambient)
  })

  it('wanders around nothing with a standard deviation near 1', () => {
    const load = new MachineLoad(['mill'], 3, start)
    const values = Array.from({ length: 40_000 }, (_, i) => load.at(0, start + i * 20_000))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length
    expect(Math.abs(mean)).toBeLessThan(0.1)
    expect(Math.sqrt(square)).toBeGreaterThan(0.9)
    expect(Math.sqrt(square)).toBeLessThan(1.05)
  })
})
