import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import { Behaviour, behaviourMachines } from '../twins/behaviour/behaviour.js'
import { exponential } from '../twins/flow/distribution.js'
import { healthyDuty } from '../twins/flow/duty.js'
import { Flow } from '../twins/flow/flow.js'
import type { FlowModel, MachineModel } from '../twins/flow/model.js'
import { plantFlow } from '../twins/flow/plant-flow.js'
import type { Benchmark, Figure } from './report.js'

const start = Date.UTC(2026, 0, 5, 6)
const day = 86_400_000
const python = '/usr/bin/python3'
const here = dirname(fileURLToPath(import.meta.url))
const script = join(here, import.meta.url.endsWith('.ts') ? '.' : '../../bench', 'simpy-line.py')

/** The line that SimPy runs too: machines in a row with exponential times, failing by operating time. */
const compared = { machines: 5, places: 10, cycle: 1, up: 100, down: 10 }

/** Lines as a discrete-event simulation: how fast, with and without physics, and against SimPy. */
export function linesBenchmark(isQuick: boolean): Benchmark {
  return {
    name: 'lines',
    title: 'Lines: events, simulated days and parts for a second of one core',
    run: async say => [
      ...againstSimPy(isQuick ? 2_000 : 20_000, say),
      ...events(isQuick ? 2e6 : 2e7, say),
      ...plant(isQuick ? 0.2 : 2, say),
    ],
  }
}

function events(wanted: number, say: (line: string) => void): Figure[] {
  const model = comparedLine(10)
  const flow = new Flow(model, { seed: 1, start: 0 })
  while (flow.events < wanted / 10) flow.step()
  const [before, begin] = [flow.events, performance.now()]
  while (flow.events < wanted) flow.advance(flow.nextTime + 1_000_000)
  const perSecond = ((flow.events - before) * 1000) / (performance.now() - begin)
  say(`${count(flow.events)} events of ten machines with random times and failures`)
  return [atLeast('ten machines with random times', perSecond / 1e6, 2, 'M events/s')]
}

/** The reference plant, event by event, and with every sensor read each 10 s of its time. */
function plant(days: number, say: (line: string) => void): Figure[] {
  const plan = referencePlant()
  const machines = behaviourMachines(plan, () => true)
  const places = new Map(machines.map(({ machine }, place) => [machine.id, place]))
  const model = plantFlow(
    machines.map(({ machine }) => ({
      id: machine.id,
      idealCycleTime: machine.idealCycleTime,
      feeds: machine.feeds.flatMap(id => places.get(id) ?? []),
    })),
    1,
    healthyDuty,
    plan,
  )
  const flow = new Flow(model, { seed: 1, start, warmUp: day / 6 })
  const [before, begin] = [flow.events, performance.now()]
  flow.advance(start + 10 * days * day)
  const flowMs = performance.now() - begin
  const behaviour = new Behaviour(machines, { seed: 1, start, plan, period: 10_000, faultShare: 0.05 })
  behaviour.advance(start + day / 48, () => undefined)
  let samples = 0
  const sampled = performance.now()
  behaviour.advance(start + day / 48 + days * day, () => samples++)
  const behaviourMs = performance.now() - sampled
  say(`${count(flow.events - before)} events, ${count(samples)} samples of the reference plant`)
  return [
    atLeast('reference plant, event by event', (10 * days * day) / flowMs, 20_000, 'times real time'),
    figure('its events', `${((flow.events - before) / flowMs / 1000).toFixed(2)} M/s`),
    atLeast(
      'reference plant with physics and faults, every sensor each 10 s',
      (days * day) / behaviourMs,
      2_000,
      'times real time',
    ),
    figure('its samples', `${(samples / behaviourMs / 1000).toFixed(2)} M/s`),
  ]
}

/**
 * The same line here and there, by wall time for each finished part. Both take turns, and of each the quickest turn
 * counts: who is disturbed by what else the machine does differs from turn to turn.
 */
function againstSimPy(parts: number, say: (line: string) => void): Figure[] {
  const known = spawnSync(python, ['-c', 'import simpy'])
  if (known.status !== 0) {
    say('SimPy is not here: apt-get install python3-simpy3')
    return [figure('SimPy', 'not installed: apt-get install python3-simpy3')]
  }
  const flow = new Flow(comparedLine(compared.machines), { seed: 1, start: 0 })
  flow.advance(5000 * parts)
  const ours: Turn[] = []
  const theirs: Turn[] = []
  for (let turn = 1; turn <= turns; turn++) {
    theirs.push(simPyTurn(parts, turn))
    ours.push(ourTurn(flow, 20_000 * parts))
  }
  const [here, there] = [ours, theirs].map(taken => ({
    micros: Math.min(...taken.map(turn => (turn.seconds * 1e6) / turn.parts)),
    rate: sum(taken.map(turn => turn.parts)) / sum(taken.map(turn => turn.simulated)),
  })) as [Outcome, Outcome]
  say(`${count(turns * parts)} parts by SimPy, ${count(sum(ours.map(turn => turn.parts)))} here`)
  return [
    figure('a part here, by SimPy', `${here.micros.toFixed(2)} µs, ${there.micros.toFixed(0)} µs`),
    {
      what: 'parts a second of simulated time, here and by SimPy',
      measured: `${here.rate.toFixed(3)}, ${there.rate.toFixed(3)}`,
      limit: 'within 5 %',
      isReached: Math.abs(here.rate / there.rate - 1) < 0.05,
    },
    atLeast('faster than SimPy', there.micros / here.micros, 20, 'times'),
  ]
}

const turns = 5

/** Seconds of wall time, and of simulated time. */
interface Turn {
  readonly seconds: number
  readonly simulated: number
  readonly parts: number
}

interface Outcome {
  readonly micros: number
  readonly rate: number
}

function simPyTurn(parts: number, seed: number): Turn {
  const { machines, places, cycle, up, down } = compared
  const given = [machines, places, cycle, up, down, parts, seed].map(String)
  const { stdout, stderr, status } = spawnSync(python, [script, ...given], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`SimPy failed: ${stderr}`)
  const [seconds, simulated] = stdout.trim().split(' ').map(Number)
  return { seconds: seconds!, simulated: simulated!, parts }
}

function ourTurn(flow: Flow, length: number): Turn {
  const [before, from, begin] = [flow.shipped, flow.nextTime, performance.now()]
  flow.advance(from + length)
  const seconds = (performance.now() - begin) / 1000
  return { seconds, simulated: length / 1000, parts: flow.shipped - before }
}

function comparedLine(machines: number): FlowModel {
  const { places, cycle, up, down } = compared
  return {
    machines: Array.from(
      { length: machines },
      (_, place): MachineModel => ({
        id: `machine-${place}`,
        cycle: exponential(cycle),
        feeds: place + 1 < machines ? [place + 1] : [],
        buffer: { capacity: places, initial: 0, transport: 0 },
        blocking: 'after-service',
        failures: [
          {
            state: 'Aborted',
            clock: 'operating',
            up: exponential(up),
            down: exponential(down),
            scrapsPart: false,
          },
        ],
        scrap: 0,
        acting: {},
      }),
    ),
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const count = (value: number): string => value.toLocaleString('en')

const figure = (what: string, measured: string): Figure => ({ what, measured, limit: '', isReached: true })

const atLeast = (what: string, value: number, limit: number, unit: string): Figure => ({
  what,
  measured: `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)} ${unit}`,
  limit: `≥ ${limit.toLocaleString('en')} ${unit}`,
  isReached: value >= limit,
})
