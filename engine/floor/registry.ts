import type { Plant, Signal } from '../../schema/plant.js'
import type { RegisteredMachine, RegisteredSignal, Registry } from './floor.js'

/** Which id has which index; grows, never forgets. Kept in the data directory. */
export interface IndexBook {
  readonly machines: Record<string, number>
  /** The index that a signal has, or had last. */
  readonly signals: Record<string, number>
  /** All that a signal ever meant; missing of those that no start has had since this is kept. */
  readonly meanings?: Record<string, readonly Meaning[]>
}

/** What the numbers under an index are: one of another quantity or unit has an index of its own. */
export interface Meaning extends Pick<Signal, 'type' | 'quantity' | 'unit'> {
  readonly index: number
}

/** Texts are texts, whatever is said with them. */
const isSame = (a: Pick<Signal, 'type' | 'quantity' | 'unit'>, b: typeof a): boolean =>
  a.type === b.type && (a.type === 'text' || (a.quantity === b.quantity && a.unit === b.unit))

export const emptyIndexBook: IndexBook = { machines: {}, signals: {} }

/** Gives every machine and signal of the plant its index: the one it had, or the next free one. */
export function makeRegistry(plant: Plant, book: IndexBook): { registry: Registry; book: IndexBook } {
  const machineIndexes = new IndexGiver(book.machines)
  const signalIndexes = new SignalIndexGiver(book)
  const machines: RegisteredMachine[] = []
  const signals: RegisteredSignal[] = []

  for (const site of plant.sites) {
    for (const area of site.areas) {
      for (const line of area.lines) {
        for (const machine of line.machines) {
          const index = machineIndexes.of(machine.id)
          const own = machine.signals.map(
            (signal): RegisteredSignal => ({ index: signalIndexes.of(signal), signal, machine: index }),
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
  return { registry, book: { machines: machineIndexes.book, ...signalIndexes.book } }
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

class SignalIndexGiver {
  readonly #indexes: Map<string, number>
  readonly #meanings: Map<string, readonly Meaning[]>
  capacity: number

  constructor({ signals, meanings = {} }: IndexBook) {
    this.#indexes = new Map(Object.entries(signals))
    this.#meanings = new Map(Object.entries(meanings))
    this.capacity = 0
    const note = (index: number): void => {
      this.capacity = Math.max(this.capacity, index + 1)
    }
    for (const index of this.#indexes.values()) note(index)
    for (const known of this.#meanings.values()) for (const { index } of known) note(index)
  }

  of(signal: Signal): number {
    const { id, type, quantity, unit } = signal
    const known = this.#meanings.get(id) ?? []
    let index = known.find(meaning => isSame(meaning, signal))?.index
    if (index === undefined) {
      index = (known.length === 0 ? this.#indexes.get(id) : undefined) ?? this.capacity++
      this.#meanings.set(id, [...known, { type, quantity, unit, index }])
    }
    this.#indexes.set(id, index)
    return index
  }

  get book(): Required<Omit<IndexBook, 'machines'>> {
    return { signals: Object.fromEntries(this.#indexes), meanings: Object.fromEntries(this.#meanings) }
  }
}

function byIndex<T extends { readonly index: number }>(items: readonly T[]): (T | undefined)[] {
  const table: (T | undefined)[] = []
  for (const item of items) table[item.index] = item
  return table
}
