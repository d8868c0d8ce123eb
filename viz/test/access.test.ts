import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { twin, ViewerBench, whenLive, whenStill } from './viewer.js'

let bench: ViewerBench
let axe: string
beforeAll(async () => {
  // The C locale of a bare server: a browser there has names for languages that throw.
  bench = await ViewerBench.start({ env: { LANG: 'C', LC_ALL: 'C' } })
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
})
afterEach(() => bench.closePages())
afterAll(() => bench.stop())

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

async function seriousProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const violations = (await page.evaluate('axe.run().then(result => result.violations)')) as Violation[]
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(node => `${node.html} ${node.failureSummary}`).join('; ')}`)
}

describe('accessibility', () => {
  it.each(['light', 'dark'])('holds on the floor and every panel of it, %s', async theme => {
    const { page } = await bench.open({ query: `theme=${theme}`, hash: '#/floor?machine=m-008' }, server =>
      server.plant.dramatise(server.now()),
    )
    await whenLive(page)
    await page.locator('.sensor').first().waitFor()
    expect(await seriousProblems(page)).toEqual([])
    await page.keyboard.press('/')
    await page.keyboard.type('vib')
    expect(await seriousProblems(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    expect(await seriousProblems(page)).toEqual([])
  })
})

describe('the keyboard', () => {
  it('finds, selects and shows a machine, and gets back', async () => {
    const { page } = await bench.open({ context: { reducedMotion: 'reduce' } })
    await whenLive(page)
    await page.keyboard.press('/')
    await page.keyboard.type('M-117')
    await page.locator('[role=option]').first().waitFor()
    await page.keyboard.press('Enter')
    expect(await twin(page, probe => probe.selected)).toBe('m-117')
    await page.locator('.inspector[data-machine="m-117"]').waitFor()
    await expect.poll(() => page.url()).toContain('machine=m-117')
    await page.waitForFunction(() => window.__twin!.pixelOf('m-117')?.isVisible)
    await page.keyboard.press('Escape')
    expect(await twin(page, probe => probe.selected)).toBeUndefined()
    await page.goBack()
    await page.locator('.inspector[data-machine="m-117"]').waitFor()
  })

  it('finds a sensor and points to it in its machine', async () => {
    const { page } = await bench.open()
    await whenLive(page)
    await page.keyboard.press('Control+k')
    await page.keyboard.type('117 vibration')
    await page.locator('[role=option]').first().waitFor()
    await page.keyboard.press('Enter')
    await page.locator('[data-signal="m-117.vibration"][aria-current="true"]').waitFor()
    expect(page.url()).toContain('signal=m-117.vibration')
  })

  it('reads all 228 machines in the list without the picture', async () => {
    const { page } = await bench.open()
    await whenLive(page)
    const grid = page.getByRole('grid')
    expect(await grid.getAttribute('aria-rowcount')).toBe('228')
    await page.locator('[role=row][tabindex="0"]').focus()
    const seen = await page.evaluate(async () => {
      const names: string[] = []
      for (let i = 0; i < 228; i++) {
        const row = document.activeElement as HTMLElement
        names.push(
          `${row.getAttribute('aria-rowindex')} ${[...row.children].map(cell => [...cell.children].map(part => part.textContent).join(' ')).join(' ')}`,
        )
        row.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }))
        await new Promise(resolve => setTimeout(resolve))
      }
      return names
    })
    expect(new Set(seen).size).toBe(228)
    for (const row of seen)
      expect(row).toMatch(/^\d+ +M-\d{3} Line \d+ · \S+ Running \d+ (s|min|h \d\d min)$/)
    await page.keyboard.press('Enter')
    expect(await twin(page, probe => probe.selected)).toBe('m-228')
  })

  it('steps through the machines worst first, and keeps the focus in sight', async () => {
    const { page } = await bench.open({}, server => server.plant.dramatise(server.now()))
    await whenLive(page)
    await page.keyboard.press(']')
    expect(await twin(page, probe => probe.selected)).toBe('m-008')
    await page.keyboard.press(']')
    expect(await twin(page, probe => probe.selected)).toBe('m-101')
    await page.keyboard.press('[')
    expect(await twin(page, probe => probe.selected)).toBe('m-008')
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab')
      const outline = await page.evaluate(() => {
        const { activeElement } = document
        return activeElement === document.body || activeElement === null
          ? '3px'
          : getComputedStyle(activeElement).outlineWidth
      })
      expect(outline).toBe('3px')
    }
  })

  it('leaves single keys alone while somebody types', async () => {
    const { page } = await bench.open()
    await whenLive(page)
    await page.keyboard.press('/')
    await page.keyboard.type('cl?1')
    expect(await page.locator('input[role=combobox]').inputValue()).toBe('cl?1')
    expect(await page.locator('html').getAttribute('data-theme')).toBe('light')
  })

  it('changes the theme and shows diagnostics', async () => {
    const { page } = await bench.open()
    await whenLive(page)
    await page.keyboard.press('c')
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    await page.keyboard.press('Shift+D')
    expect(await page.locator('.diagnostics').textContent()).toContain('Draw calls')
  })
})

describe('reduced motion', () => {
  it('flies in one picture', async () => {
    const { page } = await bench.open({ context: { reducedMotion: 'reduce' } })
    await whenLive(page)
    await whenStill(page)
    const before = await twin(page, probe => probe.renders)
    await page.keyboard.press('1')
    await page.waitForFunction(seen => window.__twin!.renders > seen, before)
    await page.evaluate(() => new Promise(resolve => setTimeout(resolve, 400)))
    expect(await twin(page, probe => probe.renders)).toBe(before + 1)
  })
})

describe('every window', () => {
  it.each([
    ['1280x720', { viewport: { width: 1280, height: 720 } }],
    ['768x1024', { viewport: { width: 768, height: 1024 }, hasTouch: true }],
    ['390x844', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
  ] as const)('fits without scrolling sideways and without an error, %s', async (_, context) => {
    const { page, problems } = await bench.open({
      context,
      before: "Object.defineProperty(navigator, 'language', { value: 'en-US@posix' })",
    })
    await page.locator('[role=row]').first().waitFor()
    await page.locator('[role=row]').first().click()
    await page.locator('.inspector').waitFor()
    const [scroll, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
    expect(scroll).toBeLessThanOrEqual(width!)
    if ('hasTouch' in context) {
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('button, [role=row]')]
          .map(element => [element.textContent, element.getBoundingClientRect()] as const)
          .filter(([, box]) => box.width > 0 && (box.width < 44 || box.height < 44))
          .map(([text]) => text),
      )
      expect(small).toEqual([])
    }
    expect(problems).toEqual([])
  })

  it('shows the floor of a phone only when asked', async () => {
    const { page } = await bench.open({
      context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    })
    await page.locator('[role=row]').first().waitFor()
    expect(await page.locator('canvas[role=application]').count()).toBe(0)
    await page.getByRole('tab', { name: 'Show floor' }).click()
    await page.waitForFunction(() => window.__twin!.renders > 0)
  })
})
