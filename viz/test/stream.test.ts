import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { stateLook } from '../looks/looks.js'
import { formatTime } from '../ui/format.js'
import type { ScriptedServer } from './scripted-server.js'
import { twin, ViewerBench, whenLive } from './viewer.js'

let bench: ViewerBench
beforeAll(async () => {
  bench = await ViewerBench.start()
})
afterEach(() => bench.closePages())
afterAll(() => bench.stop())

/** The viewer's picture is the server's truth, to the last bit. */
async function expectSamePicture(page: Page, server: ScriptedServer): Promise<void> {
  const picture = (await twin(page, probe => probe.picture()))!
  const { value, status, display, since } = server.plant
  const columns = [
    ['value', picture.values, value],
    ['status', picture.statuses, status],
    ['display', picture.displays, display],
    ['since', picture.sinces, since],
  ] as const
  for (const [name, seen, truth] of columns) {
    expect(seen.length, name).toBe(truth.length)
    const wrong = seen.findIndex((entry, at) => !Object.is(entry, truth[at]))
    expect(wrong, `${name} ${wrong} is ${seen[wrong]}, not ${truth[wrong]}`).toBe(-1)
  }
}

const whenSeq = (page: Page, topic: number, seq: number) =>
  page.waitForFunction(([at, wanted]) => window.__twin!.seq[at!] === wanted, [topic, seq])

describe('a gap in the stream', () => {
  it('is noticed by the next frame, resynced once, and leaves the server’s own state', async () => {
    const { page, server } = await bench.open()
    await whenLive(page)
    server.loseDeltas(1)
    server.plant.setMachine('m-001', 'down', server.now())
    server.flush()
    server.plant.setSignal('m-002.vibration', { value: 5 })
    server.flush()
    await page.waitForFunction(() => window.__twin!.displayOf('m-001')?.look === 'down')
    await whenSeq(page, 0, server.seqOf(0))
    expect(await twin(page, probe => [probe.gaps, probe.resyncs])).toEqual([1, 1])
    await expectSamePicture(page, server)
  })

  it('keeps the picture while it waits, and applies what came meanwhile once', async () => {
    const { page, server } = await bench.open()
    await whenLive(page)
    server.delayResync(1_200)
    server.loseDeltas(1)
    server.plant.setSignal('m-001.vibration', { value: 1 })
    server.flush()
    server.plant.setSignal('m-001.vibration', { value: 2 })
    server.flush()
    await page.waitForFunction(() => document.querySelector('.freshness')?.textContent?.includes('Resyncing'))
    expect(await page.locator('canvas[role=application]').count()).toBe(1)
    expect(await twin(page, probe => probe.counts.machines)).toBe(228)
    server.plant.setSignal('m-001.vibration', { value: 3 })
    server.flush()
    await page.waitForFunction(() => window.__twin!.freshness === 'live')
    await page.waitForFunction(() => window.__twin!.valueOf('m-001.vibration') === 3)
    expect(await twin(page, probe => probe.gaps)).toBe(1)
    await expectSamePicture(page, server)
  })

  it('does not come from old and doubled deltas: they change nothing', async () => {
    const { page, server } = await bench.open()
    await whenLive(page)
    server.plant.setSignal('m-001.vibration', { value: 4 })
    server.flush()
    await page.waitForFunction(() => window.__twin!.valueOf('m-001.vibration') === 4)
    const columns = server.plant.signalColumns(index => index === 1)
    columns.value[0] = 99
    server.broadcast({
      kind: 'delta',
      topic: 0,
      epoch: server.epoch,
      fromSeq: server.seqOf(0) - 1,
      seq: server.seqOf(0),
      floorTime: server.now(),
      wallTime: server.now(),
      signals: columns,
      machines: server.plant.machineColumns(() => false),
      texts: [],
    })
    server.plant.setSignal('m-002.vibration', { value: 5 })
    server.flush()
    await page.waitForFunction(() => window.__twin!.valueOf('m-002.vibration') === 5)
    expect(await twin(page, probe => [probe.valueOf('m-001.vibration'), probe.gaps])).toEqual([4, 0])
  })
})

describe('a server that starts anew', () => {
  it('is shown as it is, with nothing left of before', async () => {
    const { page, server } = await bench.open()
    await whenLive(page)
    for (let i = 0; i < 3; i++) {
      server.plant.setMachine('m-010', 'down', server.now())
      server.plant.changeAll(server.now(), i)
      server.flush()
    }
    await page.waitForFunction(() => window.__twin!.displayOf('m-010')?.look === 'down')
    const before = await twin(page, probe => probe.epoch)
    server.restart()
    await page.waitForFunction(
      epoch => window.__twin!.epoch > epoch && window.__twin!.displayOf('m-010')?.look === 'running',
      before,
    )
    await expectSamePicture(page, server)
  })
})

/** Lets the page in and presses the button that is there; it may have come back by itself before that. */
async function pressRetry(page: Page, server: ScriptedServer): Promise<void> {
  const button = page.getByRole('button', { name: 'Retry now' })
  await button.waitFor()
  server.letIn()
  await button.click({ timeout: 1_000 }).catch(() => undefined)
}

