import { describe, expect, it } from 'vitest'
import { defaultAlarmSettings } from '../../schema/alarm.js'
import type { AlarmEmitted } from '../../twins/alarm/alarm.events.js'
import { compileLimits } from '../../twins/sensor/level.js'
import type { TwinDefinition, TwinEmitted, TwinMessage } from '../twin-system/definition.js'
import { TwinSystem } from '../twin-system/twin-system.js'
import {
  alarmAddress,
  alarmKind,
  faultKind,
  lineKind,
  machineKind,
  sensorKind,
  sourceKind,
} from './twin-kinds.js'

const settings = { ...defaultAlarmSettings, onDelay: 5_000, reAlarmTime: 60_000 }
const machines = [
  { id: 'a', feeds: ['b'], idealCycleTime: 60 },
  { id: 'b', feeds: [], idealCycleTime: 60 },
]

interface Kind {
  readonly name: string
  readonly definition: TwinDefinition<never>
  readonly input: unknown
  /** One that it takes at the start, at time 10,000. */
  readonly good: TwinMessage
  /** The same with a payload that cannot be, and with a number that is none. */
  readonly wrong: readonly Partial<TwinMessage>[]
  readonly nan: readonly Partial<TwinMessage>[]
  /** What it takes before and after the good one. */
  readonly before: readonly string[]
  readonly after: readonly string[]
}

const time = 10_000
const kind = <Input>(name: string, definition: TwinDefinition<Input>, input: Input, rest: object) =>
  ({ name, definition, input, ...rest }) as unknown as Kind

const commands = ['ABORT', 'STOP']
const kinds: readonly Kind[] = [
  kind(
    'sensor',
    sensorKind,
    { limits: compileLimits({ warningHigh: 80 }) },
    {
      good: { type: 'SAMPLE', value: 90, quality: 0, time },
      wrong: [{ value: 'hot' }, { quality: 7 }],
      nan: [{ value: Number.NaN }],
      before: ['SAMPLE', 'SILENT', 'SOURCE_LOST', 'SOURCE_FOUND', 'HEALTH', 'CALIBRATED'],
      after: ['SAMPLE', 'SILENT', 'SOURCE_LOST', 'SOURCE_FOUND', 'HEALTH', 'CALIBRATED'],
    },
  ),
  kind('machine', machineKind, undefined, {
    good: { type: 'OBSERVED', state: 'Execute', reason: 'none', sourceState: 'ACTIVE', time },
    wrong: [{ state: 'Running' }, { reason: 'tired' }, { sourceState: 7 }],
    nan: [],
    before: ['OBSERVED'],
    after: ['OBSERVED', ...commands, 'HOLD', 'SUSPEND'],
  }),
  kind(
    'alarm',
    alarmKind,
    { alarm: 'press-01.oil.high', settings },
    {
      good: { type: 'CONDITION', isActive: true, value: 91, limit: 90, time },
      wrong: [{ isActive: 'yes' }, { value: '91' }],
      nan: [{ value: Number.NaN }, { limit: Number.POSITIVE_INFINITY }],
      before: ['CONDITION', 'SHELVE', 'SUPPRESS', 'REMOVE_FROM_SERVICE'],
      after: ['CONDITION', 'SHELVE', 'SUPPRESS', 'REMOVE_FROM_SERVICE'],
    },
  ),
  kind(
    'fault',
    faultKind,
    { fault: 'press-01.hydraulic-leak', pattern: 'hydraulic-leak', estimated: false },
    {
      good: { type: 'DAMAGE', damage: 0.7, time },
      wrong: [{ damage: 2 }, { damage: 'much' }, { damage: -0.1 }],
      nan: [{ damage: Number.NaN }],
      before: ['DAMAGE', 'REPAIR_STARTED'],
      after: ['DAMAGE', 'REPAIR_STARTED'],
    },
  ),
  kind(
    'line',
    lineKind,
    { machines },
    {
      good: { type: 'MACHINE_STATE', machine: 'a', display: 'running', reason: '', cycleTime: 60, time },
      wrong: [{ machine: 'c' }, { display: 'asleep' }, { cycleTime: -1 }, { reason: 7 }],
      nan: [{ cycleTime: Number.NaN }],
      before: ['MACHINE_STATE'],
      after: ['MACHINE_STATE', 'SOURCE_FOUND'],
    },
  ),
  kind('source', sourceKind, undefined, {
    good: { type: 'CONNECT', time },
    wrong: [{ type: 'LOST', reason: 7, retryAt: 0 }, { type: 'SILENT' }],
    nan: [{ type: 'LOST', reason: '', retryAt: Number.NaN }],
    before: ['CONNECT'],
    after: ['CONNECTED', 'LOST', 'STOP'],
  }),
]

function hosted({ name, definition, input }: Kind) {
  const said: TwinEmitted[] = []
  const system = new TwinSystem((_, emitted) => said.push(emitted))
  const address = name === 'alarm' ? alarmAddress('one') : `${name}:one`
  system.add(address, definition, input as never)
  const send = (message: Partial<TwinMessage>) => system.send(address, message as TwinMessage)
  const standing = () => JSON.stringify(system.get(address)!.persisted())
  return { system, address, said, send, standing, look: () => system.inspect(address)! }
}

