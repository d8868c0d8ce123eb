import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packmlNumber } from '../../schema/packml.js'
import { propertyRuns } from '../proof/runs.js'
import { constant, exponential } from './distribution.js'
import { Flow } from './flow.js'
import { type Measured, measureLine } from './measure.js'
import { flowModel } from './model.arbitrary.js'
import type { Calendar, FlowModel } from './model.js'
import { testLine } from './test-line.js'
import { finishedPart, rawPart } from './work.js'

const hour = 3_600_000

/** Everything that a flow tells, as text. */
function watch(model: FlowModel, seed: number, until: number, steps: readonly number[] = []): string[] {
  const told: string[] = []
  const flow: Flow = new Flow(model, {
    seed,
    start: 0,
    listener: {
      onState: (machine, time) =>
        told.push(`${time} ${machine} ${flow.state[machine]} ${flow.reason[machine]}`),
      onPart: (machine, time) =>
        told.push(`${time} ${machine} ${flow.produced[machine]} ${flow.rejected[machine]}`),
    },
  })
  let time = 0
  for (const step of steps) {
    time = Math.min(until, time + step)
    flow.advance(time)
  }
  flow.advance(until)
  return told
}

/** Runs any model for some thousand events, and lets `check` look at it after each; it names what is wrong. */
function holdsAtEveryEvent(check: (model: FlowModel, flow: Flow, time: number) => string | undefined): void {
  fc.assert(
    fc.property(flowModel, fc.nat(1000), (model, seed) => {
      const flow = new Flow(model, { seed, start: 0 })
      for (let events = 0; events < 2000 && flow.nextTime <= 4 * hour; events++) {
        const time = flow.nextTime
        flow.step()
        const wrong = check(model, flow, time)
        if (wrong !== undefined) throw new Error(`At ${time} ms, after ${flow.events} events: ${wrong}`)
      }
    }),
    { numRuns: propertyRuns },
  )
}

const order = fc.record({
  product: fc.nat(2),
  quantity: fc.integer({ min: 1, max: 300 }),
  release: fc.nat(1_000_000),
  due: fc.nat(5_000_000),
})

const sum = (column: Float64Array): number => column.reduce((total, each) => total + each, 0)

describe('whatever is simulated', () => {
  it('loses no part and makes none', () => {
    holdsAtEveryEvent((_, flow) => {
      const accounted = flow.shipped + sum(flow.rejected) + flow.workInProcess
      return flow.entered === accounted
        ? undefined
        : `${flow.entered} parts came, ${accounted} are accounted for`
    })
  })

  it('keeps to the size of its buffers', () => {
    holdsAtEveryEvent((model, flow) => {
      const full = model.machines.findIndex(({ buffer: { capacity } }, m) => {
        const parts = flow.buffers.level[m]! - flow.buffers.again(m)
        return parts < 0 || parts > Math.max(1, capacity)
      })
      return full === -1 ? undefined : `${flow.buffers.level[full]} parts are before machine ${full}`
    })
  })

  it('goes forward in time, and never comes to an end while there is work', () => {
    holdsAtEveryEvent((model, flow, time) => {
      if (flow.nextTime < time) return `the next event is at ${flow.nextTime}`
      const isEndless = model.demands?.[0]?.kind !== 'orders'
      return isEndless && flow.nextTime === Number.POSITIVE_INFINITY ? 'nothing will ever happen' : undefined
    })
  })

  it('is the same for the same seed, however the time is divided, and other for another', () => {
    fc.assert(
      fc.property(flowModel, fc.nat(1000), fc.array(fc.nat(100_000)), (model, seed, steps) => {
        const whole = watch(model, seed, hour)
        expect(watch(model, seed, hour, steps)).toEqual(whole)
      }),
      { numRuns: propertyRuns },
    )
    const model = testLine([{ cycle: exponential(3) }, { cycle: exponential(3) }], 2)
    expect(watch(model, 1, hour)).not.toEqual(watch(model, 2, hour))
  })

  it('uses no more people than there are', () => {
    holdsAtEveryEvent((model, flow) => {
      const served = model.machines.filter(({ operator }, m) => operator === 1 && flow.isWorking(m))
      return served.length > 2 ? `${served.length} machines work with two operators` : undefined
    })
  })

  it('works in Execute only, on a part that it holds', () => {
    holdsAtEveryEvent((model, flow) => {
      const wrong = model.machines.findIndex(
        (_, m) => flow.isWorking(m) && (flow.state[m] !== packmlNumber.Execute || flow.holds[m] !== rawPart),
      )
      return wrong === -1 ? undefined : `machine ${wrong} works in state ${flow.state[wrong]}`
    })
  })

  it('begins no part outside its hours', () => {
    let before: { readonly flow: Flow; readonly held: number[]; readonly done: number[] } | undefined
    const doneBy = (flow: Flow, m: number): number => flow.produced[m]! + flow.reworked[m]!
    holdsAtEveryEvent((model, flow, time) => {
      const place = time % hour
      const isClosed = (place >= 1_500_000 && place < 1_800_000) || place >= 3_300_000
      const last = before?.flow === flow ? before : undefined
      const begun = model.machines.findIndex(({ calendar }, m) => {
        if (!isClosed || last === undefined || calendar === undefined || flow.holds[m] !== rawPart)
          return false
        return last.held[m] !== rawPart || doneBy(flow, m) > last.done[m]!
      })
      before = { flow, held: [...flow.holds], done: model.machines.map((_, m) => doneBy(flow, m)) }
      return begun === -1 ? undefined : `machine ${begun} begins a part`
    })
  })
})

