import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'
import { build } from 'vite'
import type { TwinProbe } from '../state/twin-probe.js'
import { ScriptedServer, type ScriptedServerOptions } from './scripted-server.js'

declare global {
  interface Window {
    __twin?: TwinProbe
  }
}

/** Software rendering: Chromium no longer falls back to it by itself. */
const graphics = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']
const noGraphics = ['--disable-gpu', '--disable-software-rasterizer', '--disable-3d-apis']

export interface OpenOptions extends Omit<ScriptedServerOptions, 'files'> {
  readonly context?: BrowserContextOptions
  /** More of the address, e.g. `theme=dark`. */
  readonly query?: string
  readonly hash?: string
  /** Runs in the page before anything else. */
  readonly before?: string
}

export interface OpenViewer {
  readonly server: ScriptedServer
  readonly page: Page
  /** Uncaught errors and console errors of the page so far. */
  readonly problems: string[]
}

/** A built viewer and a browser for a file of tests; everything it opens it closes. */
export class ViewerBench {
  readonly #browser: Browser
  readonly files: string
  readonly #open: { server: ScriptedServer; context: BrowserContext }[] = []

  static async start(
    options: { hasGraphics?: boolean; env?: Record<string, string> } = {},
  ): Promise<ViewerBench> {
    const files = await mkdtemp(join(tmpdir(), 'gemba-viewer-'))
    await build({
      configFile: join(import.meta.dirname, '../vite.config.ts'),
      logLevel: 'error',
      build: { outDir: files },
    })
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-quic', ...(options.hasGraphics === false ? noGraphics : graphics)],
      env: { ...(process.env as Record<string, string>), ...options.env },
    })
    return new ViewerBench(browser, files)
  }

  private constructor(browser: Browser, files: string) {
    this.#browser = browser
    this.files = files
  }

  /** Opens a viewer on a scripted server of its own. */
  async open(
    options: OpenOptions = {},
    prepare: (server: ScriptedServer) => void = () => {},
  ): Promise<OpenViewer> {
    const server = await ScriptedServer.start({ ...options, files: this.files })
    prepare(server)
    // A low window: software rendering pays by the pixel.
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 440 },
      ...options.context,
    })
    this.#open.push({ server, context })
    const page = await context.newPage()
    const problems: string[] = []
    page.on('pageerror', error => problems.push(error.message))
    page.on('console', message => {
      // The browser itself reports every refused connection; those are part of the scripts.
      if (
        message.type() === 'error' &&
        !/WebSocket connection|Failed to load resource/.test(message.text())
      ) {
        problems.push(message.text())
      }
    })
    if (options.before !== undefined) await page.addInitScript(options.before)
    const url = new URL(server.url)
    for (const [name, value] of new URLSearchParams(options.query)) url.searchParams.set(name, value)
    await page.goto(url.href + (options.hash ?? ''))
    return { server, page, problems }
  }

  /** Closes what the last test opened. */
  async closePages(): Promise<void> {
    for (const { server, context } of this.#open.splice(0)) {
      await context.close()
      server.stop()
    }
  }

  async stop(): Promise<void> {
    await this.closePages()
    await this.#browser.close()
    await rm(this.files, { recursive: true, force: true })
  }
}

/** Until the floor is drawn and every machine of it known. */
export async function whenLive(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const twin = window.__twin
    return twin?.freshness === 'live' && twin.updates > 0 && twin.renders > 0
  })
}

/** Until the first pictures have settled: sizes, themes, the last snapshot of the start. */
export async function whenStill(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const { renders, updates } = window.__twin!
    return new Promise(resolve => {
      setTimeout(() => resolve(window.__twin!.renders === renders && window.__twin!.updates === updates), 700)
    })
  })
}

export const twin = <T>(page: Page, read: (twin: TwinProbe) => T): Promise<T> =>
  page.evaluate(`(${read.toString()})(window.__twin)`) as Promise<T>
