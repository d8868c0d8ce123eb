import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import { type PackmlState, packmlStates, suspendReasons, unitModes } from '../../schema/packml.js'
import { type MachineEmitted, type MachineEvent, machineMachine, packmlStateOf } from './machine.machine.js'

const start = (snapshot?: Snapshot<unknown>) => createActor(machineMachine, { snapshot }).start()
const seen = (state: PackmlState, time: number, sourceState: string = state): MachineEvent => ({
  type: 'OBSERVED',
  state,
  reason: 'none',
  sourceState,
  time,
})
const stateOf = (actor: ReturnType<typeof start>) => packmlStateOf(actor.getSnapshot().value)

describe('the machine statechart', () => {
  it('is Undefined until somebody has seen it', () => {
    expect(stateOf(start())).toBe('Undefined')
  })

  it('jumps from any of the PackML states to any other', () => {
    for (const from of packmlStates) {
      for (const to of packmlStates) {
        const actor = start()
        actor.send(seen(from, 1))
        actor.send(seen(to, 2))
        expect(stateOf(actor), `${from} to ${to}`).toBe(to)
      }
    }
  })

  it('nests the states as OPC 30050 does: Aborted beside Cleared, Stopped beside Running', () => {
    const actor = start()
    actor.send(seen('Execute', 1))
    expect(actor.getSnapshot().value).toEqual({ Cleared: { Running: 'Execute' } })
    actor.send(seen('Stopped', 2))
    expect(actor.getSnapshot().value).toEqual({ Cleared: 'Stopped' })
    actor.send(seen('Aborted', 3))
    expect(actor.getSnapshot().value).toBe('Aborted')
  })

  it('is in its state since it entered it, however often it is seen there', () => {
    const actor = start()
    actor.send(seen('Execute', 100))
    actor.send(seen('Execute', 200))
    expect(actor.getSnapshot().context).toMatchObject({ since: 100, stateTime: 200 })
  })

  it('counts another word or reason of the source for the same state as something new', () => {
    const actor = start()
    const said: MachineEmitted[] = []
    actor.on('*', emitted => said.push(emitted))
    actor.send(seen('Held', 100, 'INTERRUPTED'))
    actor.send(seen('Held', 200, 'FEED_HOLD'))
    expect(actor.getSnapshot().context).toMatchObject({ since: 200, sourceState: 'FEED_HOLD' })
    expect(said).toHaveLength(2)
  })

  it('takes no late observation for the present', () => {
    const actor = start()
    actor.send(seen('Execute', 200))
    actor.send(seen('Aborted', 100))
    expect(stateOf(actor)).toBe('Execute')
  })

  it('takes whatever its source says first after the source began anew', () => {
    const actor = start()
    actor.send(seen('Execute', 200))
    actor.send({ type: 'SOURCE_FOUND', time: 201 })
    actor.send(seen('Idle', 100))
    expect(stateOf(actor)).toBe('Idle')
  })

  it('changes its mode without leaving its state', () => {
    const actor = start()
    actor.send(seen('Stopped', 1))
    actor.send({ type: 'MODE_OBSERVED', mode: 'Maintenance', time: 2 })
    expect(stateOf(actor)).toBe('Stopped')
    expect(actor.getSnapshot().context.mode).toBe('Maintenance')
  })
})

const anyEvent: fc.Arbitrary<MachineEvent> = fc.oneof(
  fc.record({
    type: fc.constant('OBSERVED' as const),
    state: fc.constantFrom(...packmlStates),
    reason: fc.constantFrom(...suspendReasons),
    sourceState: fc.constantFrom('a', 'b'),
    time: fc.nat(50),
  }),
  fc.record({
    type: fc.constant('MODE_OBSERVED' as const),
    mode: fc.constantFrom(...unitModes),
    time: fc.nat(50),
  }),
  fc.record({ type: fc.constant('SOURCE_FOUND' as const), time: fc.nat(50) }),
)

/** What the twin should be, in plain words: the newest observation that was not late. */
class PlainMachine {
  state: PackmlState = 'Undefined'
  reason = 'none'
  word = ''
  since = 0
  newest = 0

  take(event: MachineEvent): void {
    if (event.type === 'SOURCE_FOUND') this.newest = 0
    if (event.type !== 'OBSERVED' || event.time < this.newest) return
    const isSame =
      this.state === event.state && this.reason === event.reason && this.word === event.sourceState
    if (!isSame) this.since = event.time
    this.state = event.state
    this.reason = event.reason
    this.word = event.sourceState
    this.newest = event.time
  }
}

describe('properties of the machine twin', () => {
  it('is always where a plain model of it is, also when restored from JSON on the way', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), fc.nat(40), (events, cut) => {
        let actor = start()
        const model = new PlainMachine()
        events.forEach((event, i) => {
          if (i === cut) actor = start(JSON.parse(JSON.stringify(actor.getPersistedSnapshot())))
          actor.send(event)
          model.take(event)
          const { since, reason, sourceState } = actor.getSnapshot().context
          expect([stateOf(actor), reason, sourceState, since]).toEqual([
            model.state,
            model.reason,
            model.word,
            model.since,
          ])
        })
      }),
    )
  })
})
