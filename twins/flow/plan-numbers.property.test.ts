import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { propertyRuns } from '../proof/runs.js'
import { healthyDuty } from './duty.js'
import { Flow } from './flow.js'
import { plantFlow } from './plant-flow.js'

const year = 365 * 86_400_000
const monday = Date.UTC(2026, 5, 7, 22)

/** Numbers that somebody may write: sound ones, and those at and beyond the ends of what a number can be. */
const anyNumber = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: -1, max: 10_000, noNaN: true }),
  fc.double({ min: -5, max: 17, noNaN: true }).map(power => 10 ** power),
  fc.double(),
  fc.constantFrom(0, -0, -1, 5e-324, 1e-9, 0.001, 0.999999, 1, 65_535, 65_536, 2 ** 31, 1e12, 1e308),
)
const written = (value: number): string =>
  Number.isNaN(value) ? '.nan' : Number.isFinite(value) ? String(value) : value > 0 ? '.inf' : '-.inf'
const number = anyNumber.map(written)

const length = fc.oneof(
  number,
  fc
    .tuple(
      fc.constantFrom(
        ['constant', 'value'],
        ['uniform', 'low', 'high'],
        ['exponential', 'mean'],
        ['weibull', 'scale', 'shape'],
        ['lognormal', 'mean', 'deviation'],
        ['normal', 'mean', 'deviation'],
        ['geometric', 'step', 'mean'],
      ),
      number,
      number,
    )
    .map(
      ([[kind, first, second], a, b]) =>
        `{ kind: ${kind}, ${first}: ${a}${second === undefined ? '' : `, ${second}: ${b}`} }`,
    ),
  fc
    .array(number, { minLength: 1, maxLength: 4 })
    .map(values => `{ kind: empirical, values: [${values.join(', ')}] }`),
)

/** Where a number may stand in what a plant file says of flow; all others are as they should be. */
const numbers = {
  ideal: { usual: '30', any: number },
  cycle: { usual: '30', any: length },
  productTime: { usual: '25', any: number },
  scrap: { usual: '0.02', any: number },
  rework: { usual: '0.05', any: number },
  every: { usual: '3600', any: length },
  repair: { usual: '60', any: length },
  everyDay: { usual: '86400', any: length },
  dailyRepair: { usual: '300', any: length },
  changeover: { usual: '120', any: length },
  patience: { usual: '15', any: length },
  capacity: { usual: '10', any: number },
  transport: { usual: '5', any: number },
  people: { usual: '2', any: number },
  quantity: { usual: '50', any: number },
} as const
type Name = keyof typeof numbers
const names = Object.keys(numbers) as Name[]

const fileOf = (given: Partial<Record<Name, string>>, scrapsPart: boolean): string => {
  const n = Object.fromEntries(names.map(name => [name, given[name] ?? numbers[name].usual])) as Record<
    Name,
    string
  >
  return `gemba: 1
name: Test
enterprise: Example
sources: { sim: { adapter: simulator, tags: "{machine}.{signal}" } }
crews: [{ id: fitters, site: here, size: ${n.people} }]
products: [{ id: bolt, lines: [line-1], cycleTimes: { m1: ${n.productTime} } }, { id: nut, lines: [line-1] }]
orders:
  - { id: o-1, line: line-1, product: bolt, quantity: ${n.quantity} }
  - { id: o-2, line: line-1, product: nut, quantity: 1000000 }
sites:
  - id: here
    timeZone: Europe/Berlin
    areas:
      - id: hall
        lines:
          - id: line-1
            machines:
              - id: m0
                type: press
                idealCycleTime: ${n.ideal}
              - id: m1
                type: press
                idealCycleTime: 30
                buffer: { capacity: ${n.capacity}, transport: ${n.transport} }
                flow:
                  cycle: ${n.cycle}
                  scrap: ${n.scrap}
                  rework: { share: ${n.rework}, to: m0 }
                  failures:
                    - { every: ${n.every}, repair: ${n.repair}, scrapsPart: ${scrapsPart}, crew: fitters }
                    - { every: ${n.everyDay}, repair: ${n.dailyRepair}, clock: calendar, state: Held }
                  changeovers: [{ time: ${n.changeover} }]
                  operator: fitters
                  patience: ${n.patience}
`
}

/** Good parts of the line until the first that comes out, or until a century is over or too much has happened. */
function shipped(text: string): number | 'refused' {
  const { plant } = loadPlant(text, { file: 'plant.yaml' })
  if (plant === undefined) return 'refused'
  const machines = plant.sites[0]!.areas[0]!.lines[0]!.machines
  const flow = new Flow(
    plantFlow(
      machines.map(({ id, idealCycleTime, buffer, flow: own }, place) => ({
        ...{ id, idealCycleTime, buffer, flow: own },
        feeds: place === 0 ? [1] : [],
      })),
      1,
      healthyDuty,
      plant,
    ),
    { seed: 1, start: monday },
  )
  while (flow.shipped === 0 && flow.events < 300_000 && flow.nextTime < monday + 100 * year) flow.step()
  return flow.shipped
}

describe('the numbers of a plan', () => {
  it('make parts as they usually are', () => {
    expect(shipped(fileOf({}, true))).toBe(1)
    expect(shipped(fileOf({}, false))).toBe(1)
  })

  it.each(names)('are refused or make parts, whatever %s is', name => {
    let made = 0
    const runs = propertyRuns >= 10_000 ? 2_000 : 60
    fc.assert(
      fc.property(numbers[name].any, fc.boolean(), (value, scrapsPart) => {
        const parts = shipped(fileOf({ [name]: value }, scrapsPart))
        if (parts === 1) made++
        expect(parts).not.toBe(0)
      }),
      { numRuns: runs, seed: 4 },
    )
    // Refusing all would not do.
    expect(made).toBeGreaterThan(runs / 30)
  })

  it('are refused or make parts, whatever several of them are together', () => {
    fc.assert(
      fc.property(
        fc.record(Object.fromEntries(names.map(name => [name, numbers[name].any])), { requiredKeys: [] }),
        fc.boolean(),
        (given, scrapsPart) => {
          expect(shipped(fileOf(given, scrapsPart))).not.toBe(0)
        },
      ),
      { numRuns: 100, seed: 5 },
    )
  })
})
