import { expect, it } from 'vitest'
import { SampleBatchBuilder } from '../../schema/sample-batch.js'
import { connectionOf } from '../../schema/sensor-state.js'
import { Dictionary } from '../floor/dictionary.js'
import { machineOf, plantOf, sensor, start, stateSignal } from '../floor/floor.fixture.js'
import { FloorClock } from '../floor/floor-clock.js'
import { LiveFloor } from '../floor/live-floor.js'
import { emptyIndexBook, makeRegistry } from '../floor/registry.js'
import { Intake } from './intake.js'

const hour = 3_600_000
const second = 1_000

/** A machine whose state and temperature are told on change; `tell` says at a moment what bears a time. */
function makeIntake() {
  let now = start
  const wall = { now: () => now }
  const onChange = sensor('m1', 'temp', { period: 0 })
  const polled = sensor('m1', 'polled')
  const plant = plantOf([machineOf('m1', [onChange, polled, stateSignal('m1')])])
  const { registry } = makeRegistry(plant, emptyIndexBook)
  const clock = new FloorClock(wall, 'wall')
  const floor = new LiveFloor({ plant, registry, wall, dictionary: new Dictionary(), clock })
  const states: string[] = []
  const intake = new Intake({
    floor,
    append: ({ stateChanges = [] }) => states.push(...stateChanges.map(({ state }) => state)),
  })
  intake.take('plc', { kind: 'connecting' })
  intake.take('plc', { kind: 'event', event: { kind: 'connected' }, accept: () => {} })
  const tell = (
    at: number,
    times: readonly number[],
    name = 'temp',
    value: number | string = 20,
    isHistory = false,
  ) => {
    now = start + at
    const batch = new SampleBatchBuilder()
    const code = typeof value === 'string' ? floor.intern(value) : value
    for (const time of times) batch.push(registry.signalById(`m1.${name}`)!.index, start + time, now, code, 0)
    const event = { kind: 'samples', batch: batch.take(), ...(isHistory && { isHistory }) } as const
    intake.take('plc', { kind: 'event', event, accept: () => {} })
    floor.tick()
  }
  const connection = (name: string) =>
    connectionOf(floor.signals.status[registry.signalById(`m1.${name}`)!.index]!)
  return {
    tell,
    states,
    temp: () => connection('temp'),
    polled: () => connection('polled'),
    state: () => connection('execution'),
    machine: () => floor.machines.state[0],
    warnings: () => intake.health.get('plc')!.warnings,
  }
}

it('a clock that was set back makes stale what it tells, and its source is warned of', () => {
  const { tell, temp, polled, state, states, warnings } = makeIntake()
  for (let i = 0; i < 10; i++) for (const name of ['temp', 'polled']) tell(i * second, [i * second], name)
  tell(9_500, [9_500], 'execution', 'ACTIVE')
  for (let i = 10; i < 14; i++) {
    for (const name of ['temp', 'polled']) tell(i * second, [i * second - hour], name, 100 + i)
    tell(i * second + 500, [i * second + 500 - hour], 'execution', i % 2 ? 'DOWN' : 'READY')
  }
  expect([temp(), polled(), state(), warnings()]).toEqual(['stale', 'stale', 'stale', []])
  // On record at the times told, and nobody knows what it does now.
  expect(states).toEqual(['Execute', 'Idle', 'Aborted', 'Idle', 'Undefined', 'Aborted'])
  for (let i = 14; i < 75; i++) tell(i * second, [i * second - hour], 'temp', i)
  expect(warnings()).toEqual([expect.stringMatching(/times 1\.0 h before their receipt.*Set the clock/)])
  // The clock is set right.
  tell(76 * second, [76 * second])
  tell(76 * second, [76 * second], 'execution', 'ACTIVE')
  expect([temp(), state(), states.at(-1)]).toEqual(['live', 'live', 'Execute'])
})

it('a source that is known to be behind makes stale by one late value, and by one told before', () => {
  const { tell, temp, state } = makeIntake()
  tell(0, [0])
  tell(0, [0], 'execution', 'ACTIVE')
  tell(10 * second, [10 * second - hour], 'execution', 'DOWN')
  for (let i = 11; i < 75; i++) tell(i * second, [i * second - hour], 'polled', i)
  expect([temp(), state()]).toEqual(['live', 'stale'])
  tell(76 * second, [76 * second - hour], 'temp', 99)
  expect(temp()).toBe('stale')
})

it('values out of a buffer, one late value, one told again, and a history make nothing stale', () => {
  const { tell, temp, warnings } = makeIntake()
  tell(0, [0])
  const buffered = Array.from({ length: 600 }, (_, i) => (i - 600) * second)
  tell(second, buffered.slice(0, 200))
  tell(4 * second, buffered.slice(200, 400))
  tell(7 * second, buffered.slice(400))
  tell(20 * second, [-500])
  for (const at of [30, 40, 50]) tell(at * second, [-hour])
  for (const at of [60, 70, 80]) tell(at * second, [at * second - hour], 'temp', 20, true)
  expect([temp(), warnings()]).toEqual(['live', []])
})

it('a clock that has lost the year makes stale what it tells after a good value', () => {
  const { tell, temp, state, machine, warnings } = makeIntake()
  tell(0, [0])
  tell(0, [0], 'execution', 'ACTIVE')
  const running = machine()
  tell(second, [-start + 5_000])
  expect([temp(), state(), machine()]).toEqual(['stale', 'live', running])
  tell(second, [-start + 5_000], 'execution', 'DOWN')
  expect([state(), machine() === running]).toEqual(['stale', false])
  expect(warnings()).toEqual([expect.stringMatching(/time\.too-old.*set the clock/)])
  tell(2 * second, [-start + 6_000, 2 * second])
  expect(temp()).toBe('live')
})
