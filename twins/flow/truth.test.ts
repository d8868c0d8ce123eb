import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Distribution } from '../../schema/distribution.js'
import type { Blocking } from '../../schema/plant.js'
import { constant, exponential } from './distribution.js'
import { type Measured, measureLine, type Runs } from './measure.js'
import type { FailureMode, MachineModel } from './model.js'
import { testLine } from './test-line.js'
import {
  bernoulliPair,
  exponentialPair,
  rigidLine,
  singleServer,
  slottedLine,
  slottedPair,
  type Unreliable,
} from './theory.js'

const isLong = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env
  .GEMBA_SOAK
/** Slots, or mean processing times, that a run measures. */
const runs: Runs = isLong
  ? { runs: 64, length: 200_000, warmUp: 5000 }
  : { runs: 16, length: 20_000, warmUp: 1000 }
/** Random lines that each theory is held to. */
const randomLines = isLong ? 200 : 6

/** Within 4 standard errors; a second of simulated time is a slot or a mean processing time. */
function expectTruth({ mean, error }: Measured, truth: number, what: string): void {
  expect(error, `${what}: runs differ`).toBeGreaterThan(0)
  expect(error, `${what}: runs differ too much to tell anything`).toBeLessThan(0.05 * Math.max(truth, 0.2))
  expect(Math.abs(mean - truth) / error, `${what}: ${mean} ± ${error}, in theory ${truth}`).toBeLessThan(4)
}

const steps = (chance: number): Distribution => ({ kind: 'geometric', step: 1, mean: 1 / chance })

const failing = (up: Distribution, down: Distribution, clock: FailureMode['clock'] = 'operating') => [
  { state: 'Aborted', clock, up, down, scrapsPart: false } as const,
]

/** A machine of slotted time: a part in a slot while it is up; chance p to fail before working, r to be repaired. */
const slotted = ({ p, r }: Unreliable): Partial<MachineModel> => ({
  cycle: constant(1),
  blocking: 'before-service',
  failures: failing(steps(p), steps(r)),
})

const exponentialMachine = (mu: number, { p, r }: Unreliable, blocking: Blocking): Partial<MachineModel> => ({
  cycle: exponential(1 / mu),
  blocking,
  failures: failing(exponential(1 / p), exponential(1 / r)),
})

/** A machine of slotted time that is up in each slot with chance p, whatever it did before. */
const bernoulli = (p: number): Partial<MachineModel> => ({
  cycle: constant(1),
  blocking: 'before-service',
  failures: failing(steps(1 - p), steps(p), 'calendar'),
})

/** With parts blocked before service, n counts those in the buffer and the one in the machine behind it. */
const measureSlotted = (machines: readonly Unreliable[], sizes: readonly number[], seed = 1) =>
  measureLine(
    testLine(
      machines.map(slotted),
      sizes.map(N => N - 1),
    ),
    { ...runs, seed },
  )

const unreliable = fc.record({
  p: fc.double({ min: 0.005, max: 0.2, noNaN: true }),
  r: fc.double({ min: 0.05, max: 0.6, noNaN: true }),
})

describe('two machines in slotted time (Gershwin & Schick 1983)', () => {
  it.each([
    [0.1, 0.01, 0.1, 0.01, 4, 0.840936, 2],
    [0.1, 0.01, 0.1, 0.01, 6, 0.846906, 3],
    [0.1, 0.01, 0.1, 0.01, 10, 0.856175, 5],
    [0.1, 0.01, 0.1, 0.01, 20, 0.870541, 10],
    [0.1, 0.02, 0.1, 0.01, 10, 0.796129, 3.4761],
    [0.1, 0.01, 0.12, 0.01, 10, 0.867748, 4.8124],
    [0.2, 0.05, 0.1, 0.01, 20, 0.78663, 4.327],
    [0.09, 0.01, 0.15, 0.02, 15, 0.841541, 8.9706],
    [0.5, 0.05, 0.5, 0.05, 10, 0.889224, 5],
    [0.1, 0.1, 0.1, 0.1, 10, 0.397727, 5],
  ])('r1 %d, p1 %d, r2 %d, p2 %d, N %d: %d parts a slot', (r1, p1, r2, p2, N, throughput, inventory) => {
    const theory = slottedPair({ p: p1, r: r1 }, { p: p2, r: r2 }, N)
    expect(theory.throughput).toBeCloseTo(throughput, 5)
    expect(theory.inventory[0]).toBeCloseTo(inventory, 3)
    const line = measureSlotted(
      [
        { p: p1, r: r1 },
        { p: p2, r: r2 },
      ],
      [N],
    )
    expectTruth(line.throughput, throughput, 'throughput')
    expectTruth(line.inventory[0]!, inventory, 'inventory')
  })

  it('with any chances and any buffer', () => {
    fc.assert(
      fc.property(unreliable, unreliable, fc.integer({ min: 4, max: 30 }), (first, second, N) => {
        const theory = slottedPair(first, second, N)
        // The closed form and the chain must agree before anything is measured.
        expect(slottedLine([first, second], [N]).throughput).toBeCloseTo(theory.throughput, 8)
        const line = measureSlotted([first, second], [N])
        expectTruth(line.throughput, theory.throughput, 'throughput')
        expectTruth(line.inventory[0]!, theory.inventory[0]!, 'inventory')
      }),
      { numRuns: randomLines },
    )
  })
})

