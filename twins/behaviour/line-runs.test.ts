import { describe, expect, it } from 'vitest'
import type { LineRun } from '../../schema/line-run.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { Behaviour, behaviourMachines } from './behaviour.js'

/** A Monday. */
const start = Date.UTC(2026, 0, 5, 6)
const minute = 60_000

const plantOf = (more: string, flow = 'scrap: 0') =>
  loadPlant(
    `gemba: 1
name: Test
enterprise: Example
sources: { sim: { adapter: simulator, tags: "{machine}.{signal}" } }
types:
  calm: { extends: press, idealCycleTime: 30, flow: { cycle: 30, failures: [], changeovers: [{ time: 300 }], ${flow} } }
sites:
  - id: here
    timeZone: UTC
    areas:
      - id: hall
        lines:
          - id: line-1
            machines: [{ id: "press-{1..3}", type: calm, buffer: { capacity: 4 } }]
products: [{ id: bolt, lines: [line-1] }, { id: nut, lines: [line-1] }]
${more}`,
    { file: 'plant.yaml' },
  ).plant!

/** What the line says it makes, and the parts that left it while it did: from its last machine, or as scrap. */
function lived(plant: ReturnType<typeof plantOf>, length: number) {
  const runs: (LineRun & { left: number })[] = []
  let leftUntil = () => 0
  let before = 0
  const machines = behaviourMachines(plant, ({ role }) => role === 'status')
  const onRun = (run: LineRun): void => {
    const left = leftUntil()
    runs.push({ ...run, left: left - before })
    before = left
  }
  const behaviour = new Behaviour(machines, { seed: 1, start, plan: plant, onRun })
  const { produced, rejected } = behaviour.flow
  const sum = (): number => produced[2]! + rejected[0]! + rejected[1]!
  const first = sum()
  leftUntil = () => sum() - first
  behaviour.advance(start + length, () => undefined)
  return runs
}

describe('the runs of a simulated line', () => {
  it('are its orders, each from its release to its last part, with every part that was begun for it', () => {
    const orders = `orders:
  - { id: o-1, line: line-1, product: bolt, quantity: 20, release: "2026-01-05T07:00" }
  - { id: o-2, line: line-1, product: nut, quantity: 10, release: "2026-01-05T07:01" }
  - { id: o-3, line: line-1, product: nut, quantity: 1, release: "2026-01-05T10:00" }`
    const runs = lived(plantOf(orders), 300 * minute)
    const told = runs.map(({ order, product, target, left, end }) => [
      order,
      product,
      target,
      end === 0,
      left,
    ])
    expect(told).toEqual([
      ['o-1', 'bolt', 20, true, 0],
      ['o-1', 'bolt', 20, false, 20],
      ['o-2', 'nut', 10, true, 0],
      ['o-2', 'nut', 10, false, 10],
      ['o-3', 'nut', 1, true, 0],
      ['o-3', 'nut', 1, false, 1],
    ])
    const times = runs.map(({ start: begun, end }) => (end || begun) - start)
    const near = (time: number, wanted: number) => {
      expect(time, `${time / 1000} s`).toBeGreaterThanOrEqual(wanted)
      // States that a machine passes through on its way take some seconds each.
      expect(time, `${time / 1000} s`).toBeLessThan(wanted + 2 * minute)
    }
    near(times[0]!, 60 * minute)
    // 20 parts of 30 s, and two machines more to go through.
    near(times[1]!, 71 * minute)
    // The line is set up for the next while the parts before are still on it; the last machine when they have left.
    expect(times[2]).toBe(times[1])
    // Set up for 5 min with the first part that comes, one machine after the other, while the part waits.
    near(times[3]!, (70 + 5 + 0.5 + 5 + 0.5 + 5 + 10 * 0.5) * minute)
    // Nothing is made until the third is released.
    near(times[4]!, 240 * minute)
    near(times[5]!, 241.5 * minute)
  })

  it('are its campaigns where it has no orders, which have no target', () => {
    const runs = lived(plantOf(''), 24 * 60 * minute)
    const begun = runs.filter(({ end }) => end === 0)
    expect(begun.length).toBeGreaterThan(2)
    expect(begun[0]!.start).toBe(start)
    for (const [i, run] of begun.entries()) {
      expect([run.order, run.target]).toEqual(['', 0])
      expect(['bolt', 'nut']).toContain(run.product)
      if (i > 0) expect(run.product).not.toBe(begun[i - 1]!.product)
    }
  })

  it('lose no part where parts are scrap or done again', () => {
    const orders = `orders: [{ id: o-1, line: line-1, product: bolt, quantity: 200, release: "2026-01-05T07:00" }]`
    const plant = plantOf(orders, 'scrap: 0.1, rework: { share: 0.1, to: press-1 }')
    const [begun, over] = lived(plant, 300 * minute)
    expect([begun!.end, over!.left]).toEqual([0, 200])
  })

  it('are not told of a line whose products nobody knows', () => {
    const plant = { ...plantOf(''), products: [] }
    expect(lived(plant, 60 * minute)).toEqual([])
  })
})
