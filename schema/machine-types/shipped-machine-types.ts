import { assemblyStation } from './assembly-station.js'
import { cncLathe } from './cnc-lathe.js'
import { cncMill } from './cnc-mill.js'
import { partCounter } from './common-status.js'
import { conveyor } from './conveyor.js'
import { forming } from './forming.js'
import { grindingMachine } from './grinding-machine.js'
import type { MachineTypeTemplate, SignalTemplate } from './machine-type-template.js'
import { paintBooth } from './paint-booth.js'
import { pickAndPlace } from './pick-and-place.js'
import { press } from './press.js'
import { robotArm } from './robot-arm.js'
import { tester } from './tester.js'
import { welder } from './welder.js'

/** What every shipped type says of itself: its PackML state and its part counters, each reported on change. */
const packmlStatus: Readonly<Record<string, SignalTemplate>> = {
  state: {
    quantity: 'state',
    unit: '',
    type: 'text',
    period: 0,
    range: [0, 0],
    resolution: 0,
    limits: {},
    stateMap: 'packml',
  },
  produced: partCounter,
  rejected: partCounter,
}

/** The machine types that a plant file may use without writing them down. */
export const shippedMachineTypes: readonly MachineTypeTemplate[] = [
  cncMill,
  cncLathe,
  grindingMachine,
  robotArm,
  welder,
  press,
  forming,
  conveyor,
  pickAndPlace,
  assemblyStation,
  tester,
  paintBooth,
].map(type => ({
  ...type,
  signals: Object.fromEntries(
    Object.entries(type.signals).map(([name, sensor]) => [name, { ...sensor, type: 'number', period: 1000 }]),
  ),
  status: packmlStatus,
}))
