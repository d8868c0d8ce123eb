import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor, type Snapshot } from 'xstate'
import { propertyRuns } from '../proof/runs.js'
import { arbitraryRun, type Step, share } from './fault.arbitrary.js'
import { checkFaultEvent, type FaultEmitted, type FaultEvent, type FaultInput } from './fault.events.js'
import { faultMachine, publicView } from './fault.machine.js'
import { walkFault } from './fault.walk.js'
import { stageAfterRepair, stageOfDamage } from './stages.js'

const runs = { numRuns: propertyRuns }

function startFault(input: FaultInput, snapshot?: Snapshot<unknown>) {
  const actor = createActor(faultMachine, { input, snapshot })
  const records: FaultEmitted[] = []
  actor.on('*', record => records.push(record))
  actor.start()
  return { actor, records, context: () => actor.getSnapshot().context }
}

/** Plays the steps, and gives back the events they became. */
function play(
  fault: ReturnType<typeof startFault>,
  steps: readonly (readonly [number, Step])[],
): FaultEvent[] {
  let time = 0
  return steps.map(([after, step]) => {
    time += after
    const event = step(time, fault.context())
    fault.actor.send(event)
    return event
  })
}

// The long form of 10,000 runs takes minutes.
describe('the fault statechart, whatever happens to it', { timeout: 600_000 }, () => {
  it('does what the model in plain code does, record by record', () => {
    fc.assert(
      fc.property(arbitraryRun, ({ input, steps }) => {
        walkFault(input, play(startFault(input), steps))
      }),
      runs,
    )
  })

  it('is where its context says, with severity and progress between 0 and 1', () => {
    fc.assert(
      fc.property(arbitraryRun, ({ input, steps }) => {
        const fault = startFault(input)
        play(fault, steps)
        const { value, context } = fault.actor.getSnapshot()
        const { fault: place } = value
        expect(typeof place === 'string' ? place : place.inUse).toBe(context.state)
        for (const share of [context.severity, context.progress, context.damage]) {
          expect(share).toBeGreaterThanOrEqual(0)
          expect(share).toBeLessThanOrEqual(1)
        }
        if (context.state === 'failed') expect(context).toMatchObject({ severity: 1, progress: 1 })
        if (context.state === 'dormant') expect(context).toMatchObject({ severity: 0, progress: 0 })
      }),
      runs,
    )
  })

  it('gets better only by a repair on a simulated machine, and marks all it says of a real one as estimated', () => {
    const order = ['dormant', 'incipient', 'developing', 'severe', 'failed']
    fc.assert(
      fc.property(arbitraryRun, ({ input, steps }) => {
        const { records } = (() => {
          const fault = startFault(input)
          play(fault, steps)
          return fault
        })()
        for (const { from, to, cause, estimated } of records) {
          expect(estimated).toBe(input.estimated)
          if (cause === 'damage') expect(order.indexOf(to)).toBeGreaterThan(order.indexOf(from))
        }
      }),
      runs,
    )
  })

  it('tells of a simulated machine that grew damage, wherever it stands, unless it is being repaired', () => {
    fc.assert(
      fc.property(arbitraryRun, share, ({ input, steps }, part) => {
        fc.pre(!input.estimated)
        const fault = startFault(input)
        play(fault, steps)
        const before = fault.context()
        fc.pre(before.state !== 'underRepair')
        fault.actor.send({ type: 'DAMAGE', time: before.time, damage: 1 - (1 - before.damage) * part })
        const { state, damage } = fault.context()
        const stage = stageOfDamage(input.pattern, damage)
        expect(state).toBe(
          before.state === 'repaired' && stage === stageAfterRepair(before) ? 'repaired' : stage,
        )
      }),
      runs,
    )
  })

  it('never shows its hidden damage, neither in what it says nor in what everybody may see', () => {
    const input: FaultInput = { fault: 'mill.tool-wear', pattern: 'tool-wear', estimated: false }
    fc.assert(
      fc.property(share, share, (one, other) => {
        // Any two amounts of damage within one stage look alike.
        const views = [one, other].map(part => {
          const fault = startFault(input)
          fault.actor.send({ type: 'DAMAGE', time: 5, damage: 0.5 + 0.29 * part })
          fault.actor.send({ type: 'TICK', time: 5000 })
          return { view: publicView(fault.actor.getSnapshot()), records: fault.records }
        })
        expect(views[0]).toEqual(views[1])
        expect(JSON.stringify(views)).not.toContain('"damage":')
      }),
      runs,
    )
  })

  it('goes on after a restart of the program as if there had been none', () => {
    fc.assert(
      fc.property(arbitraryRun, fc.nat(), ({ input, steps }, at) => {
        const cut = steps.length === 0 ? 0 : at % steps.length
        const whole = startFault(input)
        const events = play(whole, steps)
        const first = startFault(input)
        for (const event of events.slice(0, cut)) first.actor.send(event)
        const json = JSON.stringify(first.actor.getPersistedSnapshot())
        const second = startFault(input, JSON.parse(json))
        expect(JSON.stringify(second.actor.getPersistedSnapshot())).toBe(json)
        for (const event of events.slice(cut)) second.actor.send(event)
        expect([...first.records, ...second.records]).toEqual(whole.records)
        expect(second.actor.getPersistedSnapshot()).toEqual(whole.actor.getPersistedSnapshot())
      }),
      runs,
    )
  })

  it('ends the same however often time is told', () => {
    fc.assert(
      fc.property(
        arbitraryRun,
        fc.array(fc.integer({ min: 0, max: 120 * 86_400_000 })),
        ({ input, steps }, extra) => {
          const whole = startFault(input)
          const end: FaultEvent = { type: 'TICK', time: 121 * 86_400_000 }
          const events = [...play(whole, steps), end]
          whole.actor.send(end)
          const ticked = startFault(input)
          const ticks = extra.map((time): FaultEvent => ({ type: 'TICK', time }))
          for (const event of [...events, ...ticks].sort((a, b) => a.time - b.time)) ticked.actor.send(event)
          expect(ticked.records).toEqual(whole.records)
          expect(ticked.context()).toEqual(whole.context())
        },
      ),
      runs,
    )
  })

  it('stays as it was, and says nothing, when it gets something that is no event of it', () => {
    const junk = fc.oneof(
      fc.record({ type: fc.string(), time: fc.anything() }),
      fc.record({
        type: fc.constantFrom(
          'DAMAGE',
          'EVIDENCE',
          'BREAKDOWN',
          'REPAIR_ENDED',
          'CLEARED',
          'RESTARTED',
          'TICK',
        ),
        time: fc.oneof(fc.constant(9e12), fc.anything()),
        damage: fc.oneof(share, fc.anything()),
        keeps: fc.anything(),
      }),
    )
    fc.assert(
      fc.property(arbitraryRun, junk, ({ input, steps }, bad) => {
        const fault = startFault(input)
        play(fault, steps)
        fc.pre(checkFaultEvent(bad, fault.context()) !== undefined)
        const before = fault.actor.getSnapshot()
        fault.records.length = 0
        fault.actor.send(bad as unknown as FaultEvent)
        expect(fault.actor.getSnapshot()).toBe(before)
        expect(fault.records).toEqual([])
      }),
      runs,
    )
  })
})