describe('three machines in slotted time', () => {
  const good = { p: 0.01, r: 0.1 }
  it.each([
    [[good, good, good], [5, 5], 0.794003, [2.9802, 2.0198]],
    [[good, good, good], [8, 8], 0.810522, [4.7975, 3.2025]],
    [[good, { p: 0.02, r: 0.1 }, good], [5, 5], 0.740018, [3.3428, 1.6572]],
  ])('%j with buffers %j: %d parts a slot', (machines, sizes, throughput, inventory) => {
    const theory = slottedLine(machines, sizes)
    expect(theory.throughput).toBeCloseTo(throughput, 5)
    const line = measureSlotted(machines, sizes)
    expectTruth(line.throughput, throughput, 'throughput')
    for (const [buffer, level] of inventory.entries()) {
      expectTruth(line.inventory[buffer]!, level, `inventory ${buffer}`)
    }
  })

  it('with any chances and any buffers', () => {
    const size = fc.integer({ min: 2, max: 6 })
    fc.assert(
      fc.property(fc.array(unreliable, { minLength: 3, maxLength: 3 }), size, size, (machines, one, two) => {
        const theory = slottedLine(machines, [one, two])
        const line = measureSlotted(machines, [one, two])
        expectTruth(line.throughput, theory.throughput, 'throughput')
        for (const [buffer, level] of theory.inventory.entries()) {
          expectTruth(line.inventory[buffer]!, level, `inventory ${buffer}`)
        }
      }),
      { numRuns: randomLines },
    )
  })
})

describe('two machines with exponential times (Gershwin & Berman 1981)', () => {
  const measure = (machines: readonly (Unreliable & { mu: number })[], N: number, blocking: Blocking) =>
    measureLine(
      testLine(
        machines.map(machine => exponentialMachine(machine.mu, machine, blocking)),
        // A part that is finished and kept is one more than the buffer holds.
        blocking === 'after-service' ? N - 2 : N - 1,
      ),
      runs,
    )

  it.each([
    [1, 0.1, 0.01, 1, 0.1, 0.01, 2, 0.589955, 1],
    [1, 0.1, 0.01, 1, 0.1, 0.01, 4, 0.695386, 2],
    [1, 0.1, 0.01, 1, 0.1, 0.01, 10, 0.785921, 5],
    [1, 0.1, 0.01, 1, 0.1, 0.01, 20, 0.830002, 10],
    [1, 0.1, 0.02, 1, 0.1, 0.01, 10, 0.736194, 4.484],
    [1, 0.1, 0.01, 1.2, 0.1, 0.02, 10, 0.798653, 4.102],
    [2, 0.1, 0.01, 1, 0.1, 0.01, 10, 0.888094, 8.7157],
    [1.2, 0.1, 0.02, 1, 0.05, 0.005, 8, 0.77926, 4.6025],
  ])(
    'mu1 %d r1 %d p1 %d, mu2 %d r2 %d p2 %d, N %d: %d',
    (mu1, r1, p1, mu2, r2, p2, N, throughput, inventory) => {
      const machines = [
        { mu: mu1, p: p1, r: r1 },
        { mu: mu2, p: p2, r: r2 },
      ] as const
      const theory = exponentialPair(...machines, N)
      expect(theory.throughput).toBeCloseTo(throughput, 5)
      expect(theory.inventory[0]).toBeCloseTo(inventory, 3)
      for (const blocking of ['after-service', 'before-service'] as const) {
        const line = measure(machines, N, blocking)
        expectTruth(line.throughput, throughput, `${blocking}: throughput`)
        expectTruth(line.inventory[0]!, inventory, `${blocking}: inventory`)
        for (const [m, { mu }] of machines.entries()) {
          expectTruth(line.utilisation[m]!, throughput / mu, `${blocking}: utilisation of machine ${m}`)
        }
      }
    },
  )

  it('with any rates and any buffer', () => {
    const machine = fc.record({
      mu: fc.double({ min: 0.5, max: 2, noNaN: true }),
      p: fc.double({ min: 0.005, max: 0.1, noNaN: true }),
      r: fc.double({ min: 0.05, max: 0.5, noNaN: true }),
    })
    const blocking = fc.constantFrom<Blocking>('after-service', 'before-service')
    fc.assert(
      fc.property(machine, machine, fc.integer({ min: 2, max: 20 }), blocking, (first, second, N, kind) => {
        const theory = exponentialPair(first, second, N)
        const line = measure([first, second], N, kind)
        expectTruth(line.throughput, theory.throughput, 'throughput')
        expectTruth(line.inventory[0]!, theory.inventory[0]!, 'inventory')
      }),
      { numRuns: randomLines },
    )
  })
})

