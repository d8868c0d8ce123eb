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
  fluidPair,
  poissonQueue,
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
/** Random lines that each theory is held to, and their runs: shorter, as all lines together must be true as well. */
const randomLines = isLong ? 200 : 20
const shortRuns: Runs = isLong
  ? { runs: 32, length: 20_000, warmUp: 2000 }
  : { runs: 16, length: 6000, warmUp: 1000 }

/**
 * Within 4 standard errors; a second of simulated time is a slot or a mean processing time. Returns by how many standard
 * errors the measure is too high.
 */
function expectTruth({ mean, error }: Measured, truth: number, what: string, roughly = 0.05): number {
  expect(error, `${what}: runs differ`).toBeGreaterThan(0)
  expect(error, `${what}: runs differ too much to tell anything`).toBeLessThan(roughly * Math.max(truth, 0.2))
  const off = (mean - truth) / error
  expect(Math.abs(off), `${what}: ${mean} ± ${error}, in theory ${truth}`).toBeLessThan(4)
  return off
}

/**
 * Holds random lines to a theory: each figure of each line, and the mean over all lines of how far each figure is off,
 * which shows an error that is too small to be seen in one line.
 */
function expectLines<Given extends unknown[]>(
  given: { readonly [K in keyof Given]: fc.Arbitrary<Given[K]> },
  measure: (runs: Runs, ...given: Given) => Readonly<Record<string, readonly [Measured, truth: number]>>,
): void {
  const off = new Map<string, number[]>()
  // Chances of its own for each line: lines that have the same ones are off to the same side.
  let seed = 0
  fc.assert(
    fc.property(fc.tuple(...given), line => {
      seed++
      for (const [what, [measured, truth]] of Object.entries(
        measure({ ...shortRuns, seed }, ...(line as Given)),
      ))
        off.set(what, [...(off.get(what) ?? []), expectTruth(measured, truth, what, 0.1)])
    }),
    // Chance has no smaller example.
    { numRuns: randomLines, endOnFailure: true },
  )
  // Student's t of as many runs: its variance.
  const variance = (shortRuns.runs - 1) / (shortRuns.runs - 3)
  for (const [what, each] of off) {
    const leaning = each.reduce((sum, one) => sum + one, 0) / Math.sqrt(variance * each.length)
    expect(Math.abs(leaning), `${what} of all lines`).toBeLessThan(4)
  }
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
const measureSlotted = (machines: readonly Unreliable[], sizes: readonly number[], given: Runs = runs) => {
  // A large buffer takes its time to be as full as it ever is, and to be full and empty often enough.
  const largest = Math.min(100, Math.max(...sizes))
  const warmUp = Math.max(given.warmUp, 2 * largest ** 2)
  const length = largest < 50 ? given.length : 4 * given.length
  const line = testLine(
    machines.map(slotted),
    sizes.map(N => N - 1),
  )
  return measureLine(line, { ...given, length, warmUp })
}

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
    [0.1, 0.01, 0.1, 0.01, 50, 0.887845, 25],
    [0.1, 0.01, 0.1, 0.01, 100, 0.896937, 50],
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

  it.each([
    [0.1, 0.01, 0.1, 0.01, 4, 0.07497, 0.07497],
    [0.1, 0.01, 0.1, 0.01, 6, 0.068404, 0.068404],
    [0.1, 0.01, 0.1, 0.01, 10, 0.058208, 0.058208],
    [0.1, 0.02, 0.1, 0.01, 10, 0.124258, 0.044646],
    [0.1, 0.01, 0.12, 0.01, 10, 0.059939, 0.045477],
    [0.2, 0.05, 0.1, 0.01, 20, 0.134707, 0.016712],
    [0.09, 0.01, 0.15, 0.02, 15, 0.046254, 0.064955],
  ])('r1 %d, p1 %d, r2 %d, p2 %d, N %d: starved %d, blocked %d of the slots', (r1, p1, r2, p2, N, ps, pb) => {
    const machines = [
      { p: p1, r: r1 },
      { p: p2, r: r2 },
    ] as const
    const [e1, e2] = machines.map(({ p, r }) => r / (r + p)) as [number, number]
    const { throughput } = slottedPair(...machines, N)
    // What does not come in cannot go out.
    expect(e1 * (1 - pb)).toBeCloseTo(throughput, 5)
    expect(e2 * (1 - ps)).toBeCloseTo(throughput, 5)
    const { waiting } = measureSlotted(machines, [N])
    expectTruth(waiting[0]!, pb, 'blocked')
    expectTruth(waiting[1]!, ps, 'starved')
  })

  it('makes more with a larger buffer, each place worth less than the one before', () => {
    fc.assert(
      fc.property(unreliable, unreliable, (first, second) => {
        const made = Array.from({ length: 20 }, (_, i) => slottedPair(first, second, 4 + i).throughput)
        const gains = made.slice(1).map((each, i) => each - made[i]!)
        for (const [i, gain] of gains.entries()) {
          expect(gain).toBeGreaterThan(-1e-9)
          expect(gain).toBeLessThanOrEqual((gains[i - 1] ?? 1) + 1e-9)
        }
      }),
    )
    const one = { p: 0.02, r: 0.1 }
    const [few, some, many] = [5, 15, 25].map(N => measureSlotted([one, one], [N]).throughput) as Measured[]
    const bend = some!.mean - few!.mean - (many!.mean - some!.mean)
    const error = Math.hypot(few!.error, 2 * some!.error, many!.error)
    expect(bend / error).toBeGreaterThan(-4)
    expect((many!.mean - few!.mean) / Math.hypot(few!.error, many!.error)).toBeGreaterThan(4)
  })

  it('with any chances and any buffer', () => {
    expectLines([unreliable, unreliable, fc.integer({ min: 4, max: 30 })], (short, first, second, N) => {
      const theory = slottedPair(first, second, N)
      // The closed form and the chain must agree before anything is measured.
      expect(slottedLine([first, second], [N]).throughput).toBeCloseTo(theory.throughput, 8)
      const line = measureSlotted([first, second], [N], short)
      return {
        throughput: [line.throughput, theory.throughput],
        inventory: [line.inventory[0]!, theory.inventory[0]!],
      }
    })
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
    const three = fc.array(unreliable, { minLength: 3, maxLength: 3 })
    expectLines([three, size, size], (short, machines, one, two) => {
      const theory = slottedLine(machines, [one, two])
      const line = measureSlotted(machines, [one, two], short)
      return {
        throughput: [line.throughput, theory.throughput],
        'first inventory': [line.inventory[0]!, theory.inventory[0]!],
        'second inventory': [line.inventory[1]!, theory.inventory[1]!],
      }
    })
  })
})

