import { setTimeout as wait } from 'node:timers/promises'
import { merge, type Subscription } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Quality } from '../../schema/quality.js'
import type { AdapterError, IndexedSignal, SourceEvent } from '../contract.js'
import { describeAdapterContract } from '../contract-suite.js'
import { ManualScheduler } from '../manual-scheduler.js'
import { type TestContext, type TestContextOptions, testContext, testSignal } from '../test-context.js'
import { modbus } from './adapter.js'
import { type ModbusOptions, modbusOptions } from './config.js'
import { FakeModbusServer } from './fake-server.js'

const optionsFor = (port: number, given: Partial<ModbusOptions> = {}): ModbusOptions =>
  modbusOptions.parse({ host: '127.0.0.1', port, ...given })

/** Function codes that read (MODBUS Application Protocol V1.1b3, 6.1 to 6.4). */
const reads = [1, 2, 3, 4]

describeAdapterContract<ModbusOptions>({
  definition: modbus,
  hasLink: true,
  start: async () => {
    const server = await FakeModbusServer.start()
    const signals = Array.from({ length: 250 }, (_, i) => testSignal(i, `holding:${i}`))
    return {
      options: optionsFor(server.port, { pollMs: 10 }),
      context: testContext({ signals }),
      // A device says what it is asked. Each answer has at most 125 values; who asks no more for a while has stopped.
      async push(samples) {
        const target = server.answers + Math.ceil(samples / 125)
        for (let seen = -1; server.answers < target && server.answers !== seen; ) {
          seen = server.answers
          await wait(60)
        }
      },
      said: () => undefined,
      drop: () => server.drop(),
      open: () => server.connections,
      writes: () => server.requests.filter(request => !reads.includes(request.function)).map(String),
      stop: () => server.stop(),
    }
  },
})

