import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import { type AlarmSettings, alarmStates } from '../../schema/alarm.js'
import { propertyRuns } from '../proof/runs.js'
import { arbitraryEvents, arbitrarySettings } from './alarm.arbitrary.js'
import { type AlarmEmitted, type AlarmEvent, checkAlarmEvent } from './alarm.events.js'
import { alarmMachine } from './alarm.machine.js'
import { walkAlarm } from './alarm.walk.js'
import { part9Fields } from './part9.js'

const alarm = 'press-01.oil-temperature.high'
const runs = { numRuns: propertyRuns }

function startAlarm(settings: AlarmSettings, snapshot?: Snapshot<unknown>) {
  const actor = createActor(alarmMachine, { input: { alarm, settings }, snapshot })
  const records: AlarmEmitted[] = []
  actor.on('*', record => records.push(record))
  actor.start()
  return { actor, records, context: () => actor.getSnapshot().context }
}

/** The state in the chart itself, not the one its context tells. */
const placeOf = (value: unknown): string => {
  const region: unknown = (value as { readonly alarm: Record<string, string> }).alarm
  return Object.values(region as Record<string, string>)[0] ?? ''
}

// The long form of 10,000 runs takes minutes.
describe('the alarm statechart, whatever happens to it', { timeout: 600_000 }, () => {
  it('does what the model in plain code does, record by record', () => {
    fc.assert(
      fc.property(arbitrarySettings, arbitraryEvents, (settings, events) => {
        walkAlarm(settings, events)
      }),
      runs,
    )
  })

  it('is where its context says, acknowledged and active as that state demands', () => {
    fc.assert(
      fc.property(arbitrarySettings, arbitraryEvents, (settings, events) => {
        const { actor, records, context } = startAlarm(settings)
        for (const event of events) {
          actor.send(event)
          const { state, isAcknowledged, isActive } = context()
          const { condition, isAcknowledged: demanded, isSuppressed } = alarmStates[state]
          const seen = [placeOf(actor.getSnapshot().value), isAcknowledged, isActive]
          expect(seen).toEqual([
            state,
            demanded ?? isAcknowledged,
            condition === 'any' ? isActive : condition === 'abnormal',
          ])
          if (part9Fields(actor.getSnapshot()).SuppressedOrShelved !== isSuppressed) expect.fail(state)
        }
        expect(records.filter(({ type, from, to }) => (type === 'alarm.noted') !== (from === to))).toEqual([])
      }),
      runs,
    )
  })

  it('writes the same record however often time is told', () => {
    fc.assert(
      fc.property(
        arbitrarySettings,
        arbitraryEvents,
        fc.array(fc.integer({ min: 1000, max: 1800 }), { maxLength: 80, size: 'max' }),
        (settings, events, extra) => {
          const end: AlarmEvent = { type: 'TICK', time: 3000 }
          const plain = startAlarm(settings)
          for (const event of [...events, end]) plain.actor.send(event)
          const ticked = startAlarm(settings)
          const ticks = extra.map((time): AlarmEvent => ({ type: 'TICK', time }))
          for (const event of [...events, ...ticks, end].sort((a, b) => a.time - b.time)) {
            ticked.actor.send(event)
          }
          expect(ticked.records).toEqual(plain.records)
          expect(ticked.context()).toEqual(plain.context())
        },
      ),
      runs,
    )
  })

  it('comes back from its shelf by the promised end, as unacknowledged if the condition is true', () => {
    fc.assert(
      fc.property(
        arbitrarySettings,
        arbitraryEvents,
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        (settings, events, duration, isOneShot) => {
          const { actor, records, context } = startAlarm(settings)
          for (const event of events) actor.send(event)
          const time = context().time + 1
          const who = { who: 'Ada', comment: '', time }
          actor.send({ type: 'UNSUPPRESS', ...who })
          actor.send({ type: 'RETURN_TO_SERVICE', ...who })
          actor.send(isOneShot ? { type: 'SHELVE_ONCE', ...who } : { type: 'SHELVE', duration, ...who })
          expect(context().state).toBe('Shelved')
          records.length = 0
          const end = time + (isOneShot ? settings.maximumShelvingTime : duration)
          actor.send({ type: 'TICK', time: end })
          const left = records.find(record => record.from === 'Shelved' && record.type === 'alarm.changed')
          expect(left?.time).toBeLessThanOrEqual(end)
          if (!isOneShot) expect(left?.time).toBe(end)
          expect(['Unacknowledged', 'Normal']).toContain(left?.to)
          expect(context().state).not.toBe('Shelved')
          if (context().isActive) expect(context().state).toBe('Unacknowledged')
        },
      ),
      runs,
    )
  })

  it('is never acknowledged without an acknowledgement of this very occurrence', () => {
    fc.assert(
      fc.property(arbitrarySettings, arbitraryEvents, (settings, events) => {
        const { actor, records } = startAlarm(settings)
        for (const event of events) actor.send(event)
        let acknowledged = ''
        for (const { occurrence, to, cause } of records) {
          if (cause === 'acknowledged') acknowledged = occurrence
          if (to === 'Acknowledged') expect(acknowledged).toBe(occurrence)
          if (to === 'LatchedAcknowledged' && !settings.isAutoAcknowledged) {
            expect(acknowledged).toBe(occurrence)
          }
        }
      }),
      runs,
    )
  })

  it('goes on after a restart as if there had been none', () => {
    fc.assert(
      fc.property(arbitrarySettings, arbitraryEvents, fc.nat(), (settings, events, at) => {
        const cut = events.length === 0 ? 0 : at % events.length
        const whole = startAlarm(settings)
        const first = startAlarm(settings)
        for (const event of events) whole.actor.send(event)
        for (const event of events.slice(0, cut)) first.actor.send(event)
        const json = JSON.stringify(first.actor.getPersistedSnapshot())
        first.actor.stop()
        const second = startAlarm(settings, JSON.parse(json))
        expect(JSON.stringify(second.actor.getPersistedSnapshot())).toBe(json)
        for (const event of events.slice(cut)) second.actor.send(event)
        expect([...first.records, ...second.records]).toEqual(whole.records)
        expect(second.actor.getPersistedSnapshot()).toEqual(whole.actor.getPersistedSnapshot())
      }),
      runs,
    )
  })

  it('stays as it was, and says nothing, when it gets something that is no event of an alarm', () => {
    const junk = fc.oneof(
      fc.anything(),
      fc.record({ type: fc.constantFrom('ACTIVATED', 'CLEARED', 'BOIL', '*'), time: fc.constant(9000) }),
      fc.record({ type: fc.constantFrom('TICK', 'CONDITION', 'SHELVE', 'CONFIRM'), time: fc.anything() }),
      fc.record({ type: fc.constant('CONDITION'), time: fc.constant(9000), value: fc.anything() }),
    )
    fc.assert(
      fc.property(arbitrarySettings, arbitraryEvents, junk, (settings, events, bad) => {
        const { actor, records, context } = startAlarm(settings)
        for (const event of events) actor.send(event)
        fc.pre(checkAlarmEvent(bad, context()) !== undefined)
        const before = actor.getSnapshot()
        records.length = 0
        // A message without a type never gets as far as a chart.
        fc.pre(typeof (bad as { type?: unknown } | null)?.type === 'string')
        actor.send(bad as AlarmEvent)
        expect(actor.getSnapshot()).toBe(before)
        expect(records).toEqual([])
      }),
      runs,
    )
  })
})
