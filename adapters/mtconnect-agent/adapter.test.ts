import { BehaviorSubject, type Subscription } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AdapterError, SourceEvent } from '../contract.js'
import { describeAdapterContract } from '../contract-suite.js'
import { type TestContextOptions, testContext, testSignal } from '../test-context.js'
import { mtconnectAgent } from './adapter.js'
import { type AgentOptions, agentOptions } from './config.js'
import { FakeAgent } from './fake-server.js'

const signals = [
  testSignal(3, 'x', { quantity: 'position', unit: 'mm' }),
  testSignal(7, 'Exec', { role: 'status', quantity: 'state', type: 'text' }),
]
const items = ['x', 'Exec']
const timeOf = (number: number) => new Date(Date.UTC(2026, 0, 1) + number)
const optionsFor = (url: string, given: Partial<AgentOptions> = {}): AgentOptions =>
  agentOptions.parse({ url, intervalMs: 10, heartbeatMs: 50, ...given })

describeAdapterContract<AgentOptions>({
  definition: mtconnectAgent,
  hasLink: true,
  start: async () => {
    const agent = await FakeAgent.start(items)
    let said = 0
    return {
      options: optionsFor(agent.url),
      context: testContext({ signals }),
      push(samples) {
        for (let i = 0; i < samples; i++) agent.observe('x', ++said, timeOf(said))
        agent.flush()
      },
      // What each item was before anybody listened.
      said: () => said + items.length,
      drop: () => agent.drop(),
      open: () => agent.connections,
      writes: () => agent.requests.filter(request => !/^GET \/(current|sample)$/.test(request)),
      stop: () => agent.stop(),
    }
  },
})