describe('a line', () => {
  const runs = { runs: 12, length: 20_000, warmUp: 500 }
  const unreliable = fc.record({
    mu: fc.double({ min: 0.5, max: 2, noNaN: true }),
    p: fc.double({ min: 0.005, max: 0.1, noNaN: true }),
    r: fc.double({ min: 0.05, max: 0.5, noNaN: true }),
  })
  const lines = fc.array(unreliable, { minLength: 2, maxLength: 5 })
  const numRuns = propertyRuns > 1000 ? 100 : 5

  const measure = (
    machines: readonly { mu: number; p: number; r: number }[],
    sizes: readonly number[],
    seed = 1,
  ) =>
    measureLine(
      testLine(
        machines.map(({ mu, p, r }) => ({
          cycle: constant(1 / mu),
          failures: [
            {
              state: 'Aborted' as const,
              clock: 'operating' as const,
              up: exponential(1 / p),
              down: exponential(1 / r),
              scrapsPart: false,
            },
          ],
        })),
        sizes,
      ),
      { ...runs, seed },
    )

  const inErrors = (one: Measured, other: Measured): number =>
    (one.mean - other.mean) / Math.hypot(one.error, other.error, 1e-9)

  it('makes as much when parts go the other way', () => {
    fc.assert(
      fc.property(lines, fc.integer({ min: 0, max: 12 }), (machines, size) => {
        const sizes = machines.slice(1).map((_, i) => size + i)
        const there = measure(machines, sizes, 1)
        const back = measure([...machines].reverse(), [...sizes].reverse(), 2)
        expect(Math.abs(inErrors(there.throughput, back.throughput))).toBeLessThan(4)
      }),
      { numRuns },
    )
  })

  it('of two machines holds what it has room for when parts go the other way', () => {
    fc.assert(
      fc.property(unreliable, unreliable, fc.integer({ min: 0, max: 12 }), (first, second, size) => {
        const [there] = measure([first, second], [size], 1).inventory
        const [back] = measure([second, first], [size], 2).inventory
        // Blocked after service, there are two places more than in the buffer: the one in each machine.
        const total = there!.mean + back!.mean
        expect(Math.abs(total - (size + 2)) / Math.hypot(there!.error, back!.error, 1e-9)).toBeLessThan(4)
      }),
      { numRuns: 2 * numRuns },
    )
  })

  it('never makes less for a larger buffer, a quicker repair or a rarer failure', () => {
    fc.assert(
      fc.property(lines, fc.nat(8), fc.integer({ min: 1, max: 20 }), (machines, size, more) => {
        const sizes = machines.slice(1).map(() => size)
        const base = measure(machines, sizes).throughput
        const better = [
          measure(
            machines,
            sizes.map(each => each + more),
          ),
          measure(
            machines.map(machine => ({ ...machine, r: 2 * machine.r })),
            sizes,
          ),
          measure(
            machines.map(machine => ({ ...machine, p: machine.p / 2 })),
            sizes,
          ),
        ]
        for (const { throughput } of better) expect(inErrors(throughput, base)).toBeGreaterThan(-4)
      }),
      { numRuns },
    )
  })

  it('obeys Little, with shifts and orders too: parts in the line = parts per second times seconds in the line', () => {
    const hours: Calendar = {
      kind: 'repeating',
      origin: 0,
      period: 600,
      open: [
        [0, 250],
        [300, 500],
      ],
    }
    const plan = fc.record({ hasHours: fc.boolean(), orders: fc.option(fc.array(order, { minLength: 1 })) })
    fc.assert(
      fc.property(lines, fc.nat(10), fc.nat(1000), plan, (machines, size, seed, { hasHours, orders }) => {
        const model = testLine(
          machines.map(({ mu }, m) => ({
            cycle: exponential(1 / mu),
            ...(hasHours && { calendar: 0 }),
            ...(m === 0 && orders !== null && { demand: 0 }),
          })),
          size,
          {
            calendars: [hours],
            demands: orders === null ? [] : [{ id: 'orders', kind: 'orders', orders }],
          },
        )
        const ordered = orders?.reduce((total, { quantity }) => total + quantity, 0)
        const wanted = Math.min(3000, ordered ?? 3000)
        const last = machines.length - 1
        const entries: number[] = []
        let inLine = 0
        let inside = 0
        let left = 0
        let entered = 0
        let time = 0
        const flow = new Flow(model, { seed, start: 0 })
        // First in, first out: the k-th part to leave is the k-th that came.
        while (left < wanted) {
          inside += (flow.nextTime - time) * flow.workInProcess
          time = flow.nextTime
          flow.step()
          for (; entered < flow.entered; entered++) entries.push(time)
          for (; left < flow.shipped; left++) inLine += time - entries[left]!
        }
        for (let part = left; part < entered; part++) inLine += time - entries[part]!
        expect(inside).toBeCloseTo(inLine, 3)
        expect(flow.holds[last] === finishedPart).toBe(false)
        if (ordered === wanted) expect([flow.entered, flow.workInProcess]).toEqual([ordered, 0])
      }),
      { numRuns: 8 * numRuns },
    )
  })
})
