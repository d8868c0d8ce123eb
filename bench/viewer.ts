import { setTimeout as wait } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { displayStates } from '../schema/display-state.js'
import { packmlNumber, unitModeNumber } from '../schema/packml.js'
import { loadPlant } from './load-plant.js'
import { type Benchmark, type Figure, percentile } from './report.js'
import { startRig } from './rig.js'

/** Every sensor of the reference plant ten times a second: 1,716 of them, a little more often to be sure. */
const rate = 20_000

/** What the viewer tells of itself. */
interface Twin {
  readonly calls: number
  readonly triangles: number
  readonly renders: number
  readonly counts: { readonly machines: number; readonly signals: number }
  /** Main-thread ms of the newest applied and rendered frames. */
  readonly cpuMs: readonly number[]
}

export function viewerBenchmark(isQuick: boolean): Benchmark {
  return {
    name: 'viewer',
    title: 'A frame of the reference plant in the browser, every sensor changing ten times a second',
    run: say => run(isQuick ? 10 : 30, say),
  }
}

async function run(seconds: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const { engine, stop } = await startRig(loadPlant(1, rate, rate * (seconds + 60)))
  const { machines, registry } = engine.floor
  // The numbered source says nothing of states: here every machine shows another one ten times a second.
  let turn = 0
  const flip = setInterval(() => {
    turn++
    for (const { index } of registry.machines) {
      const display = (index + turn) % displayStates.length
      machines.set(index, packmlNumber.Execute, unitModeNumber.Production, display, Date.now())
    }
  }, 100)
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
    await page.goto(engine.url)
    await wait(5000)
    const before = await page.evaluate<number>('window.__twin.renders')
    await wait(seconds * 1000)
    const twin = await page.evaluate<Twin>(
      '(({ calls, triangles, renders, counts, cpuMs }) => ({ calls, triangles, renders, counts, cpuMs }))(window.__twin)',
    )
    const frames = twin.cpuMs.filter(ms => ms > 0).sort((a, b) => a - b)
    say(`${twin.renders - before} frames drawn in ${seconds} s`)
    const median = percentile(frames, 0.5)
    const whole = twin.counts.machines === 228 && twin.counts.signals === 1716
    return [
      {
        what: 'machines, sensors',
        measured: `${twin.counts.machines}, ${twin.counts.signals}`,
        limit: '228, 1,716',
        isReached: whole,
      },
      { what: 'draw calls', measured: String(twin.calls), limit: '≤ 30', isReached: twin.calls <= 30 },
      { what: 'triangles', measured: twin.triangles.toLocaleString('en'), limit: '', isReached: true },
      {
        what: `main-thread CPU per frame, median / p95 of ${frames.length}`,
        measured: `${median.toFixed(2)} / ${percentile(frames, 0.95).toFixed(2)} ms`,
        limit: 'median ≤ 3 ms',
        isReached: median <= 3,
      },
    ]
  } finally {
    clearInterval(flip)
    await browser.close()
    await stop()
  }
}
