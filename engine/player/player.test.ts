import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Played, type PlayerOptions, play } from './player.js'
import { ShdrServer } from './shdr-server.js'
import { surveyRecording } from './survey.js'
import { SkippingTimer, TestReader, TestRecordings } from './test-support.js'

const recordings = new TestRecordings()
const stops: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
  await recordings.remove()
})

const begin = Date.UTC(2017, 5, 8, 9)
const row = (ms: number, value: number, key = 'Xabs') =>
  `${new Date(begin + ms).toISOString()}|${key}|${value}`
const rowsEvery = (ms: number, count: number) => Array.from({ length: count }, (_, i) => row(i * ms, i))

/** Notes at what time of the timer each sleep began. */
class WatchedTimer extends SkippingTimer {
  readonly sleeps: number[] = []
  /** Called before each sleep. */
  onSleep: (() => Promise<unknown>) | undefined

  override async sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.sleeps.push(ms)
    await this.onSleep?.()
    await super.sleep(ms, signal)
  }
}

const start = async (rows: readonly string[], given: Partial<PlayerOptions> = {}) => {
  const path = await recordings.write('log.gz', rows)
  const server = await ShdrServer.listen('127.0.0.1', 0)
  const timer = new WatchedTimer()
  const reports: string[] = []
  const stopped = new AbortController()
  const survey = await surveyRecording(path)
  const report = (line: string) => reports.push(line)
  const options: PlayerOptions = {
    path,
    survey,
    server,
    speed: 'max',
    isLooped: false,
    timer,
    report,
    ...given,
  }
  const played: Promise<Played> = play(options, stopped.signal)
  stops.push(async () => {
    stopped.abort()
    await played
    await server.close()
  })
  return { server, timer, reports, stopped, played, connect: () => new TestReader(server.address) }
}