describe('a connection that breaks', () => {
  it('is announced, counts on, and comes back at once when asked', async () => {
    const { page, server } = await bench.open()
    await whenLive(page)
    server.hangUp(true)
    await page.locator('.banner-lost').waitFor()
    expect(await page.locator('.banner-lost').textContent()).toMatch(/Connection lost/)
    expect(await twin(page, probe => probe.counts.machines)).toBe(228)
    const age = await twin(page, probe => probe.age)
    await page.waitForFunction(before => window.__twin!.age > before + 500, age)
    await page.waitForFunction(() =>
      /retry in \d+ s/.test(document.querySelector('.banner-lost')?.textContent ?? ''),
    )
    await pressRetry(page, server)
    await whenLive(page)
    await page.locator('.banner-lost').waitFor({ state: 'detached' })
  })

  it('leaves every machine as last known: with no glyph and no colour of its own', async () => {
    const { page, server } = await bench.open({}, ({ plant }) => plant.setMachine('m-007', 'down', 1))
    await whenLive(page)
    const row = page.locator('[role=row][data-machine="m-007"]')
    expect(await row.textContent()).toContain('Down')
    expect(await row.locator('.word-p1').count()).toBe(1)
    server.hangUp(true)
    await page.locator('.banner-lost').waitFor()
    await row.hover()
    const callout = page.locator('.callout:not([hidden])')
    for (const place of [row, callout]) {
      expect(await place.textContent()).toMatch(/last known: Down ?since/)
      expect(await place.locator('.word').count()).toBe(0)
      expect(await place.locator('svg [fill="var(--fill-p1)"]').count()).toBe(0)
    }
    expect(await row.getAttribute('data-glyph')).toBe(String(stateLook('unknown').cell))
    await pressRetry(page, server)
    await row.locator('.word-p1').waitFor()
  })

  it('comes back at once when the browser is online again', async () => {
    const { page, server } = await bench.open()
    await whenLive(page)
    server.hangUp(true)
    await page.locator('.banner-lost').waitFor()
    server.letIn()
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await whenLive(page)
  })

  it('is stale after five seconds of silence and lost after fifteen, by the clock of the floor', async () => {
    const { page, server } = await bench.open({ pace: 3 })
    await whenLive(page)
    server.setSilent(true)
    await page.locator('.banner-stale').waitFor()
    const stale = await twin(page, probe => probe.age)
    expect(stale).toBeGreaterThanOrEqual(5_000)
    expect(await page.locator('.banner-stale').textContent()).toMatch(
      /^Data [\d.]+ s old — last \d\d:\d\d:\d\d$/,
    )
    await page.locator('.banner-lost').waitFor()
    expect(await twin(page, probe => probe.age)).toBeGreaterThanOrEqual(15_000)
    expect(await page.locator('.freshness').getAttribute('data-freshness')).toBe('lost')
    server.setSilent(false)
    server.hangUp(false)
    await whenLive(page)
    expect(await page.locator('.banner-stale, .banner-lost').count()).toBe(0)
  })

  it('shows the age by the server’s clock even where the client’s is ten minutes ahead', async () => {
    const { page, server } = await bench.open({ skew: -600_000 })
    await whenLive(page)
    server.setSilent(true)
    const last = server.lastSent
    await page.waitForFunction(() => window.__twin!.age > 800)
    // Between two looks at the server's clock, however long the way to the page takes.
    const before = server.now() - last
    const shown = await twin(page, probe => probe.age)
    const after = server.now() - last
    expect(shown).toBeGreaterThan(before - 300)
    expect(shown).toBeLessThan(after + 300)
  })
})

describe('a source that is gone', () => {
  it('is named in the inspector of its machine with the last time it was heard', async () => {
    const { page, server } = await bench.open({ hash: '#/floor?machine=m-117' })
    await whenLive(page)
    const notice = page.locator('.source-lost')
    await page.locator('.sensor').first().waitFor()
    expect(await notice.count()).toBe(0)
    const heard = server.now() - 1_000
    const sensors = server.plant.manifest.signals.filter(({ id }) => id.startsWith('m-117.'))
    for (const { id } of sensors.slice(1))
      server.plant.setSignal(id, { connection: 'lost', sourceTime: heard })
    server.flush()
    await page.waitForFunction(() => document.querySelectorAll('[data-connection=lost]').length > 1)
    expect(await notice.count()).toBe(0)
    server.plant.setSignal(sensors[0]!.id, { connection: 'lost', sourceTime: heard })
    server.flush()
    await notice.waitFor()
    expect(await notice.textContent()).toBe(`Source not connected; last heard ${formatTime(heard)}`)
  })
})

describe('the clock of the floor', () => {
  it('says the day and the zone of a recording', async () => {
    const floorTime = Date.UTC(2017, 5, 8, 19, 18, 39)
    const { page } = await bench.open({ floorTime, context: { timezoneId: 'UTC' } })
    await whenLive(page)
    await page.locator('.floor-time').waitFor()
    expect(await page.locator('.floor-time').textContent()).toBe('8 Jun 2017 19:18:39 UTC')
  })

  it('says the time alone where it is today’s', async () => {
    const { page } = await bench.open()
    await whenLive(page)
    await page.locator('.floor-time').waitFor()
    expect(await page.locator('.floor-time').textContent()).toMatch(/^\d\d:\d\d:\d\d$/)
  })
})

describe('a hidden page', () => {
  it('asks the server to pause and sees the truth when it is back', async () => {
    const { page, server } = await bench.open()
    await whenLive(page)
    const hide = (state: string) =>
      `Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`
    await page.evaluate(hide('hidden'))
    await expect.poll(() => server.received.at(-1)?.kind).toBe('pause')
    server.plant.setMachine('m-001', 'down', server.now())
    server.flush()
    await page.evaluate(hide('visible'))
    await expect.poll(() => server.received.at(-1)?.kind).toBe('resume')
    await page.waitForFunction(() => window.__twin!.displayOf('m-001')?.look === 'down')
    await whenLive(page)
    await expectSamePicture(page, server)
  })
})