describe('the MTConnect agent adapter', () => {
  let agent: FakeAgent
  let events: SourceEvent[]
  let error: AdapterError | undefined
  let subscription: Subscription | undefined

  beforeEach(async () => {
    agent = await FakeAgent.start(items)
    events = []
    error = undefined
  })
  afterEach(async () => {
    subscription?.unsubscribe()
    await agent.stop()
  })

  const subscribe = (options: Partial<AgentOptions> = {}, given: Partial<TestContextOptions> = {}) => {
    subscription = mtconnectAgent
      .create(optionsFor(agent.url, options), testContext({ signals, clock: Date, ...given }))
      .subscribe({
        next: event => events.push(event),
        error: (lost: AdapterError) => {
          error = lost
        },
      })
  }
  const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 })
  const connections = () => events.filter(({ kind }) => kind === 'connected').length
  const values = () =>
    events.flatMap(event =>
      event.kind === 'samples' ? [...event.batch.value].filter((_, i) => event.batch.signal[i] === 3) : [],
    )
  const rejects = () => events.flatMap(event => (event.kind === 'rejects' ? event.rejects : []))
  const following = () => until(() => expect([connections(), agent.streams]).toEqual([1, 1]))

  it('begins with what is now, and hears that the agent lives', async () => {
    agent.observe('x', 5, timeOf(1))
    agent.observe('x', 6, timeOf(2))
    subscribe()
    await until(() => expect(values()).toEqual([6]))
    const before = events.length
    await until(() => expect(events.slice(before).map(({ kind }) => kind)).toContain('alive'))
    expect(events[0]).toEqual({ kind: 'connected' })
  })

  it('goes on where it stopped: what was observed while the link was cut comes once, in its order', async () => {
    subscribe()
    await following()
    agent.observe('x', 1, timeOf(1))
    agent.flush()
    await until(() => expect(values()).toEqual([Number.NaN, 1]))
    agent.drop()
    for (const value of [2, 3, 4]) agent.observe('x', value, timeOf(value))
    await until(() => expect(values().at(-1)).toBe(4))
    expect(values()).toEqual([Number.NaN, 1, 2, 3, 4])
    expect(events.map(({ kind }) => kind)).toContain('interrupted')
    expect([rejects(), error]).toEqual([[], undefined])
  })

  it('tells again what did not change while the link was cut, so that it need not be stale', async () => {
    subscribe()
    await following()
    agent.observe('x', 1, timeOf(1))
    agent.flush()
    await until(() => expect(values()).toEqual([Number.NaN, 1]))
    agent.drop()
    await until(() => expect(connections()).toBe(2))
    await until(() => expect(values()).toEqual([Number.NaN, 1, 1]))
  })

  it('tells a gap where the buffer ran over meanwhile, and goes on with the present', async () => {
    agent.bufferSize = 10
    subscribe()
    await following()
    const from = agent.next
    agent.drop()
    for (let value = 1; value <= 100; value++) agent.observe('x', value, timeOf(value))
    await until(() => expect(values().at(-1)).toBe(100))
    expect(rejects()).toMatchObject([
      {
        rule: 'agent.gap',
        raw: String(from),
        reason: `the agent's buffer ran over: it begins at ${agent.next - 10}; observations from number ${from} on are lost up to the present`,
      },
    ])
    agent.observe('x', 101, timeOf(101))
    agent.flush()
    await until(() => expect(values().at(-1)).toBe(101))
  })

  it('finds everything where the buffer just holds what came meanwhile', async () => {
    agent.bufferSize = 10
    subscribe()
    await following()
    agent.drop()
    const missed = Array.from({ length: 10 }, (_, i) => i + 1)
    for (const value of missed) agent.observe('x', value, timeOf(value))
    await until(() => expect(values().at(-1)).toBe(10))
    expect(values()).toEqual([Number.NaN, ...missed])
    expect(rejects()).toEqual([])
  })

  it('tells a gap where the agent was started anew, whatever its numbers', async () => {
    subscribe()
    await following()
    for (let value = 1; value <= 5; value++) agent.observe('x', value, timeOf(value))
    agent.flush()
    await until(() => expect(values().at(-1)).toBe(5))
    agent.restart()
    for (let value = 6; value <= 20; value++) agent.observe('x', value, timeOf(value))
    await until(() => expect(values().at(-1)).toBe(20))
    expect(rejects()).toMatchObject([
      { rule: 'agent.gap', reason: expect.stringContaining('was started anew') },
    ])
  })

  describe('over a restart of Gemba', () => {
    let remembered: unknown
    const memory = {
      recall: () => remembered,
      remember: (value: unknown) => {
        remembered = structuredClone(value)
      },
    }
    let accepted: BehaviorSubject<number>

    beforeEach(() => {
      remembered = undefined
      accepted = new BehaviorSubject(0)
    })
    const live = () => subscribe({}, { memory, accepted })
    const acceptAll = () => {
      const told = events.map(event => (event.kind === 'samples' ? event.batch.count : 0))
      accepted.next(told.reduce((sum, count) => sum + count, 0))
    }
    const observe = (...told: number[]) => {
      for (const value of told) agent.observe('x', value, timeOf(value))
      agent.flush()
    }
    /** A life that takes 1 and 2 and ends; what it heard is forgotten. */
    const firstLife = async () => {
      live()
      await following()
      observe(1, 2)
      await until(() => expect(values().at(-1)).toBe(2))
      acceptAll()
      subscription?.unsubscribe()
      events = []
      accepted = new BehaviorSubject(0)
      await until(() => expect(agent.streams).toBe(0))
    }

    it('goes on where it was: what was observed meanwhile comes once, in its order', async () => {
      await firstLife()
      observe(941, 942, 943, 944, 945)
      live()
      await until(() => expect(values().at(-1)).toBe(945))
      expect(values()).toEqual([941, 942, 943, 944, 945])
      expect(rejects()).toEqual([])
    })

    it('asks again for what was told and not accepted', async () => {
      await firstLife()
      live()
      await following()
      observe(3, 4)
      await until(() => expect(values().at(-1)).toBe(4))
      subscription?.unsubscribe()
      events = []
      await until(() => expect(agent.streams).toBe(0))
      live()
      await until(() => expect(values()).toEqual([3, 4]))
    })

    it('tells what the buffer no longer has, and goes on with the present', async () => {
      agent.bufferSize = 3
      await firstLife()
      const lost = agent.next
      observe(11, 12, 13, 14, 15)
      live()
      await until(() => expect(values()).toEqual([15]))
      expect(rejects()).toMatchObject([
        { rule: 'agent.gap', raw: String(lost), reason: expect.stringContaining('ran over') },
      ])
    })

    it('begins anew with another agent, and with what cannot be read', async () => {
      await firstLife()
      for (const other of [
        { ...(remembered as object), url: 'http://192.0.2.1:5000' },
        { ...(remembered as object), url: 'http://192.0.2.1:5000', instanceId: '99' },
        { next: 'x' },
        null,
      ]) {
        remembered = other
        events = []
        live()
        await until(() => expect(values()).toEqual([2]))
        subscription?.unsubscribe()
        expect(rejects()).toEqual([])
      }
    })
  })

  it('tells a gap where the buffer runs over within a stream, and takes what is there', async () => {
    subscribe()
    await following()
    const from = agent.next
    agent.bufferSize = 2
    for (let value = 1; value <= 5; value++) agent.observe('x', value, timeOf(value))
    agent.flush()
    await until(() => expect(values()).toEqual([Number.NaN, 4, 5]))
    expect(rejects()).toMatchObject([
      {
        rule: 'agent.gap',
        raw: String(from),
        reason: `the agent's buffer ran over: it begins at ${from + 3}; observations from number ${from} on are lost up to there`,
      },
    ])
  })

  it('tells a gap of a single observation within a stream', async () => {
    subscribe()
    await following()
    const from = agent.next
    agent.bufferSize = 2
    for (const value of [1, 2, 3]) agent.observe('x', value, timeOf(value))
    agent.flush()
    await until(() => expect(values()).toEqual([Number.NaN, 2, 3]))
    expect(rejects()).toMatchObject([{ rule: 'agent.gap', raw: String(from) }])
  })

  it('asks anew for what stands where a gap may have swallowed the end of a condition', async () => {
    const condition = testSignal(9, 'cond', { role: 'status', quantity: 'condition', type: 'text' })
    subscribe({}, { signals: [...signals, condition] })
    await following()
    agent.bufferSize = 2
    for (const value of [1, 2, 3]) agent.observe('x', value, timeOf(value))
    agent.flush()
    await until(() => expect([connections(), agent.streams]).toEqual([2, 1]))
    expect(rejects().map(({ rule }) => rule)).toEqual(['agent.gap'])
    expect(values()).toEqual([Number.NaN, 2, 3, 3])
  })

  it('leaves nothing behind at each of many cuts', async () => {
    const warnings: string[] = []
    const hear = ({ message }: Error) => void warnings.push(message)
    process.on('warning', hear)
    subscribe()
    for (let cuts = 1; cuts <= 12; cuts++) {
      await until(() => expect([connections(), agent.streams]).toEqual([cuts, 1]))
      agent.drop()
    }
    await until(() => expect(connections()).toBe(13))
    process.off('warning', hear)
    expect(warnings).toEqual([])
  })

  it('fails when a cut link does not come back in time', async () => {
    subscribe({ resumeMs: 100 })
    await following()
    await agent.stop()
    await until(() => expect(error?.code).toBe('not-connected'))
    expect(error?.message).toContain(`${agent.url} refused the connection: nothing listens on that port`)
    agent = await FakeAgent.start(items)
  })

  it('notices an agent that has fallen silent', async () => {
    subscribe({ timeoutMs: 100, heartbeatMs: 20 })
    await following()
    agent.isSilent = true
    await until(() =>
      expect(events.find(({ kind }) => kind === 'interrupted')).toMatchObject({
        reason: expect.stringContaining('said nothing for 140 ms'),
      }),
    )
    agent.isSilent = false
    await until(() => expect(connections()).toBe(2))
  })

  it('says what is wrong with an address where no agent is', async () => {
    subscribe({ url: `${agent.url}/nothing`, timeoutMs: 500 })
    await until(() => expect(error?.message).toContain('answers OUT_OF_RANGE'))
  })

  it('names the tags that no signal has, and what cannot be taken', async () => {
    subscribe()
    await following()
    agent.observe('y', 1, timeOf(1))
    agent.observe('x', 'fast', timeOf(2))
    agent.flush()
    await until(() => expect(rejects().map(({ rule }) => rule)).toEqual(['agent.not-a-number']))
    expect(events).toContainEqual({
      kind: 'unknown-tags',
      values: [{ tag: 'Mill:y', raw: '2026-01-01T00:00:00.001Z|Mill:y|1' }],
    })
  })
})
