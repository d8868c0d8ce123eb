import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, createActor, type Snapshot } from 'xstate'
import { displayState } from '../../schema/display-state.js'
import type { MachineEmitted } from '../../twins/machine/machine.events.js'
import { propertyRuns } from '../../twins/proof/runs.js'
import type { TwinDefinition, TwinEmitted, TwinMessage } from './definition.js'
import {
  anyLives,
  definitionOf,
  fedLine,
  feeder,
  isMadeOnDemand,
  type Life,
  madeOnDemand,
} from './lives.arbitrary.js'
import { TwinSystem } from './twin-system.js'

const runs = { numRuns: propertyRuns }

/** What a line hears of what its machine says. */
function passOn(said: TwinEmitted): TwinMessage {
  const emitted = said as MachineEmitted
  const isState = emitted.type === 'state.changed'
  const display = isState ? displayState(emitted.to, 'Production', emitted.reason) : 'unknown'
  const news = { machine: feeder, display, reason: emitted.type, cycleTime: null }
  return { type: 'MACHINE_STATE', time: emitted.time, ...news }
}

/** A system of these twins, in which a machine tells its line, and all that was said in it. */
function host(lives: readonly Life[], definition: (life: Life) => TwinDefinition = definitionOf) {
  const said: { address: string; text: string }[] = []
  const system: TwinSystem = new TwinSystem((address, emitted) => {
    said.push({ address, text: JSON.stringify(emitted) })
    if (address === feeder && !emitted.type.startsWith('twin.')) system.send(fedLine, passOn(emitted))
  })
  for (const life of lives) system.add(life.address, definition(life), life.input)
  return {
    system,
    said,
    saidBy: (by: string) => said.flatMap(({ address, text }) => (address === by ? [text] : [])),
  }
}

/** What becomes of one twin by itself, in XState's own interpreter. */
function alone(life: Life, messages: readonly TwinMessage[]) {
  const { logic, check } = definitionOf(life)
  const actor = createActor(logic, { input: life.input })
  const said: TwinEmitted[] = []
  actor.on('*', emitted => said.push(emitted as unknown as TwinEmitted))
  actor.start()
  for (const message of messages) {
    const { context } = actor.getSnapshot() as { context: never }
    if (check?.(message, context) === undefined) actor.send(message)
  }
  return { persisted: actor.getPersistedSnapshot(), said }
}

/** The twins’ states by address; of a restored one the fields may be in another order. */
const statesOf = (system: TwinSystem) =>
  system
    .fork(0)
    .twins.map(twin => ({ ...twin, snapshot: JSON.parse(twin.snapshot) as unknown }))
    .toSorted((a, b) => (a.address < b.address ? -1 : 1))

describe('the twins of all kinds in one system', { timeout: 600_000 }, () => {
  it('each end and say what they would alone, whatever the interleaving of what they are sent', async () => {
    await fc.assert(
      fc.asyncProperty(anyLives, fc.scheduler(), async (lives, scheduler) => {
        const mixed = host(lives)
        const deliver = async ({ address, messages }: Life) => {
          for (const message of messages) {
            await scheduler.schedule(Promise.resolve())
            mixed.system.send(address, message)
          }
        }
        await scheduler.waitFor(Promise.all(lives.map(deliver)))

        const inOrder = host(lives)
        for (const { address, messages } of lives) {
          for (const message of messages) inOrder.system.send(address, message)
        }
        expect(mixed.system.fork(0)).toEqual(inOrder.system.fork(0))
        let told: readonly TwinMessage[] = []
        for (const life of lives) {
          const { persisted, said } = alone(life, life.address === fedLine ? told : life.messages)
          if (life.address === feeder) told = said.map(passOn)
          expect(mixed.system.get(life.address)!.persisted()).toEqual(persisted)
          expect(mixed.saidBy(life.address)).toEqual(said.map(emitted => JSON.stringify(emitted)))
        }
      }),
      runs,
    )
  })

  it('never notice a bad one among them: its crashes change nobody else’s history', () => {
    let crashes = 0
    fc.assert(
      fc.property(anyLives, anyTurns, anyPoison, (lives, turns, poison) => {
        const bad = lives[poison.life % lives.length]!
        const isOther = ({ address }: { readonly address: string }): boolean =>
          address !== bad.address && !(bad.address === feeder && address === fedLine)
        const others = lives.filter(isOther)
        const run = (all: readonly Life[]) => {
          const { system, said } = host(all, life =>
            life.address === bad.address ? poisoned(life) : definitionOf(life),
          )
          play(
            system,
            lives.map(life => all.find(({ address }) => address === life.address)),
            turns,
          )
          crashes += said.filter(({ text }) => text.includes('"twin.crashed"')).length
          return {
            states: statesOf(system).filter(isOther),
            looks: others.map(({ address }) => system.inspect(address)),
            said: said.filter(isOther),
            changed: system.takeSnapshots(0).filter(isOther),
          }
        }
        const poisonous = lives.map(life => (life === bad ? withPoison(life, poison) : life))
        expect(run(poisonous)).toEqual(run(others))
      }),
      runs,
    )
    expect(crashes).toBeGreaterThan(propertyRuns / 4)
  })

  it('go on from a fork as if nothing had been, also those that the other system had not made', () => {
    fc.assert(
      fc.property(anyLives, anyTurns, fc.nat(120), fc.nat(120), (lives, turns, cut, elsewhere) => {
        const one = hostOnDemand(lives)
        const from = play(one.system, lives, turns.slice(0, cut), one)
        const other = hostOnDemand(lives)
        play(other.system, lives, turns.slice(cut, cut + elsewhere), other)
        const fork = structuredClone(one.system.fork(7))
        const inFork = new Set(fork.twins.map(({ address }) => address))
        const isExtra = ({ address }: { address: string }) => !inFork.has(address)

        const outcomes = other.system.restore(fork)
        const extra = statesOf(other.system).filter(isExtra)
        expect(outcomes).toMatchObject({ restored: inFork.size, fresh: extra.length })
        expect(other.system.unused).toEqual([])
        expect(statesOf(other.system).filter(twin => !isExtra(twin))).toEqual(statesOf(one.system))
        const fresh = statesOf(host(lives).system)
        expect(fresh).toEqual(expect.arrayContaining(extra))

        one.said.length = 0
        other.said.length = 0
        play(one.system, lives, turns.slice(cut), { ...one, from })
        play(other.system, lives, turns.slice(cut), { ...other, from })
        expect(other.said).toEqual(one.said)
        // Whoever was made here and not there has been told nothing.
        const made = new Set(statesOf(one.system).map(({ address }) => address))
        expect(statesOf(other.system).filter(({ address }) => made.has(address))).toEqual(
          statesOf(one.system),
        )
      }),
      runs,
    )
  })
})

