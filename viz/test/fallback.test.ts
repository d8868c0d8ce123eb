import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Manifest } from '../../schema/manifest.js'
import { ViewerBench } from './viewer.js'

let bench: ViewerBench
beforeAll(async () => {
  bench = await ViewerBench.start({ hasGraphics: false })
})
afterEach(() => bench.closePages())
afterAll(() => bench.stop())

const emptyPlant: Manifest = {
  plant: 'Empty',
  enterprise: '',
  sites: [],
  areas: [],
  lines: [],
  machines: [],
  signals: [],
}

describe('without WebGL', () => {
  it('draws the floor from above with all machines and their glyphs', async () => {
    const { page, server } = await bench.open({}, prepared => prepared.plant.dramatise(prepared.now()))
    await page.locator('.flat svg').first().waitFor()
    expect(await page.locator('.flat-machine').count()).toBe(228)
    expect(await page.locator('.flat-note').textContent()).toMatch(/Drawn from above/)
    expect(await page.locator('.flat-machine[data-look="down"] path').count()).toBeGreaterThan(0)
    server.plant.setMachine('m-020', 'down', server.now())
    server.flush()
    await page.locator('.flat-machine[data-machine="m-020"][data-look="down"]').waitFor()
    await page.locator('.flat-machine[data-machine="m-020"]').click()
    await page.locator('.inspector[data-machine="m-020"]').waitFor()
  })
})

describe('what is missing', () => {
  it('says that a plant has no machines and what to do', async () => {
    const { page } = await bench.open({ manifest: emptyPlant })
    await page.getByText('No machines in this plant.').waitFor()
    expect(await page.locator('.floor').textContent()).toContain('gemba plant init')
  })

  it('says that viewer and engine speak different versions, and does not try again', async () => {
    const { page, server } = await bench.open({ version: 2 })
    await page.getByText(/different versions/).waitFor()
    expect(await page.getByRole('button', { name: 'Reload' }).count()).toBe(1)
    expect(server.received).toEqual([])
  })

  it('says that it waits for the engine when there is none', async () => {
    const { page } = await bench.open({}, server => server.hangUp(true))
    await page.getByText('Connecting to the engine…').waitFor()
    await page.getByText(/No connection to the engine/).waitFor()
  })

  it('says when no machine passes the filter, and clears it', async () => {
    const { page } = await bench.open()
    await page.locator('[role=row]').first().waitFor()
    await page.locator('.count[data-look="down"]').click()
    await page.getByText('No machine is in this state now.').waitFor()
    expect(await page.locator('.list-header').textContent()).toContain('0 of 228')
    await page.getByRole('button', { name: 'Clear filter' }).click()
    await page.locator('[role=row]').first().waitFor()
  })
})

describe('the built viewer', () => {
  it('is at most 220 KB of JavaScript, gzipped, for the first view', async () => {
    const assets = join(bench.files, 'assets')
    const scripts = (await readdir(assets)).filter(name => name.endsWith('.js'))
    const sizes = await Promise.all(
      scripts.map(async name => gzipSync(await readFile(join(assets, name))).length),
    )
    const total = sizes.reduce((sum, size) => sum + size, 0)
    expect(total).toBeGreaterThan(50_000)
    expect(total).toBeLessThanOrEqual(220 * 1024)
  })
})
