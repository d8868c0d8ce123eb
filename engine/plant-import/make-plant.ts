import type { ImportedMachine, ImportedSignal } from '../../adapters/imported-machine.js'
import { shippedMachineTypes } from '../../schema/machine-types/shipped-machine-types.js'
import type { Line, Machine, MachineType, Plant, Quantity, Signal, SourceSpec } from '../../schema/plant.js'
import { isOuter, shippedStateMaps } from '../../schema/state-maps.js'
import { isTextQuantity } from '../../schema/units.js'
import { type Guess, guess, guessNumber, stateOf } from './guess.js'
import { StateWords } from './state-words.js'

/** What no source tells, and a person has to put right. */
export const assumed = { ratedPower: 10, idealCycleTime: 60, archetype: 'station' } as const
/** What a number can show of which nobody says: as wide as Float goes, so that nothing real is called bad. */
const anyNumber: readonly [number, number] = [-1e38, 1e38]
/** What a 32-bit counter can show (UDINT, IEC 61131-3), and one of 64 bits that a double can count. */
const counterRange: readonly [number, number] = [0, 2 ** 32 - 1]
const longCounterRange: readonly [number, number] = [0, Number.MAX_SAFE_INTEGER]

export interface PlantOptions {
  readonly name: string
  readonly source: SourceSpec
}

/**
 * A plant of machines that a source has described, to be read over by a person: machines that have the same signals
 * are of one type, machines that stand together are a line.
 */
export function makePlant(imported: readonly ImportedMachine[], { name, source }: PlantOptions): Plant {
  const ids = new Ids()
  const lineIds = new Ids()
  const lines = new Map<string, { readonly id: string; readonly machines: Machine[] }>()
  const types = new TypeBook()
  const states = new StateWords(imported)
  for (const machine of imported) {
    const line = lines.get(machine.group) ?? { id: lineIds.of(machine.group || 'line-1'), machines: [] }
    lines.set(machine.group, line)
    const id = ids.of(machine.name)
    const signals = signalsOf(machine, id, source.id, states)
    line.machines.push({
      id,
      name: machine.name,
      type: types.typeOf(id, signals),
      source: source.id,
      feeds: [],
      idealCycleTime: assumed.idealCycleTime,
      signals,
    })
  }
  const made = [...lines.values()].flatMap(({ machines }) => machines)
  const used = new Set(made.flatMap(({ signals }) => signals.map(({ stateMap }) => stateMap)))
  return {
    name,
    enterprise: name,
    sites: [
      {
        id: 'site-1',
        name: 'site-1',
        timeZone: 'UTC',
        areas: [{ id: 'area-1', name: 'area-1', lines: [...lines].map(makeLine) }],
      },
    ],
    sources: [source],
    machineTypes: types.list,
    shifts: [],
    products: [],
    customers: [],
    crews: [],
    stateMaps: Object.fromEntries(
      Object.entries({ ...states.toFillIn, ...shippedStateMaps }).filter(([map]) => used.has(map)),
    ),
  }
}

function makeLine([group, { id, machines }]: [string, { id: string; machines: Machine[] }]): Line {
  // In the order in which the source has them, each feeds the next.
  const chained = machines.map((machine, i) => ({
    ...machine,
    feeds: machines.slice(i + 1, i + 2).map(next => next.id),
  }))
  return { id, name: group || id, kind: 'production', machines: chained }
}

/** Numbers that a machine says of itself. */
const isStatus: ReadonlySet<Quantity> = new Set(['counter', 'blocked', 'starved'])

/** Sensors first, then what the machine says of itself; one mode, and one state or several within one another. */
function signalsOf(machine: ImportedMachine, id: string, source: string, states: StateWords): Signal[] {
  const ids = new Ids()
  const told = new Set<string>()
  // Where the source itself says what its state is, nothing is guessed to be one.
  const isSaid = machine.signals.some(signal => signal.quantity === 'state')
  const guessedState = isSaid ? undefined : stateOf(machine.signals)
  const signals = machine.signals.map((imported): Signal => {
    const guessed = guess(imported, states)
    const { quantity: kind } = guessed
    const isAnother = kind === 'state' && imported.quantity !== 'state' && imported !== guessedState
    const isTold = told.has(kind) || isAnother
    const isLeftToInner = isOuter(shippedStateMaps[guessed.stateMap ?? ''] ?? { words: {} })
    if (!isTold && !isLeftToInner && (kind === 'state' || kind === 'mode')) told.add(kind)
    const { quantity, unit, stateMap } = isTold ? another(imported) : guessed
    const type = isTextQuantity(quantity) ? 'text' : imported.type
    const isSensor = type === 'number' && !isStatus.has(quantity)
    const counted = imported.isWhole === true ? longCounterRange : counterRange
    const usual = quantity === 'counter' ? counted : anyNumber
    const name = ids.of(imported.name)
    return {
      id: `${id}.${name}`,
      name,
      role: isSensor ? 'sensor' : 'status',
      quantity,
      unit,
      type,
      period: 0,
      range: type === 'text' ? [0, 0] : (imported.range ?? usual),
      resolution: 0,
      limits: {},
      source,
      tag: imported.tag,
      ...(stateMap !== undefined && { stateMap }),
    }
  })
  return [
    ...signals.filter(({ role }) => role === 'sensor'),
    ...signals.filter(({ role }) => role === 'status'),
  ]
}

/** What a further state or mode of a machine is. */
function another(imported: ImportedSignal): Guess {
  return imported.type === 'number' ? guessNumber(imported) : { quantity: 'text', unit: '' }
}

/** The types that machines turn out to be of. */
class TypeBook {
  readonly #ids = new Ids(shippedMachineTypes.map(({ id }) => id))
  readonly #bySignals = new Map<string, MachineType>()

  typeOf(machine: string, signals: readonly Signal[]): string {
    const key = JSON.stringify(
      signals.map(({ name, quantity, unit, type, range, stateMap }) => [
        name,
        quantity,
        unit,
        type,
        range,
        stateMap,
      ]),
    )
    const known = this.#bySignals.get(key)
    if (known !== undefined) return known.id
    // press-01 is a press; a machine without a number in its name is of a type of its own.
    const stem = machine.replace(/[-_]?\d+$/, '')
    const id = this.#ids.of(stem === machine || stem === '' ? `${machine}-type` : stem)
    const { archetype, ratedPower } = assumed
    this.#bySignals.set(key, { id, name: id, archetype, ratedPower })
    return id
  }

  get list(): MachineType[] {
    return [...this.#bySignals.values()]
  }
}

/** Ids as a plant file takes them, each once. */
class Ids {
  readonly #taken: Set<string>

  constructor(taken: readonly string[] = []) {
    this.#taken = new Set(taken)
  }

  of(name: string): string {
    const plain = name
      .normalize('NFD')
      .replaceAll(/\p{Mark}/gu, '')
      .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
      .replaceAll(/^[-_]+|[-_]+$/g, '')
      .slice(0, 56)
    const stem = plain === '' ? 'x' : plain
    let id = stem
    for (let number = 2; this.#taken.has(id); number++) id = `${stem}-${number}`
    this.#taken.add(id)
    return id
  }
}
