import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { mapMachines } from '../schema/map-machines.js'
import type { Plant, Signal } from '../schema/plant.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import { Behaviour, behaviourMachines, wordsOf } from '../twins/behaviour/behaviour.js'
import { Lives, partsOf, type SourceLife } from './lives.js'
import { PoolError } from './pool.js'
import type { Stretch } from './stretch.js'

const minute = 60_000
const start = Date.UTC(2026, 0, 5, 6)
const until = start + 30 * minute
const plan = planned()
const machines = behaviourMachines(plan, () => true)
/** Those of the first lines, the two that share people among them. */
const some = machines.slice(0, 60)
const options = { plan, seed: 7, start, period: 10_000, faultShare: 0.3 }

/** The reference plant, with two lines that wait for the same people, and a line that has orders. */
function planned(): Plant {
  const plant = referencePlant()
  const lines = plant.sites[0]!.areas[0]!.lines.map(({ id }) => id)
  const product = plant.products.find(each => each.lines.includes(lines[0]!))!
  const order = { id: 'o-1', line: lines[0]!, product: product.id, quantity: 5 }
  const crew = { id: 'two', name: 'Two', site: plant.sites[0]!.id, size: 2 }
  return mapMachines({ ...plant, crews: [...plant.crews, crew], orders: [order] }, machine =>
    lines.some(line => machine.id.startsWith(`${line}-`))
      ? { ...machine, flow: { operator: 'two' } }
      : machine,
  )
}

/** What the plant says in half an hour, minute by minute, on so many threads. */
async function lived(threads: number, given: Partial<SourceLife['options']> = {}): Promise<Stretch[]> {
  const lives = new Lives([{ machines: some, options: { ...options, ...given } }], threads)
  const stretches: Stretch[] = []
  let coming = lives.advance(start + minute)
  for (let time = start + minute; time <= until; time += minute) {
    const [stretch] = await coming
    stretches.push(stretch!)
    // One ahead, as a past does.
    if (time < until) coming = lives.advance(time + minute)
  }
  await lives.close()
  return stretches
}

function hashOf(stretches: readonly Stretch[]): string {
  const hash = createHash('sha256')
  for (const { signal, time, value, reports } of stretches) {
    for (const column of [signal, time, value]) hash.update(new Uint8Array(column.buffer))
    hash.update(JSON.stringify(reports))
  }
  return hash.digest('hex')
}

describe('the lives of a plant', () => {
  it('are the same bytes on no, one and two worker threads', async () => {
    const here = await lived(0)
    expect(here.reduce((sum, { time }) => sum + time.length, 0)).toBeGreaterThan(30_000)
    for (const threads of [1, 2])
      expect(hashOf(await lived(threads)), `${threads} threads`).toBe(hashOf(here))
    expect(hashOf(await lived(0, { seed: 8 }))).not.toBe(hashOf(here))
  })

  it('are those that the plant would have in one piece, in the order of time', async () => {
    const told = new Map<string, [time: number, value: number | string][]>()
    let reports = 0
    const behaviour = new Behaviour(some, { ...options, onDamage: () => reports++ })
    const keep = (signal: Signal, time: number, value: number | string): void => {
      const said = told.get(signal.id)
      if (said === undefined) told.set(signal.id, [[time, value]])
      else said.push([time, value])
    }
    behaviour.advance(until, (place, time, value) => {
      const signal = behaviour.signals[place]!
      keep(signal, time, signal.type === 'text' ? behaviour.words[value]! : value)
    })
    const whole = new Map(told)
    told.clear()
    const words = wordsOf(plan)
    let before = start
    let reportsInParts = 0
    for (const { signal: places, time, value, reports: heard } of await lived(2)) {
      reportsInParts += heard.length
      for (const [i, place] of places.entries()) {
        if (time[i]! < before) expect.fail('time goes back')
        before = time[i]!
        const signal = behaviour.signals[place]!
        keep(signal, before, signal.type === 'text' ? words[value[i]!]! : value[i]!)
      }
    }
    expect(reports).toBeGreaterThan(5)
    expect(reportsInParts).toBe(reports)
    expect(told.size).toBe(behaviour.signals.length)
    for (const [id, said] of whole)
      if (JSON.stringify(said) !== JSON.stringify(told.get(id))) expect.fail(`${id} is not the same`)
  })

  it('fail where a thread fails, with its reason', async () => {
    const broken = some.map(each => ({
      ...each,
      machine: { ...each.machine, idealCycleTime: Number.NaN },
    }))
    const lives = new Lives([{ machines: broken, options: { ...options, start: Number.NaN } }], 1)
    await expect(lives.advance(until)).rejects.toThrow(PoolError)
    await lives.close()
  })

  it('are shared out by lines, in the order of the plant', () => {
    expect(partsOf(machines)).toHaveLength(20)
    // The two lines that share people stay together.
    const parts = partsOf(machines, plan)
    expect(parts).toHaveLength(19)
    expect(parts.flat()).toHaveLength(machines.length)
    expect(parts[0]![0]).toBe(machines[0])
  })
})
