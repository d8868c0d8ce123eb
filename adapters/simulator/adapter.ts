import type { DamageReport } from '../../schema/damage-report.js'
import type { LineRun } from '../../schema/line-run.js'
import type { Plant } from '../../schema/plant.js'
import { furthestAheadMs } from '../../schema/quality-rules.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import type { SimulationCommand } from '../../schema/simulation-command.js'
import {
  Behaviour,
  type BehaviourOptions,
  behaviourMachines,
  type Emit,
} from '../../twins/behaviour/behaviour.js'
import type { AdapterContext, AdapterDefinition } from '../contract.js'
import { type SimulatorOptions, simulatorOptions } from './config.js'
import { type Deliver, Link } from './link.js'
import { obey } from './obey.js'
import { type DueSamples, paced } from './paced.js'

/** The simulator: the plant's own behaviour, reported the way a PLC reports a machine. */
export const simulator: AdapterDefinition<SimulatorOptions> = {
  kind: 'simulator',
  isSimulation: true,
  summary:
    'A simulated plant: machines that work, wear, fail and wait for each other, and sensors that show it.',
  options: simulatorOptions,
  examples: [
    { title: 'In real time', options: { seed: 1 } },
    {
      title: 'A morning in ten minutes, the same each time',
      options: { seed: 7, speed: 24, start: '2026-01-05T06:00:00Z' },
    },
    { title: 'Nothing breaks by itself', options: { randomFaults: 0 } },
    { title: 'Every sensor ten times a second', options: { overridePeriodMs: 100 } },
  ],
  probe: options => options,
  create: (options, context) => paced(context, () => simulate(options, context)),
}

/** What the simulation of a source needs to know. */
type Surroundings = Pick<AdapterContext, 'source' | 'clock' | 'wall' | 'plant' | 'signals' | 'intern'>

/** The machines of a source, simulated on demand. */
export function simulate(options: SimulatorOptions, context: Surroundings): DueSamples {
  const start = startTime(options, context)
  const indexes = new Map(context.signals.map(({ index, signal }) => [signal.id, index]))
  let reports: DamageReport[] = []
  let runs: LineRun[] = []
  const behaviour = new Behaviour(
    behaviourMachines(context.plant, signal => indexes.has(signal.id)),
    {
      ...behaviourOptions(options, context.plant, start),
      onDamage: report => reports.push(report),
      onRun: run => runs.push(run),
    },
  )
  const index = Uint32Array.from(behaviour.signals, signal => indexes.get(signal.id) ?? 0)
  const isText = Uint8Array.from(behaviour.signals, signal => (signal.type === 'text' ? 1 : 0))
  const codes: number[] = []
  const codeOf = (word: number): number => {
    codes[word] ??= context.intern(behaviour.words[word]!)
    return codes[word]
  }
  const builder = new SampleBatchBuilder(1024)
  let receiveTime = 0
  const deliver: Deliver = (signal, time, value, quality) => {
    builder.push(index[signal]!, time, receiveTime, isText[signal] === 1 ? codeOf(value) : value, quality)
  }
  const link = new Link({ source: context.source, seed: options.seed, signals: behaviour.signals })
  const push: Emit = (signal, time, value) => link.pass(signal, time, value, deliver)
  let taken = 0
  let asked = 0
  return {
    isOver: false,
    get hasMore() {
      return taken >= asked
    },
    get isMute() {
      return link.isDown
    },
    take(elapsed, limit) {
      receiveTime = context.clock.now()
      const now = start + elapsed * options.speed
      // Before the samples, so that none of them lies on both sides of a change.
      link.advance(behaviour.time, deliver)
      taken = behaviour.advance(now, push, limit)
      asked = limit
      return builder.take()
    },
    obey(command) {
      const own = inTimeOf(behaviour.time, context.clock.now(), command)
      if (own.kind === 'disturb' || own.kind === 'restore') link.obey(own)
      else obey(behaviour, own)
    },
    takeEvents() {
      const events = [...link.takeEvents()]
      if (reports.length > 0) events.push({ kind: 'damage', reports })
      reports = []
      if (runs.length > 0) events.push({ kind: 'runs', runs })
      runs = []
      return events
    },
  }
}

/**
 * A command in the time of the machines, Unix ms: what is for now begins at once. They have another time than the floor
 * where a link fault has moved its clock or holds back all that would, and where they live faster than a floor that goes
 * by the wall's.
 */
function inTimeOf(machines: number, floor: number, command: SimulationCommand): SimulationCommand {
  const lead = floor - machines
  const own = (start: number, isNow = false): number => {
    if (isNow) return machines
    return Math.abs(lead) <= furthestAheadMs ? start : start - lead
  }
  if (command.kind === 'inject') return { ...command, start: own(command.start, command.isNow) }
  if (command.kind !== 'disturb') return command
  const { fault, isNow } = command
  return { ...command, fault: { ...fault, start: own(fault.start, isNow) } }
}

/** How the plant behaves behind a source that is met at work at `start`, Unix ms. */
export function behaviourOptions(options: SimulatorOptions, plan: Plant, start: number): BehaviourOptions {
  const { seed, phaseSpread, overridePeriodMs: period, randomFaults: faultShare } = options
  return { seed, start, plan, phaseSpread, faultShare, ...(period !== undefined && { period }) }
}

/**
 * When the simulated plant is met at work, Unix ms. A floor that takes its clock from this very source has no time
 * yet: then the simulated PLC's clock, like a real one, shows the time of the wall.
 */
function startTime(options: SimulatorOptions, context: Surroundings): number {
  if (options.start !== undefined) return Date.parse(options.start)
  const now = context.clock.now()
  return Math.floor(now > 0 ? now : context.wall.now())
}
