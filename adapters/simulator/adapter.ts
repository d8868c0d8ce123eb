import type { DamageReport } from '../../schema/damage-report.js'
import { Quality } from '../../schema/quality.js'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { Behaviour, behaviourMachines, type Emit } from '../../twins/behaviour/behaviour.js'
import { words } from '../../twins/behaviour/status.js'
import type { AdapterContext, AdapterDefinition } from '../contract.js'
import { type SimulatorOptions, simulatorOptions } from './config.js'
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
  create: (options, context) => paced(context, () => simulate(options, context)),
}

function simulate(options: SimulatorOptions, context: AdapterContext): DueSamples {
  const start = startTime(options, context)
  const indexes = new Map(context.signals.map(({ index, signal }) => [signal.id, index]))
  let reports: DamageReport[] = []
  const behaviour = new Behaviour(
    behaviourMachines(context.plant, signal => indexes.has(signal.id)),
    {
      seed: options.seed,
      start,
      phaseSpread: options.phaseSpread,
      period: options.overridePeriodMs,
      faultShare: options.randomFaults,
      onDamage: report => reports.push(report),
    },
  )
  const index = Uint32Array.from(behaviour.signals, signal => indexes.get(signal.id) ?? 0)
  const isText = Uint8Array.from(behaviour.signals, signal => (signal.type === 'text' ? 1 : 0))
  const codes: number[] = []
  const codeOf = (word: number): number => {
    codes[word] ??= context.intern(words[word]!)
    return codes[word]
  }
  const builder = new SampleBatchBuilder(1024)
  let receiveTime = 0
  const push: Emit = (signal, time, value) => {
    builder.push(
      index[signal]!,
      time,
      receiveTime,
      isText[signal] === 1 ? codeOf(value) : value,
      Quality.good,
    )
  }
  return {
    isOver: false,
    take(elapsed, limit) {
      receiveTime = context.clock.now()
      behaviour.advance(start + elapsed * options.speed, push, limit)
      return builder.take()
    },
    obey: command => obey(behaviour, command),
    takeReports() {
      const told = reports
      reports = []
      return told
    },
  }
}

/**
 * When the simulated plant is met at work, Unix ms. A floor that takes its clock from this very source has no time
 * yet: then the simulated PLC's clock, like a real one, shows the time of the wall.
 */
function startTime(options: SimulatorOptions, context: AdapterContext): number {
  if (options.start !== undefined) return Date.parse(options.start)
  const now = context.clock.now()
  return Math.floor(now > 0 ? now : context.wall.now())
}
