import type { ImportedMachine, ImportedSignal } from '../imported-machine.js'
import type { BrowsedNode } from './browse.js'

/** What the properties of an AnalogItem say (OPC 10000-8, 5.3.2.3), by the NodeId of the variable. */
export interface AnalogProperties {
  readonly unit: string
  readonly range: readonly [number, number] | undefined
}

export interface ImportTreeOptions {
  /** At which level below the start machines stand; found out where it is not given. */
  readonly machinesAt?: number
  readonly analog: ReadonlyMap<string, AnalogProperties>
}

/** What every number of a type can be, by the names of the built-in types. */
const integerRanges: Readonly<Record<string, readonly [number, number]>> = {
  Boolean: [0, 1],
  SByte: [-128, 127],
  Byte: [0, 255],
  Int16: [-32_768, 32_767],
  UInt16: [0, 65_535],
  Int32: [-(2 ** 31), 2 ** 31 - 1],
  UInt32: [0, 2 ** 32 - 1],
}
const numbers = new Set([
  ...Object.keys(integerRanges),
  ...['Int64', 'UInt64', 'Float', 'Double', 'Number', 'Integer', 'UInteger', 'Duration'],
])

const wholeTypes = new Set(
  [...Object.keys(integerRanges), 'Int64', 'UInt64', 'Integer', 'UInteger'].filter(
    type => type !== 'Boolean',
  ),
)

/**
 * The machines of a server's tree. A machine is the uppermost object with variables of its own, or with parts that a
 * machine has (PackML's Status and Admin, OPC 30050; Machinery's Identification, OPC 40001-1); below the folder
 * Machines of Machinery, every object. What a gateway keeps of itself (`_System`, `_Statistics`) is left out. A machine may
 * have no signals, only what no signal can be of (`leftOut`).
 */
export function machinesOfTree(nodes: readonly BrowsedNode[], options: ImportTreeOptions): ImportedMachine[] {
  const machines: ImportedMachine[] = []
  const visit = (node: BrowsedNode, above: readonly string[], level: number): void => {
    if (node.kind !== 'object' || node.name.startsWith('_')) return
    const { machinesAt } = options
    const isMachine = machinesAt === undefined ? looksLikeMachine(node, above) : level === machinesAt
    if (!isMachine) {
      for (const child of node.children) visit(child, [...above, node.name], level + 1)
      return
    }
    const leftOut: string[] = []
    const place = [...above, node.name].join('.')
    const isLeftOut = (name: string): number => leftOut.push(`${place}.${name}`)
    const signals = nestedStates([...signalsOf(node, [], options.analog, isLeftOut)])
    if (signals.length === 0 && leftOut.length === 0) return
    const group = above.at(-1) ?? ''
    machines.push({ name: node.name, group, signals, ...(leftOut.length > 0 && { leftOut }) })
  }
  for (const node of nodes) visit(node, [], 1)
  return machines
}

/**
 * State machines within one another (PackML's are three, OPC 30050): the innermost tells the states of a machine that
 * runs, those around it the others. The chain that goes deepest counts, outermost first; other states stay texts.
 */
function nestedStates(signals: readonly ImportedSignal[]): ImportedSignal[] {
  const machineOf = ({ name }: ImportedSignal): string => name.slice(0, name.lastIndexOf('.') + 1)
  const depth = (signal: ImportedSignal): number => machineOf(signal).split('.').length
  const states = signals.filter(({ quantity }) => quantity === 'state')
  const deepest = Math.max(...states.map(depth))
  const innermost = states.find(signal => depth(signal) === deepest)
  const isAround = (signal: ImportedSignal): boolean =>
    innermost !== undefined && depth(signal) < deepest && machineOf(innermost).startsWith(machineOf(signal))
  const around = states
    .filter(isAround)
    .sort((a, b) => depth(a) - depth(b))
    .map(signal => ({ ...signal, stateMap: 'packml-outer' }))
  return signals
    .filter(signal => !states.includes(signal) || !isAround(signal))
    .flatMap(signal => (signal === innermost ? [...around, signal] : [asText(signal)]))
}