describe('the player', () => {
  it('waits for a reader and says where', async () => {
    const { server, reports } = await start(rowsEvery(1_000, 3))
    expect(reports).toEqual([`waiting for a reader on ${server.address} …`])
  })

  it('gives a reader every row unchanged and ends', async () => {
    const rows = [
      '2017-01-23T18:33:25.767113Z|Brfunc|UNAVAILABLE',
      ...rowsEvery(1_000, 5_000),
      'no row at all\r',
    ]
    const { played, connect } = await start(rows)
    const reader = connect()
    expect(await played).toEqual({ rows: rows.length, repeated: 0, rounds: 1 })
    await reader.ended
    expect(reader.lines).toEqual(rows)
  })

  it('keeps bytes that are no UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${row(0, 1)}|program|`),
      Buffer.from([0x83, 0x65]),
      Buffer.from('\n'),
    ])
    const path = await recordings.write('log.txt', bytes)
    const { played, connect } = await start([row(0, 1)], { path })
    const reader = connect()
    await played
    await reader.ended
    expect(reader.lines).toEqual([bytes.toString('utf8').trimEnd()])
  })

  it('paces rows by their own times', async () => {
    const { timer, played, connect } = await start(rowsEvery(60_000, 11), { speed: 600 })
    connect()
    await played
    expect(timer.sleeps.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 100))
  })

  it('sends rows of earlier days and rows out of order at once', async () => {
    const late = [row(10_000, 1), row(-5_000, 2), row(9_000, 3), row(20_000, 4)]
    const { timer, played, connect } = await start(['2017-01-23T18:33:25Z|Xabs|0', row(0, 0), ...late], {
      speed: 1,
    })
    connect()
    await played
    // Sleeps of up to five seconds; the last waits for the reader to close.
    expect(timer.sleeps.slice(0, 4)).toEqual([5_000, 5_000, 5_000, 5_000])
    expect(timer.sleeps).toHaveLength(5)
  })

  it('answers pings, also of a reader that waits its turn', async () => {
    const { connect, timer } = await start(rowsEvery(1_000, 100), { speed: 1 })
    timer.onSleep = () => new Promise<void>(resolve => stops.push(async () => resolve()))
    const [first, second] = [connect(), connect()]
    first.ping()
    second.ping()
    await vi.waitFor(() => expect(first.lines).toContain('* PONG 10000'))
    await vi.waitFor(() => expect(second.lines).toContain('* PONG 10000'))
    expect(second.rows).toEqual([])
  })

  it('pauses when the reader goes, and gives the next one the current values and the rest', async () => {
    const rows = [row(0, 7, 'Yabs'), row(0, 8, 'Zabs'), ...rowsEvery(1_000, 200)]
    const { timer, reports, played, connect } = await start(rows, { speed: 1 })
    const first = connect()
    let hasLeft = false
    timer.onSleep = async () => {
      if (hasLeft || timer.now() < 100_000) return
      hasLeft = true
      await vi.waitFor(() => expect(first.rows.length).toBeGreaterThan(90))
      first.leave()
      await first.ended
    }
    await first.ended
    await vi.waitFor(() => expect(reports.at(-1)).toContain('waiting for a reader'))
    expect(reports.at(-2)).toMatch(/^the reader has gone; paused at 2017-06-08T09:01:\d\dZ, row \d+ of 202$/)
    const second = connect()
    expect(await played).toMatchObject({ rows: 202, rounds: 1 })
    await second.ended
    expect(second.rows.slice(0, 2)).toEqual(rows.slice(0, 2))
    expect(second.rows.length).toBeLessThan(120)
    expect(new Set([...first.rows, ...second.rows])).toEqual(new Set(rows))
  })

  it('loses nothing when a reader breaks off with rows unread', async () => {
    const rows = rowsEvery(100, 50_000)
    const { reports, played, connect } = await start(rows)
    const first = connect()
    await vi.waitFor(() => expect(first.rows.length).toBeGreaterThan(1_000), { interval: 1 })
    first.pause()
    const read = first.rows
    first.breakOff()
    await vi.waitFor(() => expect(reports.at(-1)).toContain('waiting for a reader'))
    const second = connect()
    const { rows: sent, rounds } = await played
    await second.ended
    expect({ sent, rounds }).toEqual({ sent: 50_000, rounds: 1 })
    expect(new Set([...read, ...second.rows]).size).toBe(50_000)
  })

  it('begins again at the end when looped, until it is stopped', async () => {
    const { stopped, played, connect } = await start(rowsEvery(1_000, 10), { isLooped: true })
    const reader = connect()
    await vi.waitFor(() => expect(reader.rows.length).toBeGreaterThan(35))
    stopped.abort()
    expect((await played).rounds).toBeGreaterThanOrEqual(3)
  })

  it('says now and then how far it is', async () => {
    const { reports, played, connect } = await start(rowsEvery(1_000, 21), { speed: 1 })
    connect()
    await played
    expect(reports.filter(line => line.includes('%'))).toEqual([
      '2017-06-08T09:00:04Z  row 5 of 21 (23 %)',
      '2017-06-08T09:00:09Z  row 10 of 21 (47 %)',
      '2017-06-08T09:00:14Z  row 15 of 21 (71 %)',
      '2017-06-08T09:00:19Z  row 20 of 21 (95 %)',
    ])
  })

  it('does not wait for ever for a reader that has everything and neither closes nor pings', async () => {
    const { timer, played, connect } = await start(rowsEvery(1_000, 10))
    connect().pause()
    expect(await played).toMatchObject({ rounds: 1 })
    expect(timer.sleeps.at(-1)).toBe(30_000)
  })

  it('stops at once when told to', async () => {
    const waiting = await start(rowsEvery(1_000, 10))
    waiting.stopped.abort()
    expect(await waiting.played).toEqual({ rows: 0, repeated: 0, rounds: 0 })
  })
})

describe('the server of the player', () => {
  it('says that a port is in use', async () => {
    const { server } = await start(rowsEvery(1_000, 1))
    const port = Number(server.address.split(':')[1])
    await expect(ShdrServer.listen('127.0.0.1', port)).rejects.toMatchObject({
      code: 'port-in-use',
      message: `127.0.0.1:${port} is in use. Choose another port with --shdr.`,
    })
  })

  it('says that an address is not its own', async () => {
    await expect(ShdrServer.listen('192.0.2.1', 0)).rejects.toThrow(
      '192.0.2.1 is no address of this computer',
    )
  })
})
