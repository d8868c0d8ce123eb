import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { type SourceState, sourceStates } from '../../schema/source-state.js'
import { checkSourceEvent, type SourceTwinEvent } from './source.events.js'
import { type SourceEmitted, sourceMachine } from './source.machine.js'
import { SourceModel } from './source.model.js'

const CONNECT: SourceTwinEvent = { type: 'CONNECT', time: 1 }
const CONNECTED: SourceTwinEvent = { type: 'CONNECTED', time: 2 }
const INTERRUPTED: SourceTwinEvent = { type: 'INTERRUPTED', reason: 'session lost', time: 8 }
const HEARD: SourceTwinEvent = { type: 'HEARD', time: 3 }
const SILENT: SourceTwinEvent = { type: 'SILENT', reason: 'nothing for 3 s', time: 4 }
const LOST: SourceTwinEvent = { type: 'LOST', reason: 'refused', retryAt: 900, time: 5 }
const ENDED: SourceTwinEvent = { type: 'ENDED', time: 6 }
const STOP: SourceTwinEvent = { type: 'STOP', time: 7 }
const all = [CONNECT, CONNECTED, INTERRUPTED, HEARD, SILENT, LOST, ENDED, STOP]

/** How to get to each state from the start. */
const ways: Record<SourceState, readonly SourceTwinEvent[]> = {
  stopped: [],
  connecting: [CONNECT],
  connected: [CONNECT, CONNECTED],
  degraded: [CONNECT, CONNECTED, SILENT],
  waiting: [CONNECT, LOST],
  ended: [CONNECT, ENDED],
}
/** Where each event leads, in the order of `all`; a dot = nowhere. */
const table: Record<SourceState, string> = {
  stopped: 'connecting . . . . . . .',
  connecting: '. connected . . . waiting ended stopped',
  connected: '. . connecting . degraded waiting ended stopped',
  degraded: '. . connecting connected . waiting ended stopped',
  waiting: 'connecting . . . . . . stopped',
  ended: 'connecting . . . . . . stopped',
}

function follow(...events: readonly SourceTwinEvent[]) {
  const actor = createActor(sourceMachine).start()
  const said: SourceEmitted[] = []
  actor.on('*', emitted => said.push(emitted))
  for (const event of events) actor.send(event)
  const { value, context } = actor.getSnapshot()
  return { state: value, context, said }
}

const rows = sourceStates.flatMap(from =>
  table[from].split(' ').map((to, place) => [from, all[place]!, to === '.' ? from : to] as const),
)

describe('the link to a source', () => {
  it.each(rows)('goes from %s on %o to %s, and says so once', (from, event, to) => {
    const { state, said, context } = follow(...ways[from], event)
    expect(state).toBe(to)
    const isMoved = from !== to
    expect(said).toHaveLength(ways[from].length + (isMoved ? 1 : 0))
    if (!isMoved) return
    expect(said.at(-1)).toEqual({ type: 'link.changed', time: event.time, to, reason: context.reason })
    expect(context.since).toBe(event.time)
  })

  it.each(rows)('remembers in %s on %o what the model does, after some trouble', (from, event) => {
    const trouble: Record<SourceState, readonly SourceTwinEvent[]> = {
      stopped: [CONNECT, LOST, STOP],
      connecting: [CONNECT, LOST, CONNECT],
      connected: [CONNECT, LOST, CONNECT, CONNECTED],
      degraded: [CONNECT, LOST, CONNECT, CONNECTED, SILENT],
      waiting: [CONNECT, LOST],
      ended: [CONNECT, LOST, CONNECT, ENDED],
    }
    const model = new SourceModel()
    for (const each of [...trouble[from], event]) model.take(each)
    const { state, context } = follow(...trouble[from], event)
    expect({ state, ...context }).toEqual({ ...model })
  })

  it('remembers why it waits and until when, through the next try, until it stands', () => {
    const waits = follow(CONNECT, LOST).context
    expect(waits).toMatchObject({ reason: 'refused', retryAt: 900, failures: 1, losses: 0 })
    expect(follow(CONNECT, LOST, CONNECT).context).toMatchObject({ reason: 'refused', retryAt: null })
    const stands = follow(CONNECT, LOST, CONNECT, CONNECTED).context
    expect(stands).toMatchObject({ reason: '', failures: 0 })
  })

  it('counts the losses of a link that stood apart from the tries that came to nothing', () => {
    const again = [CONNECT, CONNECTED, LOST]
    expect(follow(...again, CONNECT, LOST).context).toMatchObject({ losses: 1, failures: 1, retryAt: 900 })
    expect(follow(CONNECT, CONNECTED, INTERRUPTED).context).toMatchObject({
      losses: 1,
      reason: 'session lost',
    })
    expect(follow(CONNECT, CONNECTED, SILENT, LOST).context).toMatchObject({ losses: 1, failures: 0 })
  })

  it('remembers why it is degraded only while it is', () => {
    expect(follow(CONNECT, CONNECTED, SILENT).context.reason).toBe('nothing for 3 s')
    expect(follow(CONNECT, CONNECTED, SILENT, HEARD).context.reason).toBe('')
    expect(follow(CONNECT, CONNECTED, SILENT, ENDED).context.reason).toBe('')
  })

  it('forgets its troubles when it is stopped', () => {
    const { context } = follow(CONNECT, LOST, STOP)
    expect(context).toMatchObject({ reason: '', retryAt: null, failures: 0 })
  })
})

describe('what a source twin refuses', () => {
  it.each([
    [undefined, 'bad-payload'],
    [{ type: 'DANCE', time: 1 }, 'unknown-event'],
    [{ type: { a: 1 }, time: 1 }, 'unknown-event'],
    [{ type: 'HEARD' }, 'bad-payload'],
    [{ type: 'HEARD', time: Number.NaN }, 'not-a-number'],
    [{ type: 'SILENT', time: 1 }, 'bad-payload'],
    [{ type: 'LOST', time: 1, retryAt: 2 }, 'bad-payload'],
    [{ type: 'LOST', time: 1, reason: '' }, 'bad-payload'],
    [{ type: 'LOST', time: 1, reason: '', retryAt: Number.POSITIVE_INFINITY }, 'not-a-number'],
  ])('%o as %s', (event, code) => {
    expect(checkSourceEvent(event)?.code).toBe(code)
  })

  it('nothing that it knows', () => {
    expect(all.map(event => checkSourceEvent(event))).toEqual(all.map(() => undefined))
  })
})