describe.each(kinds)('a $name twin', kind => {
  const { good } = kind

  it('says what it would take now, as its state and its guards have it', () => {
    const { look, send } = hosted(kind)
    expect(look().accepts).toEqual(expect.arrayContaining([...kind.before]))
    send(good)
    expect(look().accepts).toEqual(expect.arrayContaining([...kind.after]))
    expect(look().accepts).not.toContain('*')
  })

  it('would take no more than its chart knows', () => {
    const { look } = hosted(kind)
    const known = new Set((kind.definition.logic as unknown as { events: readonly string[] }).events)
    for (const type of look().accepts) expect(known).toContain(type.split(' ')[0])
  })

  it('refuses what it cannot understand, says which kind of wrong it is, and stays as it was', () => {
    const { system, send, standing, look } = hosted(kind)
    send(good)
    const before = standing()
    const refusals: [string, Partial<TwinMessage>][] = [
      ['unknown-event', { type: 'DANCE', time }],
      ['unknown-event', { type: 'xstate.stop', time }],
      ['unknown-event', { time }],
      ...kind.wrong.map((part): [string, Partial<TwinMessage>] => ['bad-payload', { ...good, ...part }]),
      ...kind.nan.map((part): [string, Partial<TwinMessage>] => ['not-a-number', { ...good, ...part }]),
      ['not-a-number', { ...good, time: Number.NaN }],
    ]
    for (const [code, message] of refusals) {
      const counted = { ...system.refused }
      send(message)
      const grown = Object.entries(system.refused).filter(
        ([of, n]) => n > counted[of as keyof typeof counted],
      )
      expect(
        grown.map(([of]) => of),
        JSON.stringify(message),
      ).toEqual([code])
      expect(standing()).toBe(before)
      expect(look().lastEvents.at(-1)?.outcome).toBe('refused')
    }
  })

  it('goes on after a snapshot as if nothing had been', () => {
    const { system, address, send, standing } = hosted(kind)
    send(good)
    const [saved] = system.takeSnapshots(time)
    const again = new TwinSystem(() => {})
    expect(again.add(address, kind.definition, kind.input as never, saved)).toBe('restored')
    expect(again.get(address)!.persisted()).toEqual(JSON.parse(standing()))
    expect(again.inspect(address)!.accepts).toEqual(system.inspect(address)!.accepts)
  })
})

// A floor's clock may be set back, and its links with it: of time going back a source thinks nothing.
describe.each(kinds.filter(({ name }) => name !== 'source'))('a $name twin', kind => {
  it('refuses what lies before what it knows already', () => {
    const { system, send, standing } = hosted(kind)
    send(kind.good)
    const before = standing()
    send({ ...kind.good, time: time - 1 })
    expect(system.refused['time-backwards']).toBe(1)
    expect(standing()).toBe(before)
  })
})

it('counts what is sent to nobody', () => {
  const { system } = hosted(kinds[0]!)
  system.send('sensor:nobody', { type: 'SAMPLE', time })
  expect(system.misaddressed).toBe(1)
})

describe('an alarm twin in the system', () => {
  const alarm = kinds.find(({ name }) => name === 'alarm')!
  const changes = (said: readonly TwinEmitted[]) =>
    (said as AlarmEmitted[]).map(({ time: at, from, to, cause }) => [at, from, to, cause])

  it('is told of time when its delay is over, at the time it was over', () => {
    const { system, said, send } = hosted(alarm)
    send(alarm.good)
    system.tick(time + 4_999)
    expect(said).toEqual([])
    system.tick(time + 7_000)
    expect(changes(said)).toEqual([[time + 5_000, 'Normal', 'Unacknowledged', 'activated']])
  })

  it('is told of everything that became due since, in order', () => {
    const { system, said, send, address } = hosted(alarm)
    send(alarm.good)
    system.tick(time + 5_000)
    send({ type: 'ACKNOWLEDGE', who: 'Ada', comment: '', time: time + 6_000 })
    said.length = 0
    system.tick(time + 500_000)
    expect(changes(said)).toEqual([[time + 66_000, 'Acknowledged', 'Unacknowledged', 're-alarm']])
    send({ type: 'SHELVE', duration: 1_000, who: 'Ada', comment: '', time: time + 600_000 })
    const heard = () => system.inspect(address)!.lastEvents.filter(({ type }) => type === 'TICK').length
    const before = heard()
    for (let now = time + 600_000; now < time + 600_900; now += 100) system.tick(now)
    expect(heard()).toBe(before)
    system.tick(time + 700_000)
    expect(heard()).toBe(before + 1)
  })

  it('keeps its delay over a restart, and behaves as it is configured then', () => {
    const { system, address, send } = hosted(alarm)
    send(alarm.good)
    const [saved] = system.takeSnapshots(time)
    const said: TwinEmitted[] = []
    const again = new TwinSystem((_, emitted) => said.push(emitted))
    again.add(
      address,
      alarmKind,
      { alarm: 'press-01.oil.high', settings: { ...settings, priority: 'highest' } },
      saved,
    )
    again.tick(time + 5_000)
    expect(said).toEqual([expect.objectContaining({ type: 'alarm.changed', priority: 'highest' })])
  })
})
