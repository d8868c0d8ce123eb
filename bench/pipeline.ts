import { setTimeout as wait } from 'node:timers/promises'
import { loadPlant } from './load-plant.js'
import { type Benchmark, type Figure, percentile } from './report.js'
import { cpuOfEngine, Probe, startRig } from './rig.js'

const rate = 50_000

/** How many samples were accepted, or readable, at a time. */
interface Progress {
  readonly at: number
  readonly count: number
}

export function pipelineBenchmark(isQuick: boolean): Benchmark {
  const seconds = isQuick ? 10 : 60
  return {
    name: 'pipeline',
    title: `${rate.toLocaleString('en')} samples/s for ${seconds} s from source to twin, store and stream`,
    run: say => run(seconds, say),
  }
}

async function run(seconds: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const total = rate * seconds
  const { engine, stop } = await startRig(loadPlant(1, rate, total))
  try {
    const probe = await Probe.start(engine.url)
    const health = engine.intake.health.get('simulator')!
    const accepted: Progress[] = []
    const readable: Progress[] = []
    const cpuBefore = cpuOfEngine()
    const started = performance.now()
    const watch = setInterval(() => accepted.push({ at: performance.now(), count: health.accepted }), 10)
    let spoken = 0
    for (;;) {
      const [row] = await engine.store.query<{ n: string }>('SELECT count() AS n FROM gemba.telemetry')
      readable.push({ at: performance.now(), count: Number(row?.n ?? 0) })
      const elapsed = (performance.now() - started) / 1000
      if (elapsed - spoken >= 10) {
        spoken = elapsed
        say(
          `${elapsed.toFixed(0)} s: ${health.accepted.toLocaleString('en')} accepted, ${readable.at(-1)!.count.toLocaleString('en')} readable`,
        )
      }
      if (readable.at(-1)!.count >= total || elapsed > seconds + 30) break
      await wait(50)
    }
    clearInterval(watch)
    const cpu = cpuOfEngine() - cpuBefore
    // The last tick's frame must reach the client too.
    await wait(500)
    const seen = await probe.report()

    const [identity] = await engine.store.query<{
      rows: string
      different: string
      least: number
      most: number
    }>(
      'SELECT count() AS rows, uniqExact(value) AS different, min(value) AS least, max(value) AS most FROM gemba.telemetry',
    )
    const rows = Number(identity?.rows)
    const different = Number(identity?.different)
    const signals = engine.floor.registry.signals.filter(({ signal }) => signal.type === 'number')
    const newest = new Map(seen.newest)
    const wrongAtEnd = signals.filter(
      ({ index }) => newest.get(index) !== engine.floor.signals.value[index],
    ).length
    const latency = percentile(seen.latencies, 0.99)
    const storing = storeLatencies(accepted, readable)
    const isWhole =
      rows === total &&
      different === total &&
      Number(identity?.least) === 0 &&
      Number(identity?.most) === total - 1
    return [
      {
        what: 'samples accepted',
        measured: count(health.accepted),
        limit: count(total),
        isReached: health.accepted === total,
      },
      {
        what: 'in ClickHouse: rows, different numbers',
        measured: `${count(rows)}, ${count(different)}`,
        limit: `${count(total)} each: none lost, none doubled`,
        isReached: isWhole,
      },
      {
        what: 'at the client: signals that do not end at their last number, values out of order, gaps',
        measured: `${wrongAtEnd} of ${signals.length}, ${seen.disorders}, ${seen.gaps}`,
        limit: 'none',
        isReached: wrongAtEnd + seen.disorders + seen.gaps === 0,
      },
      {
        what: 'source to client, p50 / p99',
        measured: `${ms(percentile(seen.latencies, 0.5))} / ${ms(latency)}`,
        limit: 'p99 ≤ 300 ms',
        isReached: latency <= 300,
      },
      {
        what: 'accepted to readable in ClickHouse, p50 / p99',
        measured: `${ms(percentile(storing, 0.5))} / ${ms(percentile(storing, 0.99))}`,
        limit: 'p99 ≤ 2,000 ms',
        isReached: percentile(storing, 0.99) <= 2000,
      },
      {
        what: 'CPU of engine and store',
        measured: `${((cpu / seconds) * 100).toFixed(0)} % of a core`,
        limit: '',
        isReached: true,
      },
      {
        what: 'stream',
        measured: `${(seen.bytes / 1024 / seconds).toFixed(0)} KiB/s to the client`,
        limit: '',
        isReached: true,
      },
    ]
  } finally {
    await stop()
  }
}

/** For each look at the store: how long ago the last of what it showed had been accepted, at the most; sorted, ms. */
function storeLatencies(accepted: readonly Progress[], readable: readonly Progress[]): number[] {
  const latencies: number[] = []
  let i = 0
  let shown = -1
  for (const { at, count: target } of readable) {
    // What became readable between the last look and this one was accepted after the last look's newest.
    if (target === shown) continue
    while (i < accepted.length && accepted[i]!.count <= shown) i++
    if (shown >= 0 && i < accepted.length) latencies.push(at - accepted[i]!.at)
    shown = target
  }
  return latencies.sort((a, b) => a - b)
}

const count = (n: number): string => n.toLocaleString('en')
const ms = (n: number): string => `${n.toFixed(0)} ms`