/** Whose turn it is, or that time is told. */
const anyTurns = fc.array(fc.nat(9), { maxLength: 120, size: 'max' })

/**
 * Gives each twin its next message when it is its turn, or tells all that 400 ms have passed. `ready`: asked before a
 * twin is sent something. Answers with how far each has come, and the time.
 */
function play(
  system: TwinSystem,
  lives: readonly (Life | undefined)[],
  turns: readonly number[],
  { from = [], ready = () => {} }: { from?: readonly number[]; ready?: (life: Life) => void } = {},
): number[] {
  const next = lives.map((_, at) => from[at] ?? 0)
  let now = from[lives.length] ?? 1_000
  for (const turn of turns) {
    if (turn === lives.length) {
      now += 400
      system.tick(now)
      continue
    }
    const life = lives[turn]
    const message = life?.messages[next[turn]!++]
    if (life === undefined || message === undefined) continue
    ready(life)
    system.send(life.address, message)
  }
  return [...next, now]
}

/** A system that makes its faults and alarms only when there is first something to say of them. */
function hostOnDemand(lives: readonly Life[]) {
  const hosted = host(lives.filter(life => !isMadeOnDemand(life)))
  const { system } = hosted
  const ready = (life: Life): void => {
    if (system.get(life.address) === undefined) system.add(life.address, definitionOf(life), life.input)
  }
  for (const id of madeOnDemand) {
    system.makes(id, saved => {
      const life = lives.find(({ address }) => address === saved.address)
      return life && system.add(life.address, definitionOf(life), life.input, saved)
    })
  }
  return { ...hosted, ready }
}

const ways = ['before', 'in a guard', 'after'] as const
type Way = (typeof ways)[number]
interface Poison {
  readonly life: number
  /** Of each of its messages whether and where it makes the chart throw. */
  readonly throws: readonly (Way | undefined)[]
}
const anyPoison: fc.Arbitrary<Poison> = fc.record({
  life: fc.nat(8),
  throws: fc.array(fc.constantFrom(undefined, undefined, ...ways), { minLength: 1, maxLength: 20 }),
})

const withPoison = (life: Life, { throws }: Poison): Life => ({
  ...life,
  messages: life.messages.map((message, at) => ({ ...message, poison: throws[at % throws.length] })),
})

/**
 * The definition of a twin with the same chart, which throws on poison: before it does anything, in its own guards, or
 * when everything but the last step is done.
 */
function poisoned(life: Life): TwinDefinition {
  const definition = definitionOf(life)
  const chart = definition.logic as AnyStateMachine
  const isPoison = (event: object, way: Way): boolean => (event as { poison?: Way }).poison === way
  const guards = Object.entries(chart.implementations.guards).map(([name, guard]) => [
    name,
    (args: { event: object }, params: unknown): boolean => {
      if (isPoison(args.event, 'in a guard')) throw new Error('a guard threw')
      return (guard as (args: unknown, params: unknown) => boolean)(args, params)
    },
  ])
  const guarded = chart.provide({ guards: Object.fromEntries(guards) } as never)
  const transition = (snapshot: Snapshot<unknown>, event: TwinMessage, scope: unknown): Snapshot<unknown> => {
    if (isPoison(event, 'before')) throw new Error('the chart threw at once')
    const next = guarded.transition(snapshot as never, event as never, scope as never)
    if (isPoison(event, 'after')) throw new Error('the chart threw at last')
    return next
  }
  return { ...definition, logic: Object.create(guarded, { transition: { value: transition } }) }
}
