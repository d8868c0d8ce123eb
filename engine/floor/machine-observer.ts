import {
  isMode,
  type PackmlState,
  type PlantMode,
  packmlStates,
  type SuspendReason,
  suspendReasons,
  type UnitMode,
} from '../../schema/packml.js'
import type { Signal, StateMap } from '../../schema/plant.js'
import { Quality } from '../../schema/quality.js'
import type { Reject } from '../../schema/records.js'
import { lookupState } from '../../schema/state-maps.js'

/** What a source's word says of a machine; undefined parts are not said. */
export interface Observation {
  readonly word: string
  readonly state: PackmlState | undefined
  readonly mode: UnitMode | PlantMode | undefined
  readonly reason: SuspendReason
  /** The state is that of the state machine within the one that says this. */
  readonly isInner: boolean
  /** The word is not in the map: taken as Undefined, and somebody should know. */
  readonly isUnknownWord: boolean
}

const nothingSaid = {
  state: undefined,
  mode: undefined,
  reason: 'none',
  isInner: false,
  isUnknownWord: false,
} as const

/** Reads the words of state and mode signals through the plant's state maps; each word is looked up once. */
export class MachineObserver {
  readonly #maps: Readonly<Record<string, StateMap>>
  readonly #text: (code: number) => string | undefined
  readonly #read = new Map<string, Map<number, Observation>>()

  constructor(maps: Readonly<Record<string, StateMap>>, text: (code: number) => string | undefined) {
    this.#maps = maps
    this.#text = text
  }

  /** `value`: the dictionary code of a text signal, the number of another. */
  observe(signal: Signal, value: number, quality: number): Observation {
    const mapName = signal.stateMap ?? ''
    const isBad = quality === Quality.bad
    const key = `${signal.quantity} ${signal.type} ${mapName} ${isBad}`
    let read = this.#read.get(key)
    if (read === undefined) {
      read = new Map()
      this.#read.set(key, read)
    }
    let observation = read.get(value)
    if (observation === undefined) {
      observation = this.#lookUp(signal, mapName, value)
      if (isBad) observation = unbelieved(observation)
      read.set(value, observation)
    }
    return observation
  }

  #lookUp(signal: Signal, mapName: string, value: number): Observation {
    const word = signal.type === 'text' ? this.#text(value) : Number.isNaN(value) ? undefined : String(value)
    const isState = signal.quantity === 'state'
    if (word === undefined) return { ...nothingSaid, word: '', state: isState ? 'Undefined' : undefined }
    const map = this.#maps[mapName]
    const said = map && lookupState(map, word)
    if (said === undefined) {
      return { ...nothingSaid, word, state: isState ? 'Undefined' : undefined, isUnknownWord: true }
    }
    if (said.isInner) return { ...nothingSaid, word, isInner: true }
    const state = packmlStates.find(name => name === said.state)
    return {
      word,
      state: isState ? (state ?? 'Undefined') : state,
      mode: isMode(said.mode) ? said.mode : undefined,
      reason: suspendReasons.find(name => name === said.reason) ?? 'none',
      isInner: false,
      isUnknownWord: false,
    }
  }
}

/**
 * A word of bad quality moves no machine: nobody knows its state, and its mode stays, unless the word itself says just
 * that (MTConnect's UNAVAILABLE).
 */
function unbelieved({ word, state, mode, isInner }: Observation): Observation {
  const saysState = isInner || (state !== undefined && state !== 'Undefined')
  return {
    ...nothingSaid,
    word: saysState ? `${word} (bad quality)` : word,
    state: saysState ? 'Undefined' : state,
    mode: mode === 'Invalid' ? mode : undefined,
  }
}

/** What is to be said of a word that the signal's state map does not know. */
export function unknownWord(source: string, signal: Signal, word: string, time: number): Reject {
  const outcome =
    signal.quantity === 'mode' ? 'the machine stays in the mode of before' : 'the machine counts as Undefined'
  return {
    source,
    time,
    rule: 'state.unknown-word',
    reason: `${signal.id} says "${word}", which state map "${signal.stateMap ?? ''}" does not know; ${outcome}. Add the word under stateMaps in the plant file.`,
    raw: word,
  }
}
