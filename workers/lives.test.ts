import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { mapMachines } from '../schema/map-machines.js'
import type { Plant } from '../schema/plant.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import { Behaviour, behaviourMachines } from '../twins/behaviour/behaviour.js'
import { type Life, partsOf, simulateLives } from './lives.js'
import { createPool } from './pool.js'

const start = Date.UTC(2026, 0, 5, 6)
const plan = planned()
const machines = behaviourMachines(plan, () => true)
const task = { machines, plan, seed: 7, start, until: start + 1_800_000, period: 10_000, faultShare: 0.3 }

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

function hashOf(lives: readonly Life[]): string {
  const hash = createHash('sha256')
  for (const { signals, signal, time, value, reports } of lives) {
    for (const column of [signals, signal, time, value]) hash.update(new Uint8Array(column.buffer))
    hash.update(JSON.stringify(reports))
  }
  return hash.digest('hex')
}

describe('the lives of a plant', () => {
  it('are the same bytes on no, one and two worker threads', async () => {
    const here = hashOf(await simulateLives(task))
    for (const maxThreads of [1, 2]) {
      const pool = createPool({ maxThreads })
      expect(hashOf(await simulateLives(task, pool)), `${maxThreads} threads`).toBe(here)
      await pool.close()
    }
    expect(hashOf(await simulateLives({ ...task, seed: 8 }))).not.toBe(here)
  })

  it('are those that the plant would have in one piece', async () => {
    const whole = new Map<number, number[]>()
    let reports = 0
    const { seed, period, faultShare, until } = task
    const options = { seed, start, plan, period, faultShare, onDamage: () => reports++ }
    const behaviour = new Behaviour(machines, options)
    behaviour.advance(until, (signal, time, value) => {
      const said = whole.get(signal)
      if (said === undefined) whole.set(signal, [time, value])
      else said.push(time, value)
    })
    const inParts = new Map<number, number[]>()
    let reportsInParts = 0
    for (const { signals, signal, time, value, reports: told } of await simulateLives(task)) {
      reportsInParts += told.length
      for (const [i, place] of signal.entries()) {
        const said = inParts.get(signals[place]!)
        if (said === undefined) inParts.set(signals[place]!, [time[i]!, value[i]!])
        else said.push(time[i]!, value[i]!)
      }
    }
    expect(reports).toBeGreaterThan(20)
    expect(reportsInParts).toBe(reports)
    expect(inParts.size).toBe(behaviour.signals.length)
    for (const [signal, said] of whole) {
      if (said.length !== inParts.get(signal)?.length || said.some((v, i) => v !== inParts.get(signal)![i]))
        expect.fail(`${behaviour.signals[signal]!.id} is not the same`)
    }
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