describe('one server with room for K parts (M/M/1/K)', () => {
  it.each([
    [1, 1, 2, 0.666667, 1, 1.5],
    [1, 1, 5, 0.833333, 2.5, 3],
    [0.8, 1, 5, 0.728944, 1.8683, 2.5631],
    [0.9, 1, 10, 0.854268, 3.9694, 4.6466],
  ])('lambda %d, mu %d, K %d: %d parts', (lambda, mu, K, throughput, inventory, wait) => {
    const theory = singleServer(lambda, mu, K)
    expect(theory.throughput).toBeCloseTo(throughput, 5)
    // A source that is blocked after service has a part ready: as if the ones it does not make went away.
    const line = measureLine(
      testLine([{ cycle: exponential(1 / lambda) }, { cycle: exponential(1 / mu) }], K - 2),
      runs,
    )
    expectTruth(line.throughput, throughput, 'throughput')
    expectTruth(line.inventory[0]!, inventory, 'inventory')
    // Little's law gives the time in the system from the two.
    expect(line.inventory[0]!.mean / line.throughput.mean).toBeCloseTo(wait, 0)
    expect(theory.wait).toBeCloseTo(wait, 3)
  })
})

describe('two Bernoulli machines (Li & Meerkov 2009)', () => {
  it.each([
    [0.9, 0.9, 1, 0.818182],
    [0.9, 0.9, 2, 0.857143],
    [0.9, 0.9, 5, 0.882353],
    [0.95, 0.85, 3, 0.847569],
    [0.8, 0.9, 4, 0.796407],
  ])('p1 %d, p2 %d, N %d: %d parts a slot', (p1, p2, N, rate) => {
    expect(bernoulliPair(p1, p2, N)).toBeCloseTo(rate, 5)
    expectTruth(measureLine(testLine([bernoulli(p1), bernoulli(p2)], N), runs).throughput, rate, 'rate')
  })

  it('with any chances and any buffer', () => {
    const chance = fc.double({ min: 0.55, max: 0.97, noNaN: true })
    fc.assert(
      fc.property(chance, chance, fc.integer({ min: 1, max: 12 }), (p1, p2, N) => {
        const line = measureLine(testLine([bernoulli(p1), bernoulli(p2)], N), runs)
        expectTruth(line.throughput, bernoulliPair(p1, p2, N), 'rate')
      }),
      { numRuns: randomLines },
    )
  })
})

describe('lines at their limits', () => {
  const machines: readonly Unreliable[] = [
    { p: 0.01, r: 0.1 },
    { p: 0.03, r: 0.2 },
    { p: 0.02, r: 0.1 },
  ]

  it('reach the efficiency of the worst machine with endless buffers', () => {
    const line = measureSlotted(machines, [3000, 3000])
    expectTruth(line.throughput, 0.1 / (0.1 + 0.02), 'throughput')
  })

  it('move as one without buffers (Buzacott 1967), and no buffer makes them slower', () => {
    // Machines that hand over from hand to hand and all work the same time stop together.
    const rigid = measureLine(
      testLine(
        machines.map(({ p, r }) => ({
          cycle: constant(1),
          failures: failing(exponential(1 / p), exponential(1 / r)),
        })),
        0,
      ),
      runs,
    ).throughput
    const theory = rigidLine(machines)
    // Parts are not a fluid: up to a cycle is lost or won at each stop.
    expect(Math.abs(rigid.mean - theory) / theory).toBeLessThan(0.03)
    const buffered = measureSlotted(machines, [4, 4]).throughput
    expect(buffered.mean).toBeGreaterThan(rigid.mean)
  })
})
