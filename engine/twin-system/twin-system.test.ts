import { describe, expect, it } from 'vitest'
import { assign, emit, setup } from 'xstate'
import type { TwinDefinition, TwinMessage } from './definition.js'
import { TwinSystem } from './twin-system.js'

/** A twin that counts, speaks, and throws when told to. */
const counter = setup({
  types: {
    context: {} as { readonly sum: number; readonly order: readonly number[] },
    events: {} as
      | { type: 'ADD'; n: number; time: number }
      | { type: 'SAMPLE'; n: number; time: number }
      | { type: 'BREAK'; time: number },
    emitted: {} as { type: 'added'; time: number; n: number },
  },
  actions: {
    add: assign(({ context, event }) =>
      event.type === 'BREAK' ? {} : { sum: context.sum + event.n, order: [...context.order, event.n] },
    ),
    say: emit(({ event }) => ({
      type: 'added' as const,
      time: event.time,
      n: event.type === 'BREAK' ? 0 : event.n,
    })),
    fail: () => {
      throw new Error('a guard divided by zero')
    },
  },
}).createMachine({
  context: { sum: 0, order: [] },
  on: { ADD: { actions: ['add', 'say'] }, SAMPLE: { actions: ['add'] }, BREAK: { actions: 'fail' } },
})
const kind: TwinDefinition<undefined> = { id: 'counter', version: 1, logic: counter }

function makeSystem(
  addresses: readonly string[],
  onHear?: (system: TwinSystem, address: string, type: string) => void,
) {
  const heard: { address: string; type: string }[] = []
  const system: TwinSystem = new TwinSystem((address, { type }) => {
    heard.push({ address, type })
    onHear?.(system, address, type)
  })
  for (const address of addresses) system.add(address, kind, undefined)
  return { system, heard }
}
const add = (n: number, time = 1): TwinMessage => ({ type: 'ADD', n, time })
const contextOf = (system: TwinSystem, address: string) =>
  (system.get(address)!.snapshot as unknown as { context: { sum: number; order: number[] } }).context