describe('two machines that pass on a fluid', () => {
  /** A fluid is parts so small that nobody sees them; so many to the unit. */
  const grains = isLong ? 10 : 5
  const grainy = ({ p, r }: Unreliable): Partial<MachineModel> => ({
    cycle: constant(1 / grains),
    failures: failing(exponential(1 / p), exponential(1 / r)),
  })
  /** Units of a time. */
  const measure = (machines: readonly Unreliable[], N: number, given: Runs = runs): Measured => {
    const warmUp = Math.max(given.warmUp, 2 * Math.min(N, 100) ** 2)
    const { mean, error } = measureLine(testLine(machines.map(grainy), grains * N), {
      ...given,
      warmUp,
    }).throughput
    return { mean: mean / grains, error: error / grains }
  }

  it.each([
    [0.1, 0.01, 0.1, 0.01, 10, 0.858726],
    [0.1, 0.01, 0.1, 0.01, 20, 0.871369],
    [0.1, 0.01, 0.1, 0.01, 50, 0.887574],
    [0.1, 0.01, 0.1, 0.01, 100, 0.896552],
    [0.1, 0.02, 0.1, 0.01, 10, 0.798915],
    [0.1, 0.01, 0.1, 0.02, 10, 0.798915],
    [0.1, 0.02, 0.1, 0.01, 1000, 0.833333],
    [0.2, 0.05, 0.1, 0.01, 20, 0.787063],
  ])('r1 %d, p1 %d, r2 %d, p2 %d, N %d: %d', (r1, p1, r2, p2, N, throughput) => {
    const machines = [
      { p: p1, r: r1 },
      { p: p2, r: r2 },
    ] as const
    expect(fluidPair(...machines, N)).toBeCloseTo(throughput, 5)
    expectTruth(measure(machines, N), throughput, 'throughput')
  })

  it('move as one without room (Buzacott 1967)', () => {
    for (const p of [0.01, 0.02]) {
      const machines = [
        { p, r: 0.1 },
        { p: 0.01, r: 0.1 },
      ] as const
      expect(fluidPair(...machines, 0)).toBeCloseTo(rigidLine(machines), 10)
    }
    expect(fluidPair({ p: 0.02, r: 0.1 }, { p: 0.01, r: 0.1 }, 0)).toBeCloseTo(0.769231, 6)
  })

  it('with any rates and any room', () => {
    expectLines([unreliable, unreliable, fc.integer({ min: 5, max: 40 })], (short, first, second, N) => ({
      throughput: [measure([first, second], N, short), fluidPair(first, second, N)],
    }))
  })
})

