import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import {
  type AlarmSettings,
  type AlarmState,
  alarmStateNames,
  alarmStates,
  defaultAlarmSettings,
} from '../../schema/alarm.js'
import { type AlarmEmitted, type AlarmEvent, actionCauses } from './alarm.events.js'
import { alarmDefinition, alarmMachine } from './alarm.machine.js'

const alarm = 'pump-01.pressure.low'
const minute = 60_000

function startAlarm(settings: Partial<AlarmSettings> = {}, snapshot?: Snapshot<unknown>) {
  const input = { alarm, settings: { ...defaultAlarmSettings, ...settings } }
  const actor = createActor(alarmMachine, { input, snapshot })
  const records: AlarmEmitted[] = []
  actor.on('*', record => records.push(record))
  actor.start()
  let time = 1000
  return {
    actor,
    records,
    /** The state in the chart; what its context says of it must be the same. */
    state: () => {
      const { value, context } = actor.getSnapshot()
      expect(Object.values(value.alarm)).toEqual([context.state])
      return context.state
    },
    context: () => actor.getSnapshot().context,
    /** Sends events a second apart: `on` and `off` for the condition, others by their type. */
    does(...steps: string[]) {
      for (const step of steps) {
        time += 1000
        actor.send(eventOf(step, time))
      }
    },
    at(step: string, when: number) {
      time = when
      actor.send(eventOf(step, when))
    },
  }
}

function eventOf(step: string, time: number): AlarmEvent {
  if (step === 'on' || step === 'off') {
    return { type: 'CONDITION', time, isActive: step === 'on', value: step === 'on' ? 3 : 6, limit: 4 }
  }
  if (step === 'TICK') return { type: 'TICK', time }
  const action = { time, who: 'Ada', comment: 'seen' }
  if (step === 'SHELVE') return { type: 'SHELVE', duration: 10 * minute, ...action }
  return { type: step as 'ACKNOWLEDGE', ...action }
}

/** How to get to each state, and with which settings. */
const ways: Readonly<Record<AlarmState, readonly [steps: string[], settings: Partial<AlarmSettings>]>> = {
  Normal: [[], {}],
  Unacknowledged: [['on'], {}],
  Acknowledged: [['on', 'ACKNOWLEDGE'], {}],
  ReturnedUnacknowledged: [['on', 'off'], {}],
  LatchedUnacknowledged: [['on', 'off'], { isLatching: true }],
  LatchedAcknowledged: [['on', 'ACKNOWLEDGE', 'off'], { isLatching: true }],
  Shelved: [['SHELVE'], {}],
  SuppressedByDesign: [['SUPPRESS'], {}],
  OutOfService: [['REMOVE_FROM_SERVICE'], {}],
}

const everyStep = ['on', 'off', ...Object.keys(actionCauses)]

/** ISA-18.2, alarm state transition diagram. What is not here leaves the state as it is. */
const table: readonly (readonly [from: AlarmState, step: string, to: AlarmState])[] = [
  ['Normal', 'on', 'Unacknowledged'],
  ['Unacknowledged', 'ACKNOWLEDGE', 'Acknowledged'],
  ['Unacknowledged', 'off', 'ReturnedUnacknowledged'],
  ['Acknowledged', 'off', 'Normal'],
  ['Acknowledged', 'UNACKNOWLEDGE', 'Unacknowledged'],
  ['ReturnedUnacknowledged', 'ACKNOWLEDGE', 'Normal'],
  ['ReturnedUnacknowledged', 'on', 'Unacknowledged'],
  ['LatchedUnacknowledged', 'ACKNOWLEDGE', 'LatchedAcknowledged'],
  ['LatchedUnacknowledged', 'on', 'Unacknowledged'],
  ['LatchedAcknowledged', 'RESET', 'Normal'],
  ['LatchedAcknowledged', 'on', 'Acknowledged'],
  ...alarmStateNames.flatMap(from => {
    const letter = alarmStates[from].letter
    const rows: (readonly [AlarmState, string, AlarmState])[] = []
    if (letter < 'G') rows.push([from, 'SHELVE', 'Shelved'], [from, 'SHELVE_ONCE', 'Shelved'])
    if (letter < 'H') rows.push([from, 'SUPPRESS', 'SuppressedByDesign'])
    if (letter < 'I') rows.push([from, 'REMOVE_FROM_SERVICE', 'OutOfService'])
    return rows
  }),
  ['Shelved', 'UNSHELVE', 'Normal'],
  ['SuppressedByDesign', 'UNSUPPRESS', 'Normal'],
  ['OutOfService', 'RETURN_TO_SERVICE', 'Normal'],
]