describe('the twin system', () => {
  it('hands messages over in the order they were sent, each to its end before the next, caused ones last', () => {
    const { system, heard } = makeSystem(['a', 'b'], (system, address) => {
      if (address === 'a' && contextOf(system, 'b').sum === 0) system.send('b', add(1))
    })
    system.send('a', add(1))
    system.send('a', add(2))
    expect(heard.map(({ address }) => address)).toEqual(['a', 'b', 'a'])
    expect(contextOf(system, 'a').order).toEqual([1, 2])
  })

  it('counts what is sent to an address that nobody has', () => {
    const { system } = makeSystem(['a'])
    system.send('nobody', add(1))
    expect(system.misaddressed).toBe(1)
  })

  it('brings a twin that threw back from its last good state, and then gives it what came meanwhile', () => {
    const { system, heard } = makeSystem(['a', 'b'])
    system.tick(1000)
    system.send('a', add(5))
    system.send('a', { type: 'BREAK', time: 1000 })
    system.send('a', add(7, 1100))
    system.send('b', add(1, 1100))
    expect(system.get('a')?.health).toBe('restarting')
    expect(contextOf(system, 'b').sum).toBe(1)
    system.tick(1999)
    expect(contextOf(system, 'a').sum).toBe(5)
    system.tick(2000)
    expect(contextOf(system, 'a').sum).toBe(12)
    expect(heard.map(({ type }) => type)).toEqual([
      'added',
      'twin.crashed',
      'added',
      'twin.restarted',
      'added',
    ])
    expect(system.unwell).toBe(0)
  })

  it.each([
    ['late', -3_600_000],
    ['far ahead', 365 * 86_400_000],
  ])('neither ends nor lengthens the delay of a twin that crashed of a message that is %s', (_, off) => {
    const { system } = makeSystem(['a'])
    const now = 1_800_000_000_000
    const health = () => system.get('a')!.health
    system.tick(now)
    system.send('a', { type: 'BREAK', time: now + off })
    system.send('a', add(1, now + off))
    system.tick(now + 999)
    expect(health()).toBe('restarting')
    system.tick(now + 1_000)
    expect(health()).toBe('running')
    // And it counts as what it is: the first of three within a minute.
    system.send('a', { type: 'BREAK', time: now })
    system.tick(now + 2_999)
    expect(health()).toBe('restarting')
    system.tick(now + 3_000)
    system.send('a', { type: 'BREAK', time: now - off })
    expect(health()).toBe('quarantined')
  })

  it('brings a crashed twin back after its delay also when the clock is set back to another day', () => {
    const { system } = makeSystem(['a'])
    system.tick(86_400_000)
    system.send('a', { type: 'BREAK', time: 86_400_000 })
    system.tick(5_000)
    expect(system.unwell).toBe(1)
    system.tick(6_000)
    expect(system.unwell).toBe(0)
  })

  it('quarantines a twin that throws three times within a minute, and says so', () => {
    const { system, heard } = makeSystem(['a'])
    for (const time of [1000, 10_000, 20_000]) {
      system.tick(time)
      system.send('a', { type: 'BREAK', time })
      system.tick(time + 5000)
    }
    expect(system.get('a')?.health).toBe('quarantined')
    expect(heard.at(-1)?.type).toBe('twin.quarantined')
    system.send('a', add(1, 30_000))
    expect(system.lost).toBe(1)
  })

  it('gives a full inbox up to the newest samples but never loses a command', () => {
    const { system } = makeSystem(['a'])
    system.tick(0)
    system.send('a', { type: 'BREAK', time: 0 })
    system.send('a', add(1000))
    for (let n = 1; n <= 100; n++) system.send('a', { type: 'SAMPLE', n, time: 1 })
    system.send('a', add(2000))
    system.tick(1000)
    const { order } = contextOf(system, 'a')
    expect(order[0]).toBe(1000)
    expect(order.at(-1)).toBe(2000)
    expect(order).toHaveLength(64)
    expect(order[1]).toBe(39)
  })

  it('counts what was lost also when the twin is back', () => {
    const { system } = makeSystem(['a'])
    system.tick(0)
    system.send('a', { type: 'BREAK', time: 0 })
    for (let n = 1; n <= 70; n++) system.send('a', { type: 'SAMPLE', n, time: 1 })
    system.tick(1000)
    expect([system.unwell, system.lost]).toEqual([0, 6])
    expect(system.inspect('a')?.lastEvents.filter(({ outcome }) => outcome === 'lost')).toHaveLength(6)
  })

  it('quarantines a twin for which more commands wait than anybody could mean', () => {
    const { system, heard } = makeSystem(['a'])
    system.send('a', { type: 'BREAK', time: 0 })
    for (let n = 1; n <= 1_025; n++) system.send('a', add(n))
    expect(system.inspect('a')).toMatchObject({ health: 'quarantined', waiting: 0 })
    expect(heard.at(-1)?.type).toBe('twin.quarantined')
    expect(system.lost).toBe(1_025)
  })

  it('gives what waited in the order it was sent, before what its listener sends on hearing of the restart', () => {
    const { system } = makeSystem(['a'], (system, address, type) => {
      if (type === 'twin.restarted') system.send(address, add(3))
    })
    system.tick(0)
    system.send('a', { type: 'BREAK', time: 0 })
    system.send('a', add(1))
    system.send('a', add(2))
    system.tick(1000)
    expect(contextOf(system, 'a').order).toEqual([1, 2, 3])
    expect(system.changedCount).toBe(1)
  })

  it.each([
    [{ type: 'DANCE', time: 1 }, 'unknown-event'],
    [{ type: 'xstate.stop', time: 1 }, 'unknown-event'],
    [{ type: 'ADD', n: 1, time: Number.NaN }, 'not-a-number'],
    [{ type: 'ADD', n: 1, time: 'noon' }, 'not-a-number'],
    [{ type: 'ADD', n: 'one', time: 1 }, 'bad-payload'],
  ] as const)('refuses %j as %s, counts it, and leaves the twin as it was', (message, code) => {
    const { system } = makeSystem([])
    const check = (event: unknown) =>
      typeof (event as { n?: unknown }).n === 'string'
        ? ({ code: 'bad-payload', detail: 'n must be a number' } as const)
        : undefined
    system.add('a', { ...kind, check }, undefined)
    const before = system.get('a')!.snapshot
    system.send('a', message as unknown as TwinMessage)
    expect(system.get('a')!.snapshot).toBe(before)
    expect(system.refused).toEqual({
      ...{ 'unknown-event': 0, 'bad-payload': 0, 'not-a-number': 0, 'time-backwards': 0 },
      [code]: 1,
    })
    expect(system.inspect('a')?.lastEvents.at(-1)?.outcome).toBe('refused')
    expect(system.changedCount).toBe(0)
  })

  it('shows a twin: where it stands, what it remembers, what it lived through, what it would take', () => {
    const { system } = makeSystem(['a'])
    system.send('a', add(5, 7))
    system.send('a', { type: 'BREAK', time: 8 })
    system.send('a', add(6, 9))
    expect(system.inspect('a')).toEqual({
      address: 'a',
      definition: 'counter',
      version: 1,
      health: 'restarting',
      waiting: 1,
      state: {},
      context: { sum: 5, order: [5] },
      accepts: ['ADD', 'BREAK', 'SAMPLE'],
      lastEvents: [
        { type: 'ADD', time: 7, outcome: 'handled' },
        { type: 'BREAK', time: 8, outcome: 'crashed' },
      ],
    })
    expect(system.inspect('nobody')).toBeUndefined()
  })

  it('gives each address once', () => {
    const { system } = makeSystem(['a'])
    expect(() => system.add('a', kind, undefined)).toThrow(expect.objectContaining({ code: 'address-taken' }))
  })

  it('hands on what waits though who listens throws, and then tells of it', () => {
    const { system } = makeSystem(['a', 'b', 'c'], (system, address) => {
      if (address !== 'a') return
      system.send('b', add(1))
      system.send('c', add(2))
      throw new Error('nobody there')
    })
    expect(() => system.send('a', add(1))).toThrow('nobody there')
    expect(['a', 'b', 'c'].map(address => contextOf(system, address).sum)).toEqual([1, 1, 2])
    expect(system.takeSnapshots(9).map(({ address }) => address)).toEqual(['a', 'b', 'c'])
    system.send('b', add(1))
    expect(contextOf(system, 'b').sum).toBe(2)
  })

  it('says which twin cannot start, and why', () => {
    const broken = setup({}).createMachine({
      context: () => {
        throw new Error('no limits')
      },
    })
    const start = () => new TwinSystem(() => {}).add('x', { id: 'x', version: 1, logic: broken }, undefined)
    expect(start).toThrow(expect.objectContaining({ code: 'cannot-start', cause: new Error('no limits') }))
  })

  it('forks the whole floor into a copy that shares nothing, and goes back to it', () => {
    const { system } = makeSystem(['a', 'b'])
    system.send('a', add(3))
    const fork = structuredClone(system.fork(50))
    system.send('a', add(4))
    system.send('b', { type: 'BREAK', time: 60 })
    expect(fork.twins.map(({ address, time }) => [address, time])).toEqual([
      ['a', 50],
      ['b', 50],
    ])
    const broken = { ...fork.twins[0]!, address: 'b', snapshot: '{' }
    expect(system.restore({ time: 50, twins: [fork.twins[0]!, broken] })).toMatchObject({
      restored: 1,
      unreadable: 1,
    })
    expect([contextOf(system, 'a').sum, contextOf(system, 'b').sum, system.unwell]).toEqual([3, 0, 0])
    expect(system.unused).toMatchObject([{ address: 'b', outcome: 'unreadable' }])
  })

  it('restores twins from their snapshots, and starts fresh where the chart has another version', () => {
    const { system } = makeSystem(['a', 'b'])
    system.send('a', add(3))
    system.send('b', add(4))
    const saved = new Map(system.takeSnapshots(99).map(snapshot => [snapshot.address, snapshot]))
    expect(system.changedCount).toBe(0)
    const next = new TwinSystem(() => {})
    expect(next.add('a', kind, undefined, saved.get('a'))).toBe('restored')
    expect(next.add('b', { ...kind, version: 2 }, undefined, saved.get('b'))).toBe('other-version')
    expect(next.add('c', kind, undefined, { ...saved.get('a')!, snapshot: '{' })).toBe('unreadable')
    expect([contextOf(next, 'a').sum, contextOf(next, 'b').sum, contextOf(next, 'c').sum]).toEqual([3, 0, 0])
  })
})