describe('two machines with exponential times (Gershwin & Berman 1981)', () => {
  const measure = (
    machines: readonly (Unreliable & { mu: number })[],
    N: number,
    blocking: Blocking,
    given: Runs = runs,
  ) =>
    measureLine(
      testLine(
        machines.map(machine => exponentialMachine(machine.mu, machine, blocking)),
        // A part that is finished and kept is one more than the buffer holds.
        blocking === 'after-service' ? N - 2 : N - 1,
      ),
      given,
    )

  it.each([
    [1, 0.1, 0.01, 1, 0.1, 0.01, 2, 0.589955, 1],
    [1, 0.1, 0.01, 1, 0.1, 0.01, 4, 0.695386, 2],
    [1, 0.1, 0.01, 1, 0.1, 0.01, 10, 0.785921, 5],
    [1, 0.1, 0.01, 1, 0.1, 0.01, 20, 0.830002, 10],
    [1, 0.1, 0.01, 1, 0.1, 0.01, 50, 0.86935, 25],
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
    expectLines(
      [machine, machine, fc.integer({ min: 2, max: 20 }), blocking],
      (short, first, second, N, kind) => {
        const theory = exponentialPair(first, second, N)
        const line = measure([first, second], N, kind, short)
        return {
          throughput: [line.throughput, theory.throughput],
          inventory: [line.inventory[0]!, theory.inventory[0]!],
        }
      },
    )
  })
})

describe('one server with room for K parts (M/M/1/K)', () => {
  it.each([
    [1, 1, 2, 0.666667, 1, 1.5, 0.333333, 0.333333],
    [1, 1, 5, 0.833333, 2.5, 3, 0.166667, 0.166667],
    [0.8, 1, 5, 0.728944, 1.8683, 2.5631, 0.271056, 0.088819],
    [0.9, 1, 10, 0.854268, 3.9694, 4.6466, 0.145732, 0.050814],
  ])('lambda %d, mu %d, K %d: %d parts', (lambda, mu, K, throughput, inventory, wait, empty, full) => {
    const theory = singleServer(lambda, mu, K)
    expect(theory.empty).toBeCloseTo(empty, 5)
    expect(theory.full).toBeCloseTo(full, 5)
    expect(theory.throughput).toBeCloseTo(throughput, 5)
    // A source that is blocked after service has a part ready: as if the ones it does not make went away.
    const line = measureLine(
      testLine([{ cycle: exponential(1 / lambda) }, { cycle: exponential(1 / mu) }], K - 2),
      runs,
    )
    expectTruth(line.throughput, throughput, 'throughput')
    expectTruth(line.inventory[0]!, inventory, 'inventory')
    // Nobody is there, and there is no room, for as much of the time as the server and the source do not work.
    expectTruth(line.utilisation[1]!, 1 - theory.empty, 'server at work')
    expectTruth(line.utilisation[0]!, 1 - theory.full, 'source at work')
    // Little's law gives the time in the system from the two.
    expect(line.inventory[0]!.mean / line.throughput.mean).toBeCloseTo(wait, 0)
    expect(theory.wait).toBeCloseTo(wait, 3)
  })

  it('of two machines alike with B places between them: (B + 2) / (B + 3)', () => {
    for (const places of [0, 1, 5]) {
      const line = measureLine(testLine([{ cycle: exponential(1) }, { cycle: exponential(1) }], places), runs)
      expectTruth(line.throughput, (places + 2) / (places + 3), `${places} places`)
    }
  })

  it('with any rates and any room', () => {
    const rate = fc.double({ min: 0.5, max: 2, noNaN: true })
    expectLines([rate, rate, fc.integer({ min: 2, max: 15 })], (short, lambda, mu, K) => {
      const theory = singleServer(lambda, mu, K)
      const server = [{ cycle: exponential(1 / lambda) }, { cycle: exponential(1 / mu) }]
      const line = measureLine(testLine(server, K - 2), short)
      return {
        throughput: [line.throughput, theory.throughput],
        inventory: [line.inventory[0]!, theory.inventory[0]!],
      }
    })
  })
})

