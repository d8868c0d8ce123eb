import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assign, emit, setup } from 'xstate'
import { propertyRuns } from '../../twins/proof/runs.js'
import type { TwinDefinition, TwinMessage } from './definition.js'
import { TwinSystem } from './twin-system.js'

/** A station that passes parts on: what it emits causes a message to the next. Some of its parts make it throw. */
const station = setup({
  types: {
    context: {} as { readonly parts: readonly number[] },
    events: {} as { type: 'PART'; part: number; time: number } | { type: 'JAM'; time: number },
    emitted: {} as { type: 'passed'; part: number; time: number },
  },
  actions: {
    take: assign(({ context, event }) =>
      event.type === 'PART' ? { parts: [...context.parts, event.part] } : {},
    ),
    pass: emit(({ event }) => ({
      type: 'passed' as const,
      part: event.type === 'PART' ? event.part : 0,
      time: event.time,
    })),
    fail: () => {
      throw new Error('jammed')
    },
  },
}).createMachine({
  context: { parts: [] },
  initial: 'even',
  states: {
    even: { on: { PART: { target: 'odd', actions: ['take', 'pass'] } } },
    odd: { on: { PART: { target: 'even', actions: ['take', 'pass'] } } },
  },
  on: { JAM: { actions: 'fail' } },
})
const kind: TwinDefinition<undefined> = { id: 'station', version: 1, logic: station }

const lines = ['a', 'b', 'c'] as const
const addresses = lines.flatMap(line => [`${line}-1`, `${line}-2`])

/** Lines of two stations; what the first passes goes to the second. */
function makeLines() {
  const history = new Map<string, string[]>(addresses.map(address => [address, []]))
  const system: TwinSystem = new TwinSystem((address, emitted) => {
    history.get(address)!.push(JSON.stringify(emitted))
    const { type, part, time } = emitted as { type: string; part?: number; time: number }
    if (type === 'passed' && address.endsWith('-1')) {
      system.send(address.replace('-1', '-2'), { type: 'PART', part, time })
    }
  })
  for (const address of addresses) system.add(address, kind, undefined)
  return { system, history }
}

const message = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('PART'), part: fc.nat(99), time: fc.nat(100_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('JAM'), time: fc.nat(100_000) }) },
)
const oneLine = fc.array(message, { maxLength: 12 })
const traffic = fc.record({ a: oneLine, b: oneLine, c: oneLine })

describe('twins that have nothing to do with each other', () => {
  it('end in the same state and say the same, whatever the interleaving of what they are sent', async () => {
    await fc.assert(
      fc.asyncProperty(traffic, fc.scheduler(), async (sent, scheduler) => {
        const inOrder = makeLines()
        for (const line of lines) for (const one of sent[line]) inOrder.system.send(`${line}-1`, one)

        const mixed = makeLines()
        const deliver = async (line: (typeof lines)[number]) => {
          for (const one of sent[line]) {
            await scheduler.schedule(Promise.resolve())
            mixed.system.send(`${line}-1`, one)
          }
        }
        const deliveries = Promise.all(lines.map(deliver))
        await scheduler.waitFor(deliveries)

        expect(mixed.system.fork(0)).toEqual(inOrder.system.fork(0))
        expect(mixed.history).toEqual(inOrder.history)
      }),
      { numRuns: propertyRuns },
    )
  })

  it('never notice a bad one among them: its crashes change nobody else’s history', () => {
    const isGood = (one: TwinMessage): boolean => one.type === 'PART'
    fc.assert(
      fc.property(traffic, fc.array(fc.constantFrom(...lines), { maxLength: 40 }), (sent, turns) => {
        const run = (bad: readonly TwinMessage[]) => {
          const { system, history } = makeLines()
          const next = { a: 0, b: 0, c: 0 }
          for (const line of turns) {
            const messages = line === 'a' ? bad : sent[line].filter(isGood)
            const one = messages[next[line]++]
            if (one !== undefined) system.send(`${line}-1`, one)
          }
          const others = system.fork(0).twins.filter(({ address }) => !address.startsWith('a'))
          return { others, history: [...history].filter(([address]) => !address.startsWith('a')) }
        }
        expect(run(sent.a)).toEqual(run([]))
      }),
      { numRuns: propertyRuns },
    )
  })

  it('go on after a restore at any moment as if nothing had been', () => {
    fc.assert(
      fc.property(oneLine, fc.nat(12), (messages, moment) => {
        const good = messages.filter(({ type }) => type === 'PART')
        const through = makeLines().system
        let stopped = makeLines().system
        good.forEach((one, order) => {
          if (order === moment) {
            const fork = structuredClone(stopped.fork(0))
            stopped = makeLines().system
            expect(stopped.restore(fork).restored).toBe(addresses.length)
          }
          through.send('a-1', one)
          stopped.send('a-1', one)
        })
        expect(stopped.fork(0)).toEqual(through.fork(0))
      }),
      { numRuns: propertyRuns },
    )
  })
})
