import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import type { MachineConfig } from '../../schema/machine-config.js'
import { packmlNumber, packmlStates, suspendReasons } from '../../schema/packml.js'
import { propertyRuns } from '../proof/runs.js'
import { cumulativeTimes } from './cumulative-time.js'
import { anyEvents, configs } from './machine.arbitrary.js'
import { checkMachineEvent, type MachineEvent } from './machine.events.js'
import { machineMachine } from './machine.machine.js'
import { MachineBank } from './machine-bank.js'
import { type Move, movesByPriority } from './rules.js'
import { compileMachineTable, type MachineTable, refused } from './table.js'

const tables = new Map<MachineConfig, MachineTable>(
  configs.map(config => [config, compileMachineTable(config)]),
)

const moveNumber = (move: Move): number => movesByPriority.indexOf(move)

/** Gives a machine of the bank what the statechart is sent. */
function give(bank: MachineBank, machine: number, event: MachineEvent): void {
  const { modes } = bank.table
  switch (event.type) {
    case 'OBSERVED':
      bank.observe(machine, packmlNumber[event.state], suspendReasons.indexOf(event.reason), event.time)
      return
    case 'MODE_OBSERVED':
      bank.observeMode(machine, modes.indexOf(event.mode), event.time)
      return
    case 'SET_MODE':
      bank.setMode(machine, modes.indexOf(event.mode), event.time)
      return
    case 'INTERLOCK':
      bank.interlock(machine, suspendReasons.indexOf(event.reason), event.time)
      return
    case 'COUNTED':
      bank.count(machine, event.counter, event.reading, event.time, event.most)
      return
    case 'SCAN': {
      const asked: Move[] = event.stateComplete ? [...event.commands, 'STATE_COMPLETE'] : [...event.commands]
      const mask = asked.reduce((word, move) => word | (1 << moveNumber(move)), 0)
      bank.scan(
        machine,
        mask,
        event.time,
        event.reason === undefined ? -1 : suspendReasons.indexOf(event.reason),
      )
      return
    }
    case 'STOP_REASON':
    case 'SOURCE_FOUND':
      throw new Error(`A bank knows no ${event.type}.`)
    default:
      bank.move(
        machine,
        moveNumber(event.type),
        event.time,
        event.reason === undefined ? -1 : suspendReasons.indexOf(event.reason),
      )
  }
}

describe('the compiled machine table', () => {
  it('runs every machine exactly as the statechart does, counters and cumulative times included', () => {
    const anyCase = fc
      .constantFrom(...configs)
      .chain(config =>
        fc.record({ config: fc.constant(config), events: anyEvents(config, { isTableOnly: true }) }),
      )
    fc.assert(
      fc.property(anyCase, fc.nat(2), ({ config, events }, machine) => {
        const actor = createActor(machineMachine, { input: config }).start()
        const bank = new MachineBank(tables.get(config)!, 3)
        const { modes } = bank.table
        for (const event of events) {
          if (checkMachineEvent(event, actor.getSnapshot().context) !== undefined) continue
          actor.send(event)
          give(bank, machine, event)
          const { context } = actor.getSnapshot()
          expect({
            state: packmlStates[bank.state[machine]!],
            mode: modes[bank.mode[machine]!],
            reason: suspendReasons[bank.reason[machine]!],
            since: bank.since[machine],
            processed: bank.processed.count[machine],
            defective: bank.defective.count[machine],
          }).toEqual({
            state: context.state,
            mode: context.mode,
            reason: context.reason,
            since: context.since,
            processed: context.processed.count,
            defective: context.defective.count,
          })
        }
        const times = cumulativeTimes(actor.getSnapshot().context)
        for (const [modeIndex, mode] of modes.entries()) {
          for (const state of packmlStates) {
            expect(bank.cumulativeTime(machine, modeIndex, packmlNumber[state]), `${mode} ${state}`).toBe(
              times[mode]?.[state] ?? 0,
            )
          }
        }
      }),
      { numRuns: propertyRuns },
    )
  })

  it('keeps machines apart', () => {
    const bank = new MachineBank(tables.get(configs[0]!)!, 2)
    bank.observe(1, packmlNumber.Execute, 0, 100)
    bank.count(1, 'processed', 5, 110)
    bank.count(1, 'processed', 7, 120)
    expect([bank.state[0], bank.processed.count[0], bank.cumulativeTime(0, 0, packmlNumber.Execute)]).toEqual(
      [packmlNumber.Undefined, 0, 0],
    )
    expect([bank.state[1], bank.processed.count[1], bank.cumulativeTime(1, 0, packmlNumber.Execute)]).toEqual(
      [packmlNumber.Execute, 2, 20],
    )
  })

  it('survives the way to a worker', () => {
    const table = tables.get(configs[3]!)!
    const { structuredClone } = globalThis as unknown as { structuredClone: <T>(value: T) => T }
    expect(structuredClone(table)).toEqual(table)
    expect(table.next.filter(next => next !== refused).length).toBeGreaterThan(0)
  })
})
