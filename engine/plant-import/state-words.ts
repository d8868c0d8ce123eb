import type { ImportedMachine, ImportedSignal } from '../../adapters/imported-machine.js'
import type { StateMap } from '../../schema/plant.js'
import { isOuter, lookupState, shippedStateMaps } from '../../schema/state-maps.js'
import { namesState, numbersState } from './guess.js'

/** Where nobody says a word, or several maps know all of them. */
const usualMap = 'running-idle-fault'

/** Shipped maps that tell states in words, the usual one first. */
const candidates = Object.entries(shippedStateMaps)
  .filter(([, map]) => !isOuter(map) && Object.values(map.words).some(({ state }) => state !== undefined))
  .map(([name]) => name)
  .sort((a, b) => Number(b === usualMap) - Number(a === usualMap))

/**
 * The words that texts say whose name calls them a state, and the maps that know them: machines that call it alike most
 * probably say it alike, so that each helps to understand the others.
 */
export class StateWords {
  readonly #byName = new Map<string, Set<string>>()
  /** Texts that say what the map chosen for them does not know. */
  readonly #unknown = new Map<string, Set<string>>()
  /** Numbers that states show, by the map that is to say what they mean. */
  readonly #numbers = new Map<string, Set<string>>()

  constructor(machines: readonly ImportedMachine[]) {
    const states = machines.flatMap(({ signals }) => signals.filter(namesState))
    for (const { name, word = '' } of states) {
      if (word === '') continue
      const words = this.#byName.get(name) ?? new Set()
      this.#byName.set(name, words.add(word))
    }
    for (const signal of machines.flatMap(({ signals }) => signals.filter(numbersState))) {
      const { word = '' } = signal
      const map = this.numbersOf(signal)
      const numbers = this.#numbers.get(map) ?? new Set()
      this.#numbers.set(map, word === '' ? numbers : numbers.add(word))
    }
    for (const signal of states) {
      const { name, word = '' } = signal
      if (word === '' || knows(this.mapOf(signal), word)) continue
      const words = this.#unknown.get(name) ?? new Set()
      this.#unknown.set(name, words.add(word))
    }
  }

  /** Of a number: the map that somebody has to fill in. */
  numbersOf({ name }: ImportedSignal): string {
    const plain = name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
    return `${plain.slice(-40).replace(/^-/, '') || 'state'}-numbers`
  }

  /** Maps of the numbers that were seen, or of one in their place; what they mean only the source knows. */
  get toFillIn(): Readonly<Record<string, StateMap>> {
    const wordsOf = (numbers: ReadonlySet<string>): StateMap['words'] =>
      Object.fromEntries(
        (numbers.size === 0 ? ['0'] : [...numbers])
          .sort((a, b) => Number(a) - Number(b))
          .map(number => [number, { state: 'Undefined' }]),
      )
    return Object.fromEntries([...this.#numbers].map(([map, numbers]) => [map, { words: wordsOf(numbers) }]))
  }

  /** The map that knows what this text says and most of what its like say. */
  mapOf({ name, word = '' }: ImportedSignal): string {
    const words = [...(this.#byName.get(name) ?? [])]
    const score = (map: string): number =>
      words.filter(each => knows(map, each)).length + (word !== '' && knows(map, word) ? words.length : 0)
    return candidates.reduce((best, map) => (score(map) > score(best) ? map : best))
  }

  /** What no map knows, by the name of the text that says it. */
  get unknown(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#unknown
  }
}

function knows(map: string, word: string): boolean {
  return lookupState(shippedStateMaps[map]!, word)?.state !== undefined
}