describe('the alarm statechart, state by state', () => {
  it('is what its definition says', () => {
    expect(alarmMachine.id).toBe(alarmDefinition.id)
  })

  for (const from of alarmStateNames) {
    it(`leaves ${alarmStates[from].letter} ${from} as the standard says and in no other way`, () => {
      const [steps, settings] = ways[from]
      for (const step of everyStep) {
        const twin = startAlarm(settings)
        twin.does(...steps)
        expect(twin.state()).toBe(from)
        twin.records.length = 0
        twin.does(step)
        const to = table.find(row => row[0] === from && row[1] === step)?.[2] ?? from
        expect(twin.state(), `${from}, ${step}`).toBe(to)
        const moves = twin.records.filter(record => record.type === 'alarm.changed')
        expect(moves.map(record => [record.from, record.to])).toEqual(from === to ? [] : [[from, to]])
      }
    })

    it(`keeps ${alarmStates[from].letter} ${from} through JSON and back`, () => {
      const [steps, settings] = ways[from]
      const twin = startAlarm(settings)
      twin.does(...steps)
      const json = JSON.stringify(twin.actor.getPersistedSnapshot())
      const again = startAlarm(settings, JSON.parse(json))
      expect(again.state()).toBe(from)
      expect(again.records).toEqual([])
      expect(JSON.stringify(again.actor.getPersistedSnapshot())).toBe(json)
    })
  }

  it('latches after an acknowledgement and without one', () => {
    const twin = startAlarm({ isLatching: true })
    twin.does('on', 'off', 'RESET')
    expect(twin.state()).toBe('LatchedUnacknowledged')
    twin.does('ACKNOWLEDGE', 'RESET')
    expect(twin.state()).toBe('Normal')
    twin.does('on', 'ACKNOWLEDGE', 'off')
    expect(twin.state()).toBe('LatchedAcknowledged')
  })

  it('goes away by itself where it is acknowledged automatically', () => {
    const twin = startAlarm({ isAutoAcknowledged: true })
    twin.does('on', 'off')
    expect(twin.state()).toBe('Normal')
    expect(twin.context().isAcknowledged).toBe(true)
  })

  it('needs its reset where it is latched and acknowledged automatically, and comes back unacknowledged', () => {
    const twin = startAlarm({ isAutoAcknowledged: true, isLatching: true })
    twin.does('on', 'off')
    expect(twin.state()).toBe('LatchedAcknowledged')
    twin.does('on')
    expect(twin.state()).toBe('Unacknowledged')
  })
})

describe('an alarm’s delays', () => {
  it('is raised when the condition has held for the on-delay, at that very time', () => {
    const twin = startAlarm({ onDelay: 5000 })
    twin.at('on', 10_000)
    twin.at('on', 12_000)
    twin.at('TICK', 14_999)
    expect(twin.state()).toBe('Normal')
    twin.at('TICK', 20_000)
    expect(twin.state()).toBe('Unacknowledged')
    expect(twin.records.map(record => record.time)).toEqual([15_000])
    expect(twin.context().since).toBe(15_000)
  })

  it('is not raised by a condition that goes before the on-delay ends', () => {
    const twin = startAlarm({ onDelay: 5000 })
    twin.at('on', 10_000)
    twin.at('off', 14_999)
    expect(twin.context()).toMatchObject({ value: 6, delayDue: null })
    twin.at('TICK', 60_000)
    expect(twin.records).toEqual([])
  })

  it('returns when the condition has been gone for the off-delay, and not if it comes back before', () => {
    const twin = startAlarm({ offDelay: 5000 })
    twin.at('on', 10_000)
    twin.at('off', 11_000)
    twin.at('on', 15_000)
    twin.at('off', 20_000)
    twin.at('off', 22_000)
    expect(twin.state()).toBe('Unacknowledged')
    twin.at('TICK', 90_000)
    expect(twin.records.map(({ time, to }) => [time, to])).toEqual([
      [10_000, 'Unacknowledged'],
      [25_000, 'ReturnedUnacknowledged'],
    ])
  })

  it('lets a delay run out before the event that comes after its end', () => {
    const twin = startAlarm({ onDelay: 5000 })
    twin.at('on', 10_000)
    twin.at('ACKNOWLEDGE', 15_001)
    expect(twin.records.map(({ time, to }) => [time, to])).toEqual([
      [15_000, 'Unacknowledged'],
      [15_001, 'Acknowledged'],
    ])
  })

  it('is announced again, as the same occurrence, when it stays active too long', () => {
    const twin = startAlarm({ reAlarmTime: 30_000 })
    twin.at('on', 10_000)
    twin.at('ACKNOWLEDGE', 20_000)
    twin.at('TICK', 200_000)
    expect(twin.records.at(-1)).toMatchObject({
      time: 50_000,
      from: 'Acknowledged',
      to: 'Unacknowledged',
      cause: 're-alarm',
      occurrence: `${alarm}#1`,
    })
    expect(twin.context().reAlarms).toBe(1)
    twin.at('ACKNOWLEDGE', 300_000)
    twin.at('off', 310_000)
    twin.at('TICK', 900_000)
    expect(twin.state()).toBe('Normal')
  })
})

