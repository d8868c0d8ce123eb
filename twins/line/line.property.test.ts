import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import { lineStates } from '../../schema/line-state.js'
import { propertyRuns } from '../proof/runs.js'
import type { LineMachine } from './constraint.js'
import { anyEvents, anyLine } from './line.arbitrary.js'
import { checkLineEvent } from './line.events.js'
import { lineMachine } from './line.machine.js'
import { walkLine } from './line.walk.js'

const start = (machines: readonly LineMachine[], snapshot?: Snapshot<unknown>) =>
  createActor(lineMachine, { input: { machines }, snapshot }).start()
const runs = { numRuns: propertyRuns }

describe('properties of the line twin', () => {
  it('says what the model says, and announces each change once', () => {
    fc.assert(
      fc.property(anyLine, anyEvents, (machines, events) => {
        walkLine(machines, events)
      }),
      runs,
    )
  })

  it('ends the same in whatever order the news of different machines came', () => {
    fc.assert(
      fc.property(anyLine, anyEvents, fc.infiniteStream(fc.nat(7)), (machines, events, picks) => {
        const queues = [0, 1, 2, 3, 4, 5, 6, 7].map(i => events.filter(({ machine }) => machine === `m${i}`))
        const [inOrder, mixed] = [start(machines), start(machines)]
        for (const queue of queues) for (const event of queue) inOrder.send(event)
        const waiting = queues.map(queue => [...queue])
        while (waiting.some(queue => queue.length > 0)) {
          const nonEmpty = waiting.filter(queue => queue.length > 0)
          const event = nonEmpty[picks.next().value % nonEmpty.length]?.shift()
          if (event !== undefined) mixed.send(event)
        }
        expect(mixed.getSnapshot().value).toEqual(inOrder.getSnapshot().value)
        expect(mixed.getSnapshot().context).toEqual(inOrder.getSnapshot().context)
      }),
      runs,
    )
  })

  it('restored from JSON in the middle of anything goes on as if nothing had happened', () => {
    fc.assert(
      fc.property(anyLine, anyEvents, fc.nat(40), (machines, events, cut) => {
        const [whole, before] = [start(machines), start(machines)]
        for (const event of events) whole.send(event)
        for (const event of events.slice(0, cut)) before.send(event)
        const persisted = JSON.parse(JSON.stringify(before.getPersistedSnapshot()))
        const after = start(machines, persisted)
        expect(JSON.parse(JSON.stringify(after.getPersistedSnapshot()))).toEqual(persisted)
        for (const event of events.slice(cut)) after.send(event)
        expect(after.getPersistedSnapshot()).toEqual(whole.getPersistedSnapshot())
      }),
      runs,
    )
  })

  it('is in no state outside its list, and checks any input without throwing', () => {
    fc.assert(
      fc.property(anyLine, anyEvents, fc.anything(), (machines, events, thing) => {
        const actor = start(machines)
        for (const event of events) {
          const isTaken = checkLineEvent(event, actor.getSnapshot().context) === undefined
          const before = actor.getSnapshot().context
          actor.send(event)
          if (!isTaken) expect(actor.getSnapshot().context).toEqual(before)
          expect(lineStates).toContain(actor.getSnapshot().value)
        }
        expect(checkLineEvent(thing, actor.getSnapshot().context)).toBeDefined()
      }),
      runs,
    )
  })
})
