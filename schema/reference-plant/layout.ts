/** What a production line of the reference plant does, and the machines in the order of its flow. */
export interface LineKind {
  readonly kind: string
  readonly name: string
  /** Types of its eight stations; more machines double stations of the same types. */
  readonly flow: readonly string[]
}

const kinds = {
  mach: {
    kind: 'machining',
    name: 'Machining',
    flow: [
      'conveyor',
      'cnc-lathe',
      'robot-arm',
      'cnc-mill',
      'cnc-mill',
      'grinding-machine',
      'conveyor',
      'tester',
    ],
  },
  press: {
    kind: 'forming',
    name: 'Press line',
    flow: ['conveyor', 'press', 'robot-arm', 'press', 'forming', 'robot-arm', 'forming', 'conveyor'],
  },
  weld: {
    kind: 'welding',
    name: 'Body welding',
    flow: ['conveyor', 'robot-arm', 'welder', 'welder', 'robot-arm', 'welder', 'tester', 'conveyor'],
  },
  paint: {
    kind: 'painting',
    name: 'Paint line',
    flow: [
      'conveyor',
      'robot-arm',
      'paint-booth',
      'conveyor',
      'paint-booth',
      'conveyor',
      'tester',
      'conveyor',
    ],
  },
  asm: {
    kind: 'assembly',
    name: 'Assembly',
    flow: [
      'conveyor',
      'pick-and-place',
      'assembly-station',
      'robot-arm',
      'assembly-station',
      'pick-and-place',
      'tester',
      'conveyor',
    ],
  },
  test: {
    kind: 'testing',
    name: 'Final test',
    flow: [
      'conveyor',
      'pick-and-place',
      'tester',
      'tester',
      'pick-and-place',
      'tester',
      'robot-arm',
      'conveyor',
    ],
  },
} as const satisfies Record<string, LineKind>

export type LineKindId = keyof typeof kinds
export const lineKinds: Readonly<Record<LineKindId, LineKind>> = kinds

export interface SiteLayout {
  /** Beginning of every id in the site. */
  readonly id: string
  readonly name: string
  readonly timeZone: string
  readonly areas: readonly {
    readonly id: string
    readonly name: string
    readonly lines: readonly LineKindId[]
  }[]
}

/** The four sites with their areas and twenty lines. */
export const siteLayouts: readonly SiteLayout[] = [
  {
    id: 'yok',
    name: 'Yokohama',
    timeZone: 'Asia/Tokyo',
    areas: [
      { id: 'machining', name: 'Machining hall', lines: ['mach', 'mach'] },
      { id: 'assembly', name: 'Assembly hall', lines: ['asm', 'asm'] },
      { id: 'test', name: 'Test field', lines: ['test'] },
    ],
  },
  {
    id: 'det',
    name: 'Detroit',
    timeZone: 'America/Detroit',
    areas: [
      { id: 'stamping', name: 'Stamping shop', lines: ['press'] },
      { id: 'body', name: 'Body shop', lines: ['weld', 'weld'] },
      { id: 'paint', name: 'Paint shop', lines: ['paint'] },
      { id: 'assembly', name: 'Assembly hall', lines: ['asm', 'asm'] },
    ],
  },
  {
    id: 'stu',
    name: 'Stuttgart',
    timeZone: 'Europe/Berlin',
    areas: [
      { id: 'machining', name: 'Machining hall', lines: ['mach', 'mach', 'mach'] },
      { id: 'assembly', name: 'Assembly hall', lines: ['asm'] },
      { id: 'test', name: 'Test field', lines: ['test'] },
    ],
  },
  {
    id: 'che',
    name: 'Chennai',
    timeZone: 'Asia/Kolkata',
    areas: [
      { id: 'body', name: 'Press and body shop', lines: ['press', 'weld'] },
      { id: 'final', name: 'Paint and assembly hall', lines: ['paint', 'asm'] },
    ],
  },
]

/**
 * Sensors that every machine of a type has: those in which its faults show (bearing, tool wear, coolant, hydraulic,
 * pneumatic, welding, positioning, motor, electrical). The rest of its 5–10 is drawn from the type's candidates.
 */
export const standardSensors: Readonly<Record<string, readonly string[]>> = {
  'cnc-mill': [
    'vibration',
    'spindle-temperature',
    'current',
    'voltage',
    'coolant-temperature',
    'coolant-flow',
  ],
  'cnc-lathe': [
    'vibration',
    'spindle-temperature',
    'current',
    'voltage',
    'coolant-temperature',
    'coolant-flow',
  ],
  'grinding-machine': [
    'vibration',
    'spindle-temperature',
    'coolant-temperature',
    'coolant-flow',
    'current',
    'voltage',
  ],
  'robot-arm': ['position-error', 'motor-temperature', 'current', 'voltage', 'vibration'],
  welder: ['weld-current', 'weld-voltage', 'electrode-force', 'position-error', 'voltage'],
  press: ['hydraulic-pressure', 'oil-flow', 'oil-temperature', 'current', 'voltage'],
  forming: ['hydraulic-pressure', 'oil-flow', 'oil-temperature', 'current', 'voltage'],
  conveyor: ['motor-temperature', 'current', 'voltage', 'belt-speed', 'vibration'],
  'pick-and-place': ['air-pressure', 'position-error', 'current', 'voltage', 'motor-temperature'],
  'assembly-station': ['air-pressure', 'torque', 'press-force', 'current', 'voltage'],
  tester: ['air-pressure', 'leak-flow', 'current', 'voltage', 'temperature'],
  'paint-booth': ['air-pressure', 'booth-temperature', 'supply-air-flow', 'current', 'voltage'],
}