describe('one server before which parts wait without limit', () => {
  /** Mean number waiting or served: parts come at times like `arrivals`, 0.8 of them a second. */
  const inSystem = (arrivals: Distribution, service: Distribution): Measured =>
    measureLine(testLine([{ cycle: arrivals }, { cycle: service }], 5000), {
      ...runs,
      length: 2 * runs.length,
    }).inventory[0]!

  it.each<[service: Distribution, variance: number]>([
    [{ kind: 'constant', value: 1 }, 0],
    [{ kind: 'uniform', low: 0, high: 2 }, 1 / 3],
    [{ kind: 'exponential', mean: 1 }, 1],
    [{ kind: 'lognormal', mean: 1, deviation: 1.2 }, 1.44],
  ])('%j: as many as Pollaczek and Khinchine say', (service, variance) => {
    expectTruth(inSystem(exponential(1 / 0.8), service), poissonQueue(0.8, 1, variance), 'in the system')
  })

  it('wait no longer than Kingman’s bound, and nearly so long when it is busy', () => {
    const lambda = 0.9
    const arrivals: Distribution = { kind: 'uniform', low: 0, high: 2 / lambda }
    const { mean, error } = inSystem(arrivals, { kind: 'uniform', low: 0, high: 2 })
    const waiting = (mean - lambda) / lambda
    const bound = (lambda * ((2 / lambda) ** 2 / 12 + 2 ** 2 / 12)) / (2 * (1 - lambda))
    expect(waiting - (4 * error) / lambda).toBeLessThan(bound)
    expect(waiting + (4 * error) / lambda).toBeGreaterThan(0.8 * bound)
  })
})

describe('one machine alone', () => {
  it.each(['operating', 'calendar'] as const)('makes mu · r / (r + p) where it fails by %s time', clock => {
    expectLines([unreliable], (short, { p, r }) => {
      const machine = {
        cycle: constant(0.5),
        failures: failing(exponential(1 / p), exponential(1 / r), clock),
      }
      return { throughput: [measureLine(testLine([machine]), short).throughput, (2 * r) / (r + p)] }
    })
  })

  it('and in a line throws away its share of what comes to it', () => {
    const scrap = [0.05, 0.1, 0.2]
    const machines = scrap.map((share): Partial<MachineModel> => ({ cycle: constant(1), scrap: share }))
    const line = measureLine(testLine(machines, 10), runs)
    // The first never waits: it makes a part a second.
    expectTruth(
      line.throughput,
      scrap.reduce((good, share) => good * (1 - share), 1),
      'good parts',
    )
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
    expectLines([chance, chance, fc.integer({ min: 1, max: 12 })], (short, p1, p2, N) => {
      const line = measureLine(testLine([bernoulli(p1), bernoulli(p2)], N), short)
      return { rate: [line.throughput, bernoulliPair(p1, p2, N)] }
    })
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

  it('move only while all are up, without buffers, where waiting machines fail too', () => {
    const { throughput } = measureLine(
      testLine(
        machines.map(({ p, r }) => ({
          cycle: constant(0.1),
          failures: failing(exponential(1 / p), exponential(1 / r), 'calendar'),
        })),
        0,
      ),
      { ...runs, runs: 4 },
    )
    const theory = machines.reduce((share, { p, r }) => (share * r) / (r + p), 1)
    expect(Math.abs(throughput.mean / 10 - theory) / theory).toBeLessThan(0.03)
    expect(theory).toBeLessThan(rigidLine(machines))
  })
})
