import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import type { MachineConfig, Mode } from '../../schema/machine-config.js'
import { type PackmlState, packmlStates } from '../../schema/packml.js'
import { propertyRuns } from '../proof/runs.js'
import { isEnabled } from './config.js'
import { anyEvents, configs } from './machine.arbitrary.js'
import { checkMachineEvent, counterNames, type MachineEvent } from './machine.events.js'
import { machineMachine, packmlStateOf } from './machine.machine.js'
import { walkMachine } from './machine.walk.js'
import { firstLegal, movesByPriority, nextState, statesBetween } from './rules.js'

const start = (config: MachineConfig, snapshot?: Snapshot<unknown>) =>
  createActor(machineMachine, { input: config, snapshot }).start()
type Actor = ReturnType<typeof start>

const throughJson = (actor: Actor): Snapshot<unknown> =>
  JSON.parse(JSON.stringify(actor.getPersistedSnapshot()))

/** As the twin system does: what the check refuses never reaches the statechart. */
function give(actor: Actor, event: MachineEvent): boolean {
  if (checkMachineEvent(event, actor.getSnapshot().context) !== undefined) return false
  actor.send(event)
  return true
}

const anyCase = fc
  .constantFrom(...configs)
  .chain(config => fc.record({ config: fc.constant(config), events: anyEvents(config) }))

const runs = { numRuns: propertyRuns }

describe('properties of the machine twin', () => {
  it('is always where a plain model of it is', () => {
    fc.assert(
      fc.property(anyCase, ({ config, events }) => {
        walkMachine(config, events)
      }),
      runs,
    )
  })

  it('never reaches a state outside the standard, and remembers the state it is in', () => {
    fc.assert(
      fc.property(anyCase, ({ config, events }) => {
        const actor = start(config)
        for (const event of events) {
          give(actor, event)
          const { value, context } = actor.getSnapshot()
          expect(packmlStates).toContain(context.state)
          expect(packmlStateOf(value)).toBe(context.state)
        }
      }),
      runs,
    )
  })

  it('is never led by a command into a state that its mode does without', () => {
    fc.assert(
      fc.property(anyCase, ({ config, events }) => {
        const actor = start(config)
        for (const event of events) {
          const before = actor.getSnapshot().context.state
          give(actor, event)
          const { state, mode } = actor.getSnapshot().context
          const isLed = event.type !== 'OBSERVED' && state !== before
          if (isLed) expect(isEnabled(config, mode, state)).toBe(true)
        }
      }),
      runs,
    )
  })

  it('aborts from everywhere, whatever else is asked in the same scan', () => {
    fc.assert(
      fc.property(
        anyCase,
        fc.subarray(movesByPriority.filter(move => move !== 'STATE_COMPLETE' && move !== 'ABORT')),
        fc.boolean(),
        ({ config, events }, others, stateComplete) => {
          const actor = start(config)
          for (const event of events) give(actor, event)
          const { state, newest } = actor.getSnapshot().context
          fc.pre(state !== 'Undefined' && state !== 'Aborting' && state !== 'Aborted')
          const commands = [...others, 'ABORT' as const]
          actor.send({ type: 'SCAN', commands, stateComplete, time: newest ?? 0 } as MachineEvent)
          expect(['Aborting', 'Aborted']).toContain(actor.getSnapshot().context.state)
        },
      ),
      runs,
    )
  })

  it('never counts down', () => {
    fc.assert(
      fc.property(anyCase, ({ config, events }) => {
        const actor = start(config)
        for (const event of events) {
          const before = actor.getSnapshot().context
          give(actor, event)
          const after = actor.getSnapshot().context
          for (const name of counterNames) {
            expect(after[name].count).toBeGreaterThanOrEqual(before[name].count)
          }
        }
      }),
      runs,
    )
  })

  it('ends the same when it was restored from JSON on the way, and says the same', () => {
    fc.assert(
      fc.property(anyCase, fc.nat(60), ({ config, events }, cut) => {
        const lasting = start(config)
        let restored = start(config)
        const said: [unknown[], unknown[]] = [[], []]
        lasting.on('*', emitted => said[0].push(emitted))
        restored.on('*', emitted => said[1].push(emitted))
        for (const [at, event] of events.entries()) {
          if (at === cut) {
            restored = start(config, throughJson(restored))
            restored.on('*', emitted => said[1].push(emitted))
          }
          give(lasting, event)
          give(restored, event)
        }
        expect(throughJson(restored)).toEqual(throughJson(lasting))
        expect(said[1]).toEqual(said[0])
      }),
      runs,
    )
  })

  it('tells of every change what it changed to, with a time', () => {
    fc.assert(
      fc.property(anyCase, ({ config, events }) => {
        const actor = start(config)
        const said: { type: string; time: number; to?: unknown }[] = []
        actor.on('*', emitted => said.push(emitted))
        for (const event of events) {
          const before = actor.getSnapshot().context
          said.length = 0
          give(actor, event)
          const after = actor.getSnapshot().context
          const of = (type: string) => said.filter(emitted => emitted.type === type)
          expect(said.every(({ time }) => time === event.time)).toBe(true)
          if (after.state !== before.state) expect(of('state.changed')[0]?.to).toBe(after.state)
          expect(of('mode.changed')).toHaveLength(after.mode === before.mode ? 0 : 1)
        }
      }),
      runs,
    )
  })
})

describe('properties of the rules', () => {
  const anyPlace = fc.constantFrom(...configs).chain(config =>
    fc.record({
      config: fc.constant(config),
      mode: fc.constantFrom<Mode>(...config.modes.map(({ mode }) => mode), 'Invalid'),
      from: fc.constantFrom(...packmlStates),
    }),
  )

  it('infers only paths on which every step is legal, and none longer than need be', () => {
    fc.assert(
      fc.property(anyPlace, fc.constantFrom(...packmlStates), ({ config, mode, from }, to) => {
        const path = statesBetween(config, mode, from, to)
        const steps: PackmlState[] = [from, ...path, to]
        const reachedFrom = (state: PackmlState) =>
          movesByPriority.map(move => nextState(config, mode, state, move))
        let front = new Set<PackmlState>([from])
        let isReached = false
        for (let length = 0; length < path.length && !isReached; length++) {
          front = new Set([...front].flatMap(reachedFrom).filter(state => state !== undefined))
          isReached = front.has(to)
        }
        if (path.length > 0) {
          for (const [at, state] of steps.slice(0, -1).entries()) {
            expect(reachedFrom(state)).toContain(steps[at + 1])
          }
          expect(isReached, 'a shorter way').toBe(false)
        }
      }),
      runs,
    )
  })

  it('take the legal move that goes first, whatever else is asked', () => {
    fc.assert(
      fc.property(anyPlace, fc.subarray([...movesByPriority]), ({ config, mode, from }, asked) => {
        const first = firstLegal(config, mode, from, asked)
        const legal = asked.filter(move => nextState(config, mode, from, move) !== undefined)
        expect(first).toBe(movesByPriority.find(move => legal.includes(move)))
      }),
      runs,
    )
  })
})
