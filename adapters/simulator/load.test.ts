import { BehaviorSubject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { testPlant } from '../../twins/behaviour/test-plant.js'
import { describeAdapterContract } from '../contract-suite.js'
import { loadSource } from './load.js'
import { begin, TestRun, type TestRunOptions, virtualHarness } from './test-run.js'

const plant = testPlant()

describeAdapterContract(virtualHarness(loadSource, { rate: 4000 }, plant, ms => ms * 4))

const start = (given: Record<string, unknown>, options: Partial<TestRunOptions> = {}) =>
  new TestRun(loadSource, given, { plant, ...options })

describe('the load source', () => {
  it('sends exactly its rate, every sample with a number of its own', () => {
    const run = start({ rate: 5000 })
    run.pass(3000)
    expect(run.samples.map(({ value }) => value)).toEqual(Array.from({ length: 15_000 }, (_, i) => i))
    expect(run.samples.map(({ time }) => time)).toEqual(run.samples.map((_, i) => begin + i / 5))
  })

  it('goes round all numeric signals and no other', () => {
    const run = start({ rate: 1000 })
    run.pass(1000)
    const numeric = run.signals.filter(({ signal }) => signal.type === 'number').map(({ index }) => index)
    expect(run.samples.map(({ index }) => index)).toEqual(
      run.samples.map((_, i) => numeric[i % numeric.length]),
    )
  })

  it('honours its window and catches up without losing a number', () => {
    const accepted = new BehaviorSubject(0)
    const run = start({ rate: 10_000 }, { accepted, window: 700 })
    run.pass(2000)
    expect(run.samples).toHaveLength(701)
    while (run.samples.length > accepted.value) {
      accepted.next(run.samples.length)
      expect(run.samples.length - accepted.value).toBeLessThanOrEqual(701)
    }
    expect(run.samples.map(({ value }) => value)).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
  })

  it('completes after the total it was given, counted from its first number', () => {
    const run = start({ rate: 1000, total: 2500, first: 40 })
    run.pass(2450)
    expect(run.isComplete).toBe(false)
    run.pass(100)
    expect(run.isComplete).toBe(true)
    expect(run.samples).toHaveLength(2500)
    expect(run.samples.at(-1)?.value).toBe(2539)
  })

  it('is over at once where there is nothing to number', () => {
    expect(start({ rate: 1000 }, { plant: { ...plant, sites: [] } }).isComplete).toBe(true)
  })

  it('demands a rate', () => {
    expect(loadSource.options.safeParse({}).error?.issues[0]?.path).toEqual(['rate'])
  })
})