function asText(signal: ImportedSignal): ImportedSignal {
  if (signal.quantity !== 'state') return signal
  const { quantity, stateMap, ...plain } = signal
  return plain
}

/** What a text means by the object that it is told in: the states and modes of companion specifications. */
const statesOf: Readonly<Record<string, Pick<ImportedSignal, 'quantity' | 'stateMap'>>> = {
  MachineryItemState: { quantity: 'state', stateMap: 'machinery-item-state' },
  MachineryOperationMode: { quantity: 'mode', stateMap: 'machinery-operation-mode' },
}

/** PackTags of the Status object that tell why a machine waits (OPC 30050). */
const interlocks: Readonly<Record<string, 'blocked' | 'starved'>> = {
  EquipmentBlocked: 'blocked',
  EquipmentStarved: 'starved',
}

const machineParts: ReadonlySet<string> = new Set([
  'Status',
  'Admin',
  'Identification',
  'MachineryBuildingBlocks',
])

function looksLikeMachine(node: BrowsedNode, above: readonly string[]): boolean {
  if (above.at(-1) === 'Machines') return true
  return node.children.some(
    child => child.kind === 'variable' || (child.kind === 'object' && machineParts.has(child.name)),
  )
}

function* signalsOf(
  node: BrowsedNode,
  above: readonly string[],
  analog: ReadonlyMap<string, AnalogProperties>,
  leaveOut: (name: string) => void,
): Generator<ImportedSignal> {
  for (const child of node.children) {
    if (child.kind === 'property' || child.name.startsWith('_')) continue
    const path = [...above, child.name]
    if (child.kind === 'variable') {
      const signal = signalOf(child, path, analog.get(child.nodeId))
      if (signal !== undefined) yield signal
      // The model of a state machine (OPC 10000-16, AvailableStates) is no value of the machine.
      else if (child.dataType !== 'NodeId[]')
        leaveOut(`${path.join('.')} (${child.dataType || 'type unknown'})`)
    }
    // What hangs below a variable is a part of it, and rarely a signal of its own.
    if (child.kind === 'object') yield* signalsOf(child, path, analog, leaveOut)
  }
}

function signalOf(
  { nodeId, dataType = '', value }: BrowsedNode,
  path: readonly string[],
  analog: AnalogProperties | undefined,
): ImportedSignal | undefined {
  // An array or a structure is several signals; which of its elements matter only a person knows.
  if (dataType === '' || dataType.endsWith('[]') || dataType === 'Structure' || value?.isStructure)
    return undefined
  const isNumber = numbers.has(dataType)
  const name = path.join('.')
  const last = path.at(-1)!
  const base = { name, tag: nodeId, unit: analog?.unit ?? '' }
  const word = value?.status === 'Good' ? value.text : ''
  if (!isNumber) {
    // A finite state machine tells its state by name (OPC 10000-16, CurrentState).
    const isState = last === 'CurrentState' || last === 'StateCurrent'
    if (last === 'UnitModeCurrent')
      return { ...base, type: 'text', quantity: 'mode', stateMap: 'packml-mode' }
    if (!isState) return { ...base, type: 'text', ...(word !== '' && { word }) }
    const said = statesOf[path.at(-2) ?? ''] ?? { quantity: 'state', stateMap: 'packml' }
    return { ...base, type: 'text', ...said }
  }
  const interlock = dataType === 'Boolean' ? interlocks[last] : undefined
  const range = analog?.range ?? integerRanges[dataType]
  if (interlock !== undefined) return { ...base, type: 'number', range: [0, 1], quantity: interlock }
  return {
    ...base,
    type: 'number',
    ...(range && { range }),
    ...(wholeTypes.has(dataType) && { isWhole: true, ...(word !== '' && { word }) }),
  }
}
