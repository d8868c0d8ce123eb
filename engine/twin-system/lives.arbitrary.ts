import fc from 'fast-check'
import { createActor } from 'xstate'
import { standardConfig } from '../../schema/machine-config.js'
import { arbitraryEvents, arbitrarySettings } from '../../twins/alarm/alarm.arbitrary.js'
import { arbitraryRun } from '../../twins/fault/fault.arbitrary.js'
import { faultMachine } from '../../twins/fault/fault.machine.js'
import { anyLine, anyEvents as anyLineEvents } from '../../twins/line/line.arbitrary.js'
import { anyEvents as anyMachineEvents, configs } from '../../twins/machine/machine.arbitrary.js'
import { compileLimits } from '../../twins/sensor/level.js'
import { anyLimits, anyEvents as anySensorEvents } from '../../twins/sensor/sensor.arbitrary.js'
import { anyEvents as anySourceEvents } from '../../twins/source/source.arbitrary.js'
import { alarmKind, faultKind, lineKind, machineKind, sensorKind, sourceKind } from '../floor/twin-kinds.js'
import type { TwinDefinition, TwinMessage } from './definition.js'

/** A twin of a kind that the floor has, and what is sent to it, in order: plain, so that a failure prints it. */
export interface Life {
  /** Begins with the id of its definition. */
  readonly address: string
  readonly input: unknown
  readonly messages: readonly TwinMessage[]
}

const kinds = { machine: machineKind, sensor: sensorKind, line: lineKind, source: sourceKind }
const onDemand = { fault: faultKind, alarm: alarmKind }
const idOf = (address: string): string => address.slice(0, address.indexOf(':'))

export const definitionOf = ({ address }: Life): TwinDefinition =>
  ({ ...kinds, ...onDemand })[idOf(address) as keyof typeof kinds] as unknown as TwinDefinition

/** Whether a floor makes such a twin only when there is first something to say of it. */
export const isMadeOnDemand = ({ address }: Life): boolean => idOf(address) in onDemand
export const madeOnDemand: readonly string[] = Object.keys(onDemand)

/** What hears nothing but what the machine of that address says. */
export const fedLine = 'line:fed'
export const feeder = 'machine:0'

const lifeOf = (address: string, input: unknown, messages: readonly object[]): Life => ({
  address,
  input,
  messages: messages as readonly TwinMessage[],
})

const anyMachine = (address: string): fc.Arbitrary<Life> =>
  fc
    .constantFrom(undefined, ...configs)
    .chain(config =>
      anyMachineEvents(config ?? standardConfig).map(events => lifeOf(address, config, events)),
    )
const anySensor = fc
  .tuple(anyLimits, anySensorEvents)
  .map(([limits, events]) => lifeOf('sensor:0', { limits: compileLimits(limits) }, events))
const anyAlarm = fc
  .tuple(arbitrarySettings, arbitraryEvents)
  .map(([settings, events]) => lifeOf('alarm:0', { alarm: '0', settings }, events))
const anyFault = (address: string): fc.Arbitrary<Life> =>
  arbitraryRun.map(({ input, steps }) => {
    const actor = createActor(faultMachine, { input }).start()
    let time = 0
    const events = steps.map(([after, step]) => {
      time += after
      const event = step(time, actor.getSnapshot().context)
      actor.send(event)
      return event
    })
    return lifeOf(address, input, events)
  })
const anyLineLife = fc
  .tuple(anyLine, anyLineEvents)
  .map(([machines, events]) => lifeOf('line:0', { machines }, events))
const anySource = anySourceEvents.map(events => lifeOf('source:0', undefined, events))
const fed = lifeOf(fedLine, { machines: [{ id: feeder, feeds: [], idealCycleTime: 60 }] }, [])

/** Twins of every kind, with what the properties of their charts send them. */
export const anyLives: fc.Arbitrary<Life[]> = fc.tuple(
  anyMachine(feeder),
  fc.constant(fed),
  anyMachine('machine:1'),
  anySensor,
  anyLineLife,
  anySource,
  anyAlarm,
  anyFault('fault:0'),
  anyFault('fault:1'),
)
