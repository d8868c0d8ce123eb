import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assign, createActor, emit, raise, type Snapshot, setup } from 'xstate'
import { propertyRuns } from '../../twins/proof/runs.js'
import { Stage } from './stage.js'

/** Everything a twin's statechart may use: nesting, regions, history, eventless and raised transitions, emits. */
const lift = setup({
  types: {
    context: {} as { readonly trips: number; readonly log: readonly string[] },
    events: {} as { type: 'CALL' | 'ARRIVE' | 'HALT' | 'GO_ON' | 'LAMP' | 'WORN'; time: number },
    emitted: {} as { type: string; time: number },
  },
  guards: { isWorn: ({ context }) => context.trips >= 3 },
  actions: {
    log: assign(({ context }, { word }: { word: string }) => ({ log: [...context.log, word] })),
    count: assign(({ context }) => ({ trips: context.trips + 1 })),
    say: emit(({ event }, { type }: { type: string }) => ({ type, time: event.time })),
    wear: raise(({ event }) => ({ type: 'WORN' as const, time: event.time })),
  },
}).createMachine({
  context: { trips: 0, log: [] },
  type: 'parallel',
  states: {
    cabin: {
      initial: 'serving',
      states: {
        serving: {
          initial: 'waiting',
          exit: { type: 'log', params: { word: 'left' } },
          states: {
            waiting: {
              entry: { type: 'say', params: { type: 'ready' } },
              on: {
                CALL: { target: 'moving', actions: ['count', { type: 'say', params: { type: 'called' } }] },
              },
            },
            moving: { on: { ARRIVE: { target: 'checking', actions: 'wear' } } },
            checking: { always: [{ guard: 'isWorn', target: 'worn' }, { target: 'waiting' }] },
            worn: {},
            recent: { type: 'history' },
          },
          on: { HALT: 'halted' },
        },
        halted: { on: { GO_ON: 'serving.recent' } },
      },
    },
    lamp: {
      initial: 'off',
      states: { off: { on: { LAMP: 'on' } }, on: { on: { LAMP: 'off' } } },
      on: { WORN: { actions: { type: 'say', params: { type: 'worn' } } } },
    },
  },
})

const type = fc.constantFrom('CALL', 'ARRIVE', 'HALT', 'GO_ON', 'LAMP', 'UNKNOWN')
const persisted = (snapshot: Snapshot<unknown>) =>
  JSON.stringify(lift.getPersistedSnapshot(snapshot as never))

/** Restores all runs, so that it has seen many of the states before. */
const stopped = new Stage()

describe('a statechart on the stage', () => {
  it('goes through the same states and says the same as with createActor, event by event', () => {
    fc.assert(
      fc.property(fc.array(type, { maxLength: 40 }), types => {
        const actor = createActor(lift)
        const actorSays: unknown[] = []
        actor.on('*', said => actorSays.push(said))
        actor.start()
        const stage = new Stage()
        let { snapshot, emitted } = stage.begin(lift, undefined)
        const stageSays: unknown[] = [...emitted]
        types.forEach((type, time) => {
          actor.send({ type, time } as never)
          ;({ snapshot, emitted } = stage.move(lift, snapshot, { type, time }))
          stageSays.push(...emitted)
          expect(persisted(snapshot)).toBe(persisted(actor.getSnapshot()))
        })
        expect(stageSays).toEqual(actorSays)
      }),
      { numRuns: propertyRuns },
    )
  })

  it('goes on from a snapshot, at any point of any sequence, as if it had never stopped', () => {
    fc.assert(
      fc.property(fc.array(type, { maxLength: 30 }), fc.nat(30), (types, stop) => {
        const through = new Stage()
        let one = through.begin(lift, undefined).snapshot
        let other = one
        types.forEach((type, time) => {
          if (time === stop) other = stopped.restore(lift, JSON.parse(persisted(other)))
          one = through.move(lift, one, { type, time }).snapshot
          other = stopped.move(lift, other, { type, time }).snapshot
        })
        expect(persisted(other)).toBe(persisted(one))
      }),
      { numRuns: propertyRuns },
    )
  })
})