describe('the Modbus adapter', () => {
  let server: FakeModbusServer
  let scheduler: ManualScheduler
  let events: SourceEvent[]
  let error: AdapterError | undefined
  let subscription: Subscription | undefined
  let context: TestContext
  let answers: number

  beforeEach(async () => {
    server = await FakeModbusServer.start()
    scheduler = new ManualScheduler()
    events = []
    error = undefined
    answers = 0
  })
  afterEach(async () => {
    subscription?.unsubscribe()
    await server.stop()
  })

  const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 1 })
  const listen = (
    signals: readonly IndexedSignal[],
    given: Partial<ModbusOptions> = {},
    rest: Partial<TestContextOptions> = {},
  ) => {
    const received = () => {
      answers++
    }
    context = testContext({ signals, scheduler, received, ...rest })
    subscription = modbus.create(optionsFor(server.port, given), context).subscribe({
      next: event => events.push(event),
      error: (lost: AdapterError) => {
        error = lost
      },
    })
  }
  const tags = (...names: string[]) => names.map((tag, i) => testSignal(i, tag, { period: 1000 }))
  /** Index, value and quality of every sample so far. */
  const samples = () =>
    events.flatMap(event =>
      event.kind === 'samples'
        ? Array.from({ length: event.batch.count }, (_, i) => [
            event.batch.signal[i]!,
            event.batch.value[i]!,
            event.batch.quality[i]!,
          ])
        : [],
    )
  const rejects = () => events.flatMap(event => (event.kind === 'rejects' ? event.rejects : []))
  const repeats = () => events.reduce((sum, event) => sum + (event.kind === 'repeated' ? event.count : 0), 0)
  const missed = () => events.reduce((sum, event) => sum + (event.kind === 'missed' ? event.polls : 0), 0)
  const heard = (count: number) => until(() => expect(samples().length).toBeGreaterThanOrEqual(count))
  /** The link stands, and so many samples of the first poll came. */
  const connected = async (count: number) => {
    await heard(count)
    expect(events[0]).toEqual({ kind: 'connected' })
  }
  /** Time passes, to the next poll unless said; so many samples come. */
  const poll = async (count: number, ms = 1000) => {
    const before = samples().length
    scheduler.advance(ms)
    await heard(before + count)
  }
  /** The next poll with one request was answered, and the answer has come: a device has sent it before that. */
  const exchange = async () => {
    const before = answers
    scheduler.advance(1000)
    await until(() => expect(answers).toBe(before + 1))
  }
  const asked = (unit: number) => server.requests.filter(request => request.unit === unit).length

  it('polls a hundred devices with 200 registers each from one process, and misses no poll', async () => {
    const [devices, registers] = [100, 200]
    server.holding.set(Array.from({ length: registers }, (_, i) => i))
    const names = Array.from({ length: registers }, (_, i) => `holding:${i}`)
    const all = testContext({ signals: tags(...names), scheduler })
    subscription = merge(
      ...Array.from({ length: devices }, () => modbus.create(optionsFor(server.port), all)),
    ).subscribe(event => events.push(event))
    const told = () =>
      events.reduce((sum, event) => sum + (event.kind === 'samples' ? event.batch.count : 0), 0)
    for (let polls = 1; polls <= 3; polls++) {
      await vi.waitFor(() => expect(told()).toBe(polls * devices * registers), {
        timeout: 60_000,
        interval: 5,
      })
      scheduler.advance(1000)
    }
    expect([server.connections, missed(), rejects()]).toEqual([devices, 0, []])
  })

  it('reads every table, in blocks, once a period', async () => {
    server.holding.set([0x4148, 0x0000, 7, 8])
    server.input.set([0xfffe], 9)
    server.coils.set([0, 1, 1], 4)
    listen(tags('holding:0:float32', 'holding:3', 'input:9:int16', 'coil:5', 'discrete:4'))
    await connected(5)
    expect(samples().sort(([a], [b]) => a! - b!)).toEqual([
      [0, 12.5, Quality.good],
      [1, 8, Quality.good],
      [2, -2, Quality.good],
      [3, 1, Quality.good],
      [4, 0, Quality.good],
    ])
    expect(server.requests).toHaveLength(4)
    await poll(5)
    expect(server.requests).toHaveLength(8)
    expect(missed()).toBe(0)
  })

  it('tells texts and state numbers', async () => {
    server.holding.set([0x4865, 0x6c6c, 0x6f00, 6])
    const text = { quantity: 'text' as const, type: 'text' as const }
    listen([testSignal(0, 'holding:0:string[6]', text), testSignal(1, 'holding:3', text)])
    await connected(2)
    expect(samples().map(([, code]) => context.text(code!))).toEqual(['Hello', '6'])
  })

  it('asks each unit for its own', async () => {
    listen(tags('holding:0?unit=3', 'holding:0?unit=7'), { unit: 9 })
    await connected(2)
    expect(server.requests.map(({ unit }) => unit)).toEqual([3, 7])
  })

  it('says which tags it cannot read, once, and reads the others', async () => {
    listen(tags('holding:0', 'press.temperature', 'holding:1:string[4]'))
    await connected(1)
    await poll(1)
    expect(rejects().map(({ rule, raw }) => [rule, raw])).toEqual([
      ['modbus.bad-tag', 'press.temperature'],
      ['modbus.unfit-tag', 'holding:1:string[4]'],
    ])
    expect(samples().map(([index]) => index)).toEqual([0, 0])
  })

  it('keeps a value out that would be wrong, and says so once', async () => {
    server.holding.set([0x0020, 0, 0, 1, 0xffff, 0x7fc0, 0])
    listen(tags('holding:0:uint64', 'holding:4:bcd16', 'holding:5:float32'))
    await connected(3)
    await poll(3)
    expect(samples().slice(0, 3)).toEqual([
      [0, Number.NaN, Quality.bad],
      [1, Number.NaN, Quality.bad],
      [2, Number.NaN, Quality.bad],
    ])
    expect(rejects().map(({ rule, reason }) => [rule, reason])).toEqual([
      ['modbus.unfit-value', expect.stringContaining('holding:0 9007199254740993 is beyond 2^53')],
      ['modbus.unfit-value', expect.stringContaining('holding:4 0xffff is no binary-coded decimal')],
      ['modbus.unfit-value', expect.stringContaining('holding:5 is NaN, no number')],
    ])
  })

  it('finds the one register that the device does not have, and reads the others', async () => {
    server.refuse = ({ address, quantity }) => (address <= 37 && address + quantity > 37 ? 2 : undefined)
    const all = Array.from({ length: 100 }, (_, i) => `holding:${i}`)
    listen(tags(...all))
    await connected(100)
    expect(samples().filter(([, , quality]) => quality === Quality.bad)).toEqual([
      [37, Number.NaN, Quality.bad],
    ])
    expect(samples()).toHaveLength(100)
    expect(rejects().map(({ reason }) => reason)).toEqual([
      'unit 1, holding:37: the device answers "illegal data address" (exception 2).',
    ])
    const before = server.requests.length
    await poll(99)
    expect(samples()).toHaveLength(199)
    expect(server.requests.length - before).toBeLessThan(before)
    // Asked again after a rest, in case the device has learned.
    server.refuse = () => undefined
    for (let seconds = 2; seconds < 10; seconds++) await poll(99)
    await poll(100)
    expect(samples().filter(([index, , quality]) => index === 37 && quality === Quality.good)).toHaveLength(1)
  })

  it('reads the planned blocks again once a device that refused everything for a moment answers', async () => {
    server.refuse = () => 2
    listen(tags(...Array.from({ length: 100 }, (_, i) => `holding:${i}`)))
    await connected(100)
    // It passes while the parts rest that were refused.
    server.refuse = () => undefined
    for (let seconds = 1; seconds < 10; seconds++) scheduler.advance(1000)
    await poll(100)
    expect(
      samples()
        .slice(-100)
        .map(([, , quality]) => quality),
    ).not.toContain(Quality.bad)
    const before = server.requests.length
    for (let polls = 1; polls <= 3; polls++) await poll(100)
    expect([server.requests.length - before, missed()]).toEqual([3, 0])
  })

  it('joins a block again whose parts were all answered, and asks ever more seldom where it never is', async () => {
    // What lies between the two fields does not exist.
    server.refuse = ({ address, quantity }) => (address === 0 && quantity > 1 ? 2 : undefined)
    listen(tags('holding:0', 'holding:5'))
    await connected(2)
    const wholes = () => server.requests.filter(({ quantity }) => quantity === 6).length
    // One part is read once more where the whole is asked for in vain.
    for (let seconds = 1; seconds < 100; seconds++) await poll([10, 30, 70].includes(seconds) ? 3 : 2)
    expect(wholes()).toBe(4)
    server.refuse = () => undefined
    for (let seconds = 100; seconds < 152; seconds++) await poll(seconds === 150 ? 3 : 2)
    const before = server.requests.length
    await poll(2)
    expect([server.requests.length - before, missed(), rejects()]).toEqual([1, 0, []])
  })

  it.each([
    [4, Quality.bad, 'server device failure'],
    [10, Quality.bad, 'gateway path unavailable'],
    [11, Quality.bad, 'gateway target device failed to respond'],
    [99, Quality.bad, 'exception 99'],
  ])('takes exception %i for bad values, until it passes', async (code, quality, name) => {
    server.holding.set([5])
    server.refuse = () => code
    listen(tags('holding:0'))
    await connected(1)
    expect(samples()).toEqual([[0, Number.NaN, quality]])
    expect(rejects().map(({ reason }) => reason)).toEqual([expect.stringContaining(name)])
    server.refuse = () => undefined
    await poll(1)
    expect(samples().at(-1)).toEqual([0, 5, Quality.good])
  })

  it.each([5, 6])('takes exception %i for "as before, but not certain"', async code => {
    server.holding.set([5])
    listen(tags('holding:0'))
    await connected(1)
    server.refuse = () => code
    await poll(1)
    expect(samples()).toEqual([
      [0, 5, Quality.good],
      [0, 5, Quality.uncertain],
    ])
    expect(rejects()).toEqual([])
  })

  it('is busy for hours: its values keep the time they were read at, and are stale, told once', async () => {
    server.holding.set([5])
    listen(tags('holding:0'), {}, { clock: scheduler })
    await connected(1)
    const readAt = scheduler.now()
    server.refuse = () => 6
    for (let polls = 0; polls < 10; polls++) await exchange()
    await until(() => expect(repeats()).toBe(7))
    const times = events.flatMap(event => (event.kind === 'samples' ? [...event.batch.sourceTime] : []))
    expect(times).toEqual([readAt, readAt])
    expect(events.filter(({ kind }) => kind === 'stale')).toEqual([{ kind: 'stale', signals: [0] }])
    expect(rejects().map(({ reason }) => reason)).toEqual([
      'unit 1, holding:0: the device answers "server device busy" (exception 6).',
    ])
    server.refuse = () => undefined
    await poll(1)
    expect(samples().at(-1)).toEqual([0, 5, Quality.good])
  })

  it('tells once of a place what is wrong there, and counts the rest, though it is another number each time', async () => {
    listen(tags('holding:0:uint64'))
    for (let low = 0; low < 4; low++) {
      server.holding.set([0x0020, 0, 0, low])
      if (low === 0) await connected(1)
      else await poll(1)
    }
    expect(rejects()).toHaveLength(1)
    expect(repeats()).toBe(3)
  })

  it.each([
    ['no number', () => server.holding.set([0x7fc0, 0])],
    [
      'no value',
      () => {
        server.refuse = () => 4
      },
    ],
  ])('does not bring back a value that was followed by %s', async (_, spoil) => {
    server.holding.set([0x3f80, 0])
    listen(tags('holding:0:float32'))
    await connected(1)
    spoil()
    await poll(1)
    server.refuse = () => 6
    await exchange()
    server.refuse = () => undefined
    server.holding.set([0x4000, 0])
    await poll(1)
    expect(samples()).toEqual([
      [0, 1, Quality.good],
      [0, Number.NaN, Quality.bad],
      [0, 2, Quality.good],
    ])
  })

  it('counts the polls that a slow device misses, and piles up none', async () => {
    server.hold = () => true
    listen(tags('holding:0'), { timeoutMs: 60_000 })
    await until(() => expect(server.requests).toHaveLength(1))
    scheduler.advance(5_000)
    expect(missed()).toBe(5)
    server.hold = () => false
    server.release()
    await heard(1)
    await poll(1)
    expect(server.requests).toHaveLength(2)
    expect(samples()).toHaveLength(2)
    expect(error).toBeUndefined()
  })

  it('gives up a link through which nothing is answered (half-open TCP)', async () => {
    listen(tags('holding:0'), { timeoutMs: 500, timeouts: 3 })
    await connected(1)
    server.hold = () => true
    for (const sent of [2, 3, 4]) {
      scheduler.advance(sent === 2 ? 1000 : 500)
      await until(() => expect(server.requests).toHaveLength(sent))
      expect(error).toBeUndefined()
      scheduler.advance(500)
    }
    expect(error?.code).toBe('not-connected')
    expect(error?.message).toContain(
      `127.0.0.1:${server.port} gave no answer to 3 requests in a row, 500 ms each`,
    )
    await until(() => expect(server.connections).toBe(0))
  })

  it('lets one silent device behind a gateway not hold up the others for ever', async () => {
    server.hold = ({ unit }) => unit === 7
    listen(tags('holding:0?unit=3', 'holding:0?unit=7'), { timeoutMs: 100, timeouts: 3 })
    for (const times of [1, 2, 3]) {
      await until(() => expect([asked(3), asked(7)]).toEqual([times, times]))
      scheduler.advance(100)
      if (times < 3) scheduler.advance(900)
    }
    expect(samples().filter(([index]) => index === 1)).toEqual([[1, Number.NaN, Quality.bad]])
    await poll(1, 900)
    await poll(1)
    expect([asked(3), asked(7), error]).toEqual([5, 3, undefined])
  })

  it('is connected once the device answers, not by the connection alone', async () => {
    server.hold = () => true
    listen(tags('holding:0'), { timeoutMs: 500, timeouts: 3 })
    for (const sent of [1, 2, 3]) {
      await until(() => expect(server.requests).toHaveLength(sent))
      scheduler.advance(500)
      if (sent < 3) scheduler.advance(500)
    }
    expect([events, error?.code]).toEqual([[], 'not-connected'])
    server.hold = () => false
    listen(tags('holding:0'))
    await connected(1)
  })

  const troubles = () => events.flatMap(event => (event.kind === 'trouble' ? [[event.of, event.what]] : []))
  const away = 'unit 7: the device answers "gateway target device failed to respond" (exception 11)'

  it('tells which unit has no values and why, once, until it has', async () => {
    server.refuse = ({ unit }) => (unit === 7 ? 11 : undefined)
    listen(tags('holding:0?unit=3', 'holding:0?unit=7', 'input:0?unit=7'))
    await connected(3)
    await poll(3)
    expect(troubles()).toEqual([
      [
        away,
        expect.stringMatching(/^unit 7, \w+:0: the device answers .*the device behind the gateway runs/),
      ],
    ])
    server.refuse = ({ unit, function: code }) => (unit === 7 && code === 4 ? 4 : undefined)
    await poll(3)
    server.refuse = () => undefined
    await poll(3)
    const fault = 'unit 7: the device answers "server device failure" (exception 4)'
    expect(troubles().slice(1)).toEqual(
      expect.arrayContaining([
        [away, undefined],
        [fault, expect.stringContaining('Look at the device.')],
        [fault, undefined],
      ]),
    )
    expect(troubles()).toHaveLength(4)
  })

  it.each([
    ['an answer that is none', 1, /unit 9 instead of 1.*it is the device that answers/],
    ['being busy for three polls', 4, /"server device busy".*ask it more seldom/],
  ])('tells of %s, until values come', async (_, polls, words) => {
    listen(tags('holding:0'))
    await connected(1)
    if (polls > 1) server.refuse = () => 6
    else server.hold = () => true
    for (let i = 0; i < polls; i++) {
      const { length } = server.requests
      scheduler.advance(1000)
      await until(() => expect(server.requests).toHaveLength(length + 1))
      if (polls === 1) server.say(Uint8Array.of(0, 2, 0, 0, 0, 5, 9, 3, 2, 0, 7))
      else await until(() => expect(answers).toBe(server.requests.length))
    }
    await until(() => expect(troubles()).toEqual([[expect.any(String), expect.stringMatching(words)]]))
    server.refuse = () => undefined
    server.hold = () => false
    await poll(1)
    expect(troubles().at(-1)).toEqual([expect.any(String), undefined])
  })

  it('takes no answer to a request that it has given up', async () => {
    let bytes = 0
    server.holding.set([5])
    server.hold = () => true
    const received = (count: number) => {
      bytes += count
    }
    listen(tags('holding:0'), { timeoutMs: 100 }, { received })
    await until(() => expect(server.requests).toHaveLength(1))
    scheduler.advance(100)
    server.hold = () => false
    server.release()
    await until(() => expect(bytes).toBe(11))
    expect(samples()).toEqual([])
    await poll(1, 900)
    expect(samples()).toEqual([[0, 5, Quality.good]])
  })

  it('gives up what does not speak Modbus', async () => {
    listen(tags('holding:0'))
    await connected(1)
    server.say(new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n'))
    await until(() => expect(error?.message).toContain('does not speak Modbus TCP'))
  })

  it('takes an answer of the wrong length for no value', async () => {
    server.hold = () => true
    listen(tags('holding:0'))
    await until(() => expect(server.requests).toHaveLength(1))
    server.say(Uint8Array.of(0, 1, 0, 0, 0, 7, 1, 3, 4, 0, 1, 0, 2))
    await heard(1)
    expect(samples()).toEqual([[0, Number.NaN, Quality.bad]])
    expect(rejects().map(({ rule }) => rule)).toEqual(['modbus.malformed'])
  })

  it('takes an answer of another unit for no value', async () => {
    server.hold = () => true
    listen(tags('holding:0'))
    await until(() => expect(server.requests).toHaveLength(1))
    server.say(Uint8Array.of(0, 1, 0, 0, 0, 5, 9, 3, 2, 0, 7))
    await heard(1)
    expect(samples()).toEqual([[0, Number.NaN, Quality.bad]])
    expect(rejects()).toMatchObject([
      { rule: 'modbus.malformed', reason: expect.stringContaining('unit 9 instead of 1') },
    ])
  })

  it('says who refused the connection', async () => {
    const { port } = server
    const options = optionsFor(port)
    await server.stop()
    subscription = modbus.create(options, testContext({ signals: tags('holding:0') })).subscribe({
      error: (lost: AdapterError) => {
        error = lost
      },
    })
    await until(() => expect(error?.message).toContain(`127.0.0.1:${port} refused the connection`))
  })

  it('gives up a connection that is not answered in time', () => {
    // Connecting takes at least a turn of the event loop; none passes here.
    listen(tags('holding:0'), { connectTimeoutMs: 3_000 })
    scheduler.advance(3_000)
    expect(error?.message).toContain('did not answer within 3000 ms')
  })

  it('can send nothing but the four reads', async () => {
    listen(tags('holding:0', 'input:1', 'coil:2', 'discrete:3', 'holding:4:float64?order=BADC'))
    await connected(5)
    for (let i = 0; i < 5; i++) await poll(5)
    expect(new Set(server.requests.map(request => request.function))).toEqual(new Set(reads))
  })
})
