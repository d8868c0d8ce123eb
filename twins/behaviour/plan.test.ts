import { describe, expect, it } from 'vitest'
import { packmlNumber, suspendReasons } from '../../schema/packml.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { formatProblem } from '../../schema/plant-file/problem.js'
import { Behaviour, behaviourMachines } from './behaviour.js'

const start = Date.UTC(2026, 0, 5, 6)
const hour = 3_600_000

/** Five presses in a row with room for three parts between them, and nothing that fails by itself. */
const file = `gemba: 1
name: Test
enterprise: Example
sources: { sim: { adapter: simulator, tags: "{machine}.{signal}" } }
types:
  calm: { extends: press, idealCycleTime: 20, flow: { cycle: 20, failures: [], scrap: 0, patience: 10 } }
sites:
  - id: here
    timeZone: UTC
    areas:
      - id: hall
        lines:
          - id: line-1
            machines: [{ id: "press-{1..5}", type: calm, buffer: { capacity: 3 } }]
products:
  - { id: bolt, lines: [line-1] }
`

const { plant, problems } = loadPlant(file, { file: 'plant.yaml' })
if (plant === undefined) throw new Error(problems.map(formatProblem).join('\n'))

const begin = (seed: number) =>
  new Behaviour(
    behaviourMachines(plant, ({ role }) => role === 'status'),
    { seed, start, plan: plant },
  )

describe('a fault on a line of a plant file', () => {
  it.each([1, 2, 3])(
    'starves those behind it and blocks those before it, the nearest first (seed %i)',
    seed => {
      const behaviour = begin(seed)
      const { flow } = behaviour
      const seen: { machine: number; time: number; reason: string }[] = []
      const watch = (until: number): void => {
        while (flow.nextTime <= until) {
          const time = flow.nextTime
          behaviour.advance(time, () => undefined)
          for (const [machine, state] of flow.state.entries()) {
            if (state !== packmlNumber.Suspended || seen.some(each => each.machine === machine)) continue
            seen.push({ machine, time, reason: suspendReasons[flow.reason[machine]!]! })
          }
        }
      }
      watch(start + hour)
      expect(seen).toEqual([])
      const leak = behaviour.faults.bank.slotOf(2, 'hydraulic-leak')!
      const injection = { pattern: 'hydraulic-leak', severity: 1, timeToFailure: 1000 } as const
      behaviour.changeFaults(2, (faults, time) => faults.inject(leak, time, injection))
      watch(start + 2 * hour)
      const of = (reason: string): number[] =>
        seen.flatMap(each => (each.reason === reason ? [each.machine] : []))
      // The third stands: the fourth runs out of parts and then the fifth, the second out of room and then the first.
      expect(of('starved')).toEqual([3, 4])
      expect(of('blocked')).toEqual([1, 0])
      const when = (machine: number): number =>
        seen.find(each => each.machine === machine)!.time - start - hour
      // Of each side the nearer waits first, and the other when three places more are full, or empty, at a part in 20 s.
      expect(when(0) - when(1)).toBeGreaterThan(40_000)
      expect(when(4) - when(3)).toBeGreaterThan(10_000)
      expect(when(0)).toBeLessThan(0.1 * hour)

      const shipped = flow.shipped
      behaviour.changeFaults(2, (faults, time) => faults.clear(leak, time, { who: 'Ada' }))
      behaviour.advance(start + 3 * hour, () => undefined)
      expect(flow.shipped - shipped).toBeGreaterThan(0.9 * 180)
      expect([...flow.state]).toEqual([6, 6, 6, 6, 6])
    },
  )
})

describe('what a machine says of the plan', () => {
  it('is the product as its program', () => {
    const withProgram = behaviourMachines(plant, ({ quantity }) => quantity === 'state').map(each => ({
      ...each,
      signals: each.signals.map(signal => ({ ...signal, quantity: 'text' as const })),
    }))
    const behaviour = new Behaviour(withProgram, { seed: 1, start, plan: plant })
    const said = new Set<string>()
    behaviour.advance(start + hour, (_, __, value) => said.add(behaviour.words[value]!))
    expect([...said]).toEqual(['bolt'])
  })
})
