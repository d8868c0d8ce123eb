import type { Plant } from '../../schema/plant.js'
import type { RegisteredMachine, RegisteredSignal, Registry } from './floor.js'

/** Which id has which index; grows, never forgets. Kept in the data directory. */
export interface IndexBook {
  readonly machines: Record<string, number>
  readonly signals: Record<string, number>
}

export const emptyIndexBook: IndexBook = { machines: {}, signals: {} }

/** Gives every machine and signal of the plant its index: the one it had, or the next free one. */
export function makeRegistry(plant: Plant, book: IndexBook): { registry: Registry; book: IndexBook } {
  const machineIndexes = new IndexGiver(book.machines)
  const signalIndexes = new IndexGiver(book.signals)
  const machines: RegisteredMachine[] = []
  const signals: RegisteredSignal[] = []

  for (const site of plant.sites) {
    for (const area of site.areas) {
      for (const line of area.lines) {
        for (const machine of line.machines) {
          const index = machineIndexes.of(machine.id)
          const own = machine.signals.map(
            (signal): RegisteredSignal => ({ index: signalIndexes.of(signal.id), signal, machine: index }),
          )
          machines.push({ index, machine, site: site.id, area: area.id, line: line.id, signals: own })
          for (const signal of own) signals.push(signal)
        }
      }
    }
  }

  const machinesByIndex = byIndex(machines)
  const signalsByIndex = byIndex(signals)
  const machinesById = new Map(machines.map(machine => [machine.machine.id, machine]))
  const signalsById = new Map(signals.map(signal => [signal.signal.id, signal]))
  const registry: Registry = {
    machines,
    signals,
    machineCapacity: machineIndexes.capacity,
    signalCapacity: signalIndexes.capacity,
    machineByIndex: index => machinesByIndex[index],
    signalByIndex: index => signalsByIndex[index],
    machineById: id => machinesById.get(id),
    signalById: id => signalsById.get(id),
  }
  return { registry, book: { machines: machineIndexes.book, signals: signalIndexes.book } }
}

class IndexGiver {
  readonly #indexes: Map<string, number>
  capacity: number

  constructor(book: Record<string, number>) {
    this.#indexes = new Map(Object.entries(book))
    this.capacity = 0
    for (const index of this.#indexes.values()) this.capacity = Math.max(this.capacity, index + 1)
  }

  of(id: string): number {
    let index = this.#indexes.get(id)
    if (index === undefined) {
      index = this.capacity++
      this.#indexes.set(id, index)
    }
    return index
  }

  get book(): Record<string, number> {
    return Object.fromEntries(this.#indexes)
  }
}

function byIndex<T extends { readonly index: number }>(items: readonly T[]): (T | undefined)[] {
  const table: (T | undefined)[] = []
  for (const item of items) table[item.index] = item
  return table
}
