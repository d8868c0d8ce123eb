import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { displayStates } from '../../schema/display-state.js'
import { lookNumber, looks } from '../looks/looks.js'
import { type ThemeName, themes } from '../theme/tokens.js'
import { twin, ViewerBench, whenLive, whenStill } from './viewer.js'

let bench: ViewerBench
beforeAll(async () => {
  bench = await ViewerBench.start()
})
afterEach(() => bench.closePages())
afterAll(() => bench.stop())

describe('the floor', () => {
  it('shows every machine and sensor of the manifest within the budget of draw calls', async () => {
    const { page, problems } = await bench.open()
    await whenLive(page)
    expect(await twin(page, probe => probe.counts)).toEqual({
      machines: 228,
      signals: 1716,
      lines: 20,
      sites: 4,
    })
    expect(await page.locator('.list-header').textContent()).toContain('228')
    expect(await twin(page, probe => probe.calls)).toBeLessThanOrEqual(30)
    expect(await twin(page, probe => probe.calls)).toBeGreaterThan(10)
    expect(await twin(page, probe => probe.triangles)).toBeLessThanOrEqual(150_000)
    expect(problems).toEqual([])
  })

  // Again where the machine was too busy for the heartbeats: the picture then dims, which is a frame of its own.
  it('draws nothing while only heartbeats come, and once for one change of state', { retry: 2 }, async () => {
    const { page, server } = await bench.open()
    await whenLive(page)
    await whenStill(page)
    const before = await twin(page, probe => probe.renders)
    const frames = await page.evaluate(() => window.__twin!.frames)
    await page.waitForFunction(seen => window.__twin!.frames >= seen + 2, frames)
    expect(await twin(page, probe => probe.renders)).toBe(before)

    server.plant.setMachine('m-042', 'blocked', server.now())
    server.flush()
    await page.waitForFunction(() => window.__twin!.displayOf('m-042')?.look === 'blocked')
    await page.waitForFunction(seen => window.__twin!.renders > seen, before)
    const later = await page.evaluate(() => window.__twin!.frames)
    await page.waitForFunction(seen => window.__twin!.frames >= seen + 1, later)
    expect(await twin(page, probe => probe.renders)).toBe(before + 1)
  })

  it('applies and draws a full change ten times a second without long work on the main thread', async () => {
    const { page, server } = await bench.open()
    await whenLive(page)
    await page.evaluate(() => window.__twin!.clearCpu())
    server.changeAll(10)
    await page.waitForFunction(() => window.__twin!.cpuMs.length >= 25)
    server.changeAll(0)
    expect(await twin(page, probe => probe.medianCpu)).toBeLessThanOrEqual(3)
  })

  it.each(['light', 'dark'] as const)('shows each state and priority in its token colour, %s', async name => {
    const { page } = await bench.open(
      { query: `theme=${name}`, context: { reducedMotion: 'reduce' } },
      prepared => {
        const { plant } = prepared
        for (const [at, state] of displayStates.entries())
          plant.setMachine(machineId(at), state, prepared.now())
        plant.setSignal(`${machineId(20)}.vibration`, { level: 'critical-high' })
        plant.setSignal(`${machineId(21)}.vibration`, { level: 'warning-high' })
      },
    )
    await whenLive(page)
    const wanted = [
      ...displayStates.map((state, at) => ({ id: machineId(at), look: state })),
      { id: machineId(20), look: 'high' } as const,
      { id: machineId(21), look: 'medium' } as const,
    ]
    const ids = wanted.map(({ id }) => id)
    const seen = await page.evaluate(machines => {
      const twin = window.__twin!
      return machines.map(id => {
        twin.show(id)
        return { display: twin.displayOf(id), colour: twin.colourOf(id) }
      })
    }, ids)
    for (const [at, { look }] of wanted.entries()) {
      const { display, colour } = seen[at]!
      expect(display?.look).toBe(look)
      expect(display?.glyph).toBe(looks[lookNumber[look]]!.cell)
      // Hatched: its plain colour shows between the stripes only.
      if (look !== 'unknown') expectColour(colour, tokenOf(name, look), `${look} in ${name}`)
    }
  })

  it('says every state in words and with a glyph of its own in the list', async () => {
    const { page } = await bench.open({}, ({ plant, now: _ }) => {
      for (const [at, state] of displayStates.entries()) plant.setMachine(machineId(at), state, 1)
      plant.setSignal(`${machineId(20)}.vibration`, { level: 'critical-high' })
      plant.setSignal(`${machineId(21)}.vibration`, { level: 'warning-high' })
    })
    await whenLive(page)
    const seen = new Map<string, string>()
    for (const { name, word, cell } of looks) {
      const row = page.locator(`[role=row][data-look="${name}"]`).first()
      await row.waitFor()
      expect(await row.textContent()).toContain(word)
      expect(await row.getAttribute('data-glyph')).toBe(String(cell))
      seen.set(await row.locator('svg').innerHTML(), word)
    }
    expect(seen.size).toBe(looks.length)
  })

  it.each(['1', '2'])('has north above and west to the left, view %s', async key => {
    const { page } = await bench.open({ context: { reducedMotion: 'reduce' } })
    await whenLive(page)
    const before = await twin(page, probe => probe.renders)
    await page.keyboard.press(key)
    await page.waitForFunction(seen => window.__twin!.renders > seen, before)
    const spots = await twin(page, probe => ['m-001', 'm-012', 'm-057'].map(id => probe.pixelOf(id)!))
    const [first, lastOfLine, otherLine] = spots
    expect(first!.x).toBeLessThan(lastOfLine!.x)
    expect(first!.y).toBeLessThan(otherLine!.y)
    for (const spot of spots) expect(spot.isVisible).toBe(true)
  })

  it('shows the live values of a machine that is clicked on the floor', async () => {
    const { page, server } = await bench.open()
    await whenLive(page)
    const at = (await page.evaluate(() => window.__twin!.pixelOf('m-117')))!
    const canvas = (await page.locator('canvas[role=application]').boundingBox())!
    await page.mouse.click(canvas.x + at.x, canvas.y + at.y)
    const value = page.locator('[data-signal="m-117.vibration"] .sensor-value')
    await value.waitFor()
    expect(page.url()).toContain('machine=m-117')
    server.plant.setSignal('m-117.vibration', { value: 3.21, sourceTime: server.now() })
    server.flush()
    await page.waitForFunction(
      () =>
        document.querySelector('[data-signal="m-117.vibration"] .sensor-value')?.textContent === '3.21 mm/s',
    )
  })

  it('stays where it is when a click opens the inspector, and when Back closes it', async () => {
    const { page } = await bench.open({ context: { reducedMotion: 'reduce' } })
    await whenLive(page)
    const inView = () => twin(page, probe => probe.pixelOf('m-003')!)
    const canvas = (await page.locator('canvas[role=application]').boundingBox())!
    const before = await inView()
    await page.mouse.click(canvas.x + before.x, canvas.y + before.y)
    await page.locator('.inspector').waitFor()
    await whenStill(page)
    const opened = await inView()
    expect(Math.hypot(opened.x - before.x, opened.y - before.y)).toBeLessThan(1)
    await page.goBack()
    await page.locator('.inspector').waitFor({ state: 'detached' })
    await whenStill(page)
    const closed = await inView()
    expect(Math.hypot(closed.x - before.x, closed.y - before.y)).toBeLessThan(1)
  })

  it.each([1280, 900])(
    'moves a clicked machine out from under the inspector, window %i wide',
    async width => {
      const { page } = await bench.open({
        context: { reducedMotion: 'reduce', viewport: { width, height: 640 } },
      })
      await whenLive(page)
      const canvas = (await page.locator('canvas[role=application]').boundingBox())!
      // The one furthest to the right.
      const machine = await page.evaluate(() => {
        const ids = Array.from({ length: 228 }, (_, at) => `m-${String(at + 1).padStart(3, '0')}`)
        const spots = ids
          .map(id => ({ id, ...window.__twin!.pixelOf(id)! }))
          .filter(({ isVisible }) => isVisible)
        return spots.sort((a, b) => b.x - a.x)[0]!
      })
      await page.mouse.click(canvas.x + machine.x, canvas.y + machine.y)
      const inspector = page.locator('.inspector')
      await inspector.waitFor()
      expect(await inspector.getAttribute('data-machine')).toBe(machine.id)
      const edge = (await inspector.boundingBox())!.x - canvas.x
      await page.waitForFunction(([id, right]) => window.__twin!.pixelOf(String(id))!.x < Number(right), [
        machine.id,
        edge,
      ] as const)
    },
  )

  it('marks the one sensor that has stopped, and no other', async () => {
    const { page, server } = await bench.open({ hash: '#/floor?machine=m-117' })
    await whenLive(page)
    server.plant.setSignal('m-117.vibration', { connection: 'stale', sourceTime: server.now() - 9_000 })
    server.flush()
    const sensor = page.locator('[data-signal="m-117.vibration"]')
    await page.locator('[data-signal="m-117.vibration"][data-connection="stale"]').waitFor()
    const [, age] = /Stale.*?([\d.]+) s ago/.exec((await sensor.textContent())!)!
    expect(Number(age)).toBeGreaterThanOrEqual(9)
    expect(await page.locator('.sensor.doubtful').count()).toBe(1)
    // Another machine and back: it stays stale.
    await page.keyboard.press('Escape')
    await page.goBack()
    expect(await sensor.getAttribute('data-connection')).toBe('stale')
  })
})

const machineId = (at: number): string => `m-${String(at + 1).padStart(3, '0')}`

function tokenOf(theme: ThemeName, look: keyof typeof lookNumber): string {
  return themes[theme].fills[looks[lookNumber[look]]!.fill].fill
}

function expectColour(colour: readonly number[] | undefined, token: string, what: string): void {
  expect(colour, what).toBeDefined()
  const wanted = [1, 3, 5].map(at => Number.parseInt(token.slice(at, at + 2), 16))
  for (const [at, channel] of wanted.entries()) {
    expect(Math.abs(channel - colour![at]!), `${what}: ${colour} for ${wanted}`).toBeLessThanOrEqual(6)
  }
}
