import type { Archetype, Machine, Quantity } from './plant.js'

/** The fault patterns that a machine may carry. The order is the catalogue's. */
export const faultPatternIds = [
  'bearing-failure',
  'motor-overheating',
  'hydraulic-leak',
  'tool-wear',
  'welding-quality',
  'pneumatic-failure',
  'coolant-failure',
  'robot-positioning',
  'electrical-fault',
  'sensor-drift',
] as const
export type FaultPatternId = (typeof faultPatternIds)[number]

/** Stages in which a fault grows, in this order. Before them it is dormant, after them the machine has failed. */
export const faultStages = ['incipient', 'developing', 'severe', 'failed'] as const
export type FaultStage = (typeof faultStages)[number]

export const repairKinds = ['perfect', 'imperfect', 'minimal'] as const
/** As good as new, better than before, or only running again (Barlow and Hunter 1960; Kijima 1989). */
export type RepairKind = (typeof repairKinds)[number]

export interface FaultPattern {
  readonly id: FaultPatternId
  readonly code: string
  readonly name: string
  readonly severityClass: 'minor' | 'major' | 'critical'
  /** Quantities that show it; `any` stands for the health of whichever sensor carries it. */
  readonly showsIn: readonly (Quantity | 'any')[]
  /** Least and greatest time from onset to failure, ms. */
  readonly takes: readonly [number, number]
  readonly detectability: 'high' | 'medium'
  /** Damage, 0 to 1, from which each stage is entered; at 1 the part has failed. */
  readonly stages: Readonly<Record<Exclude<FaultStage, 'failed'>, number>>
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** A fault that takes its time: the middle third of its way is where the warning limits are crossed. */
const gradual = { incipient: 0.05, developing: 0.4, severe: 0.8 } as const
/** A fault that is there at once: whatever damage there is shows. */
const sudden = { incipient: 0.01, developing: 0.25, severe: 0.6 } as const

export const faultCatalogue: readonly FaultPattern[] = [
  {
    id: 'bearing-failure',
    code: 'BEAR-001',
    name: 'Bearing failure',
    severityClass: 'critical',
    showsIn: ['vibration', 'temperature'],
    takes: [7 * day, 21 * day],
    detectability: 'high',
    // The last stage is short: 24 to 48 hours of one to three weeks.
    stages: { incipient: 0.05, developing: 0.4, severe: 0.9 },
  },
  {
    id: 'motor-overheating',
    code: 'THERM-001',
    name: 'Motor overheating',
    severityClass: 'major',
    showsIn: ['temperature', 'current'],
    takes: [30 * minute, 4 * hour],
    detectability: 'high',
    stages: gradual,
  },
  {
    id: 'hydraulic-leak',
    code: 'HYD-001',
    name: 'Hydraulic leak',
    severityClass: 'major',
    showsIn: ['pressure', 'flow'],
    takes: [5 * minute, 14 * day],
    detectability: 'high',
    stages: sudden,
  },
  {
    id: 'tool-wear',
    code: 'TOOL-001',
    name: 'Tool wear',
    severityClass: 'minor',
    showsIn: ['vibration', 'current'],
    takes: [4 * hour, 48 * hour],
    detectability: 'medium',
    // Flank wear runs in quickly, grows steadily, and accelerates from about 80 % of the tool's life (ISO 3685).
    stages: { incipient: 0.1, developing: 0.5, severe: 0.8 },
  },
  {
    id: 'welding-quality',
    code: 'WELD-001',
    name: 'Welding quality',
    severityClass: 'major',
    showsIn: ['current', 'voltage'],
    takes: [hour, 8 * hour],
    detectability: 'medium',
    stages: gradual,
  },
  {
    id: 'pneumatic-failure',
    code: 'PNEU-001',
    name: 'Pneumatic failure',
    severityClass: 'major',
    showsIn: ['pressure'],
    takes: [30 * minute, 24 * hour],
    detectability: 'high',
    stages: gradual,
  },
  {
    id: 'coolant-failure',
    code: 'COOL-001',
    name: 'Coolant failure',
    severityClass: 'major',
    showsIn: ['temperature', 'flow'],
    takes: [15 * minute, 4 * hour],
    detectability: 'high',
    stages: gradual,
  },
  {
    id: 'robot-positioning',
    code: 'ROBO-001',
    name: 'Robot positioning',
    severityClass: 'major',
    showsIn: ['displacement'],
    takes: [hour, 7 * day],
    detectability: 'medium',
    stages: gradual,
  },
  {
    id: 'electrical-fault',
    code: 'ELEC-001',
    name: 'Electrical fault',
    severityClass: 'critical',
    showsIn: ['voltage', 'current'],
    takes: [10, 10 * second],
    detectability: 'high',
    stages: sudden,
  },
  {
    id: 'sensor-drift',
    code: 'SENS-001',
    name: 'Sensor drift',
    severityClass: 'minor',
    showsIn: ['any'],
    takes: [3 * day, 28 * day],
    detectability: 'medium',
    stages: gradual,
  },
]

const machining = ['bearing-failure', 'tool-wear', 'coolant-failure', 'electrical-fault'] as const
const hydraulic = ['hydraulic-leak', 'electrical-fault'] as const
const pneumatic = ['pneumatic-failure', 'electrical-fault'] as const

/** The faults that each shipped machine type can have; sensor drift goes for all of them. */
const faultsByMachineType: Readonly<Record<string, readonly FaultPatternId[]>> = {
  'cnc-mill': machining,
  'cnc-lathe': machining,
  'grinding-machine': ['bearing-failure', 'coolant-failure', 'electrical-fault'],
  'robot-arm': ['robot-positioning', 'electrical-fault'],
  welder: ['welding-quality', 'robot-positioning', 'electrical-fault'],
  press: hydraulic,
  forming: hydraulic,
  conveyor: ['motor-overheating', 'electrical-fault'],
  'pick-and-place': ['pneumatic-failure', 'robot-positioning', 'electrical-fault'],
  'assembly-station': pneumatic,
  tester: pneumatic,
  'paint-booth': pneumatic,
}

const patternById = new Map<string, FaultPattern>(faultCatalogue.map(pattern => [pattern.id, pattern]))

export function faultPattern(id: FaultPatternId): FaultPattern {
  const pattern = patternById.get(id)
  if (pattern === undefined) throw new RangeError(`There is no fault pattern "${id}".`)
  return pattern
}

/** The faults that a machine of this body can have, where its type does not say. */
const faultsByArchetype: Readonly<Record<Archetype, readonly FaultPatternId[]>> = {
  machining,
  robot: ['robot-positioning', 'electrical-fault'],
  press: hydraulic,
  welder: ['welding-quality', 'robot-positioning', 'electrical-fault'],
  conveyor: ['motor-overheating', 'electrical-fault'],
  station: pneumatic,
  booth: pneumatic,
  tester: pneumatic,
}

/** Every machine has a sensor that may drift. */
const withDrift = (faults: readonly FaultPatternId[]): readonly FaultPatternId[] => [
  ...faults.filter(fault => fault !== 'sensor-drift'),
  'sensor-drift',
]

/** The faults a machine can have: those its plant file says, else those of its shipped type. */
export function faultsOf({ type, faults }: Pick<Machine, 'type' | 'faults'>): readonly FaultPatternId[] {
  return withDrift(faults ?? faultsByMachineType[type] ?? [])
}

/** The faults of a shipped machine type; undefined where it is not one. */
export function faultsOfShipped(type: string): readonly FaultPatternId[] | undefined {
  return faultsByMachineType[type]
}

/** What machines of a type of the plant's own can have, by its body and what is measured on it. */
export function usualFaults(
  archetype: Archetype,
  measured: ReadonlySet<Quantity>,
): readonly FaultPatternId[] {
  const shows = (quantity: Quantity | 'any') => quantity === 'any' || measured.has(quantity)
  return faultsByArchetype[archetype].filter(fault => faultPattern(fault).showsIn.some(shows))
}

/** Machine types that the map names; the test holds them against the shipped types. */
export const mappedMachineTypes: readonly string[] = Object.keys(faultsByMachineType)