describe('a suppressed alarm', () => {
  it('comes back from its shelf by itself at the promised time, unacknowledged if the condition is true', () => {
    const twin = startAlarm()
    twin.does('on', 'ACKNOWLEDGE')
    twin.at('SHELVE', 100_000)
    twin.at('TICK', 5_000_000)
    expect(twin.records.at(-1)).toMatchObject({
      time: 100_000 + 10 * minute,
      from: 'Shelved',
      to: 'Unacknowledged',
      cause: 'shelving-ended',
      who: '',
    })
  })

  it('comes back as Normal if the condition has gone meanwhile', () => {
    const twin = startAlarm()
    twin.does('on', 'SHELVE', 'off', 'UNSHELVE')
    expect(twin.state()).toBe('Normal')
    twin.does('SHELVE')
    twin.at('TICK', 5_000_000)
    expect(twin.state()).toBe('Normal')
    expect(twin.context().shelf).toBeNull()
  })

  it('comes back unacknowledged by every way out while the condition is true', () => {
    for (const [into, out] of [
      ['SHELVE', 'UNSHELVE'],
      ['SUPPRESS', 'UNSUPPRESS'],
      ['REMOVE_FROM_SERVICE', 'RETURN_TO_SERVICE'],
    ] as const) {
      const twin = startAlarm()
      twin.does('on', 'ACKNOWLEDGE', into, out)
      expect(twin.state(), out).toBe('Unacknowledged')
      expect(twin.context(), out).toMatchObject({ isAcknowledged: false, shelf: null })
    }
  })

  it('ends a one-shot shelf when the alarm clears, at the latest at the longest shelving time', () => {
    const cleared = startAlarm()
    cleared.does('on', 'SHELVE_ONCE', 'off')
    expect(cleared.state()).toBe('Normal')
    expect(cleared.records.slice(-2).map(({ type, cause }) => [type, cause])).toEqual([
      ['alarm.noted', 'cleared'],
      ['alarm.changed', 'shelving-ended'],
    ])
    const kept = startAlarm({ maximumShelvingTime: minute })
    kept.does('on')
    kept.at('SHELVE_ONCE', 100_000)
    kept.at('TICK', 900_000)
    expect(kept.records.at(-1)).toMatchObject({ time: 160_000, to: 'Unacknowledged' })
  })

  it('refuses to be shelved for longer than its longest time', () => {
    const twin = startAlarm({ maximumShelvingTime: minute })
    twin.does('on', 'SHELVE')
    expect(twin.state()).toBe('Unacknowledged')
  })

  it('goes on watching and recording the condition, each occurrence with an id of its own', () => {
    const twin = startAlarm()
    twin.does('SHELVE', 'on', 'off', 'on')
    expect(twin.records.slice(1).map(({ type, cause, occurrence }) => [type, cause, occurrence])).toEqual([
      ['alarm.noted', 'activated', `${alarm}#1`],
      ['alarm.noted', 'cleared', `${alarm}#1`],
      ['alarm.noted', 'activated', `${alarm}#2`],
    ])
  })

  it('is out of service before suppressed by design before shelved', () => {
    const twin = startAlarm()
    twin.does('on', 'SHELVE', 'SUPPRESS', 'REMOVE_FROM_SERVICE')
    expect(twin.state()).toBe('OutOfService')
    twin.does('RETURN_TO_SERVICE')
    expect(twin.state()).toBe('SuppressedByDesign')
    twin.does('UNSUPPRESS')
    expect(twin.state()).toBe('Shelved')
    twin.does('UNSHELVE')
    expect(twin.state()).toBe('Unacknowledged')
  })

  it('forgets that it was suppressed by design once it no longer is', () => {
    for (const [before, after] of [
      [[], 'Normal'],
      [['on'], 'Unacknowledged'],
      [['SHELVE'], 'Shelved'],
    ] as const) {
      const twin = startAlarm()
      twin.does(...before, 'SUPPRESS', 'UNSUPPRESS', 'REMOVE_FROM_SERVICE', 'RETURN_TO_SERVICE')
      expect(twin.context().isSuppressedByDesign).toBe(false)
      expect(twin.state()).toBe(after)
    }
  })

  it('takes further reasons for suppression while it is out of service, and returns to the strongest', () => {
    const twin = startAlarm()
    twin.does('REMOVE_FROM_SERVICE', 'SHELVE', 'SUPPRESS', 'SUPPRESS')
    expect(twin.records.slice(1).map(({ type, cause }) => [type, cause])).toEqual([
      ['alarm.noted', 'shelved'],
      ['alarm.noted', 'suppressed'],
    ])
    twin.does('UNSUPPRESS', 'UNSUPPRESS', 'RETURN_TO_SERVICE')
    expect(twin.state()).toBe('Shelved')
  })

  it('loses its shelf in time also under a stronger suppression', () => {
    const twin = startAlarm()
    twin.does('SUPPRESS')
    twin.at('SHELVE', 100_000)
    twin.at('TICK', 2_000_000)
    expect(twin.records.at(-1)).toMatchObject({
      type: 'alarm.noted',
      cause: 'shelving-ended',
      time: 100_000 + 10 * minute,
    })
    twin.does('UNSUPPRESS')
    expect(twin.state()).toBe('Normal')
    twin.does('SUPPRESS', 'SHELVE', 'UNSHELVE', 'UNSHELVE', 'UNSUPPRESS')
    expect(twin.state()).toBe('Normal')
    twin.does('SUPPRESS', 'SHELVE_ONCE', 'on', 'off', 'UNSUPPRESS')
    expect(twin.state()).toBe('Normal')
  })

  it('has its shelf replaced by a newer one', () => {
    const twin = startAlarm()
    twin.at('SHELVE_ONCE', 10_000)
    twin.at('SHELVE', 100_000)
    twin.does('on', 'off')
    expect(twin.state()).toBe('Shelved')
    expect(twin.context().shelf).toEqual({ until: 100_000 + 10 * minute, isOneShot: false })
  })
})

describe('an alarm’s record', () => {
  it('says when, which occurrence, from where to where, who, why, and at what value', () => {
    const twin = startAlarm({ priority: 'high' })
    twin.at('on', 10_000)
    twin.at('ACKNOWLEDGE', 12_000)
    const common = { alarm, occurrence: `${alarm}#1`, value: 3, limit: 4, priority: 'high' }
    expect(twin.records).toEqual([
      {
        type: 'alarm.changed',
        time: 10_000,
        from: 'Normal',
        to: 'Unacknowledged',
        cause: 'activated',
        who: '',
        comment: '',
        ...common,
      },
      {
        type: 'alarm.changed',
        time: 12_000,
        from: 'Unacknowledged',
        to: 'Acknowledged',
        cause: 'acknowledged',
        who: 'Ada',
        comment: 'seen',
        ...common,
      },
    ])
    expect(twin.context().comment).toBe('seen')
  })

  it('carries the newest value, however the condition came to it', () => {
    for (const delays of [{}, { onDelay: 5000, offDelay: 5000 }]) {
      const twin = startAlarm(delays)
      twin.at('on', 10_000)
      expect(twin.context()).toMatchObject({ value: 3, limit: 4 })
      twin.actor.send({ type: 'CONDITION', time: 11_000, isActive: true, value: 2, limit: 4 })
      expect(twin.context()).toMatchObject({ value: 2, limit: 4 })
      twin.at('TICK', 20_000)
      twin.at('off', 21_000)
      expect(twin.context().value).toBe(6)
      twin.actor.send({ type: 'CONDITION', time: 22_000, isActive: false, value: 7, limit: 4 })
      if (delays.offDelay !== undefined) expect(twin.context().value).toBe(7)
      twin.at('on', 23_000)
      expect(twin.context().value).toBe(3)
      twin.actor.send({ type: 'CONDITION', time: 24_000, isActive: false, value: 8, limit: 4 })
      expect(twin.context().value).toBe(8)
    }
  })

  it('counts a new occurrence after every return, and none for an alarm that is still latched', () => {
    const plain = startAlarm()
    plain.does('on', 'off', 'on', 'ACKNOWLEDGE', 'off', 'on')
    expect(plain.context().occurrence).toBe(3)
    const latched = startAlarm({ isLatching: true })
    latched.does('on', 'off', 'on', 'ACKNOWLEDGE', 'off', 'on')
    expect(latched.context().occurrence).toBe(1)
  })

  it('asks for a confirmation of each acknowledgement where that is configured', () => {
    const twin = startAlarm({ needsConfirmation: true })
    twin.does('on', 'CONFIRM')
    expect(twin.context().isConfirmed).toBe(true)
    twin.does('ACKNOWLEDGE', 'off')
    expect(twin.context()).toMatchObject({ state: 'Normal', isConfirmed: false })
    twin.does('CONFIRM', 'CONFIRM')
    expect(twin.context().isConfirmed).toBe(true)
    expect(twin.records.filter(record => record.cause === 'confirmed')).toMatchObject([
      { type: 'alarm.noted', from: 'Normal', to: 'Normal', who: 'Ada' },
    ])
    for (const settings of [{}, { isLatching: true }]) {
      const returned = startAlarm({ needsConfirmation: true, ...settings })
      returned.does('on', 'off', 'ACKNOWLEDGE')
      expect(returned.context().isConfirmed).toBe(false)
    }
  })
})
