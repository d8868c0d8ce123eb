import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { FigureBoard } from '../engine/gateway/figure-board.js'
import { KpiBook } from '../engine/kpi/kpi-book.js'
import { readKpis } from '../engine/kpi/kpi-query.js'
import { LiveFigures } from '../engine/kpi/live-figures.js'
import { findScope } from '../engine/kpi/scope.js'
import { openStore } from '../engine/store/store.js'
import type { Plant } from '../schema/plant.js'
import type { StateChange } from '../schema/records.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import { encodeServerFrame } from '../schema/stream/codec.js'
import { createPool } from '../workers/pool.js'
import { loadPlant } from './load-plant.js'
import type { Benchmark, Figure } from './report.js'

const hourMs = 3_600_000
/** A Thursday, six in the morning UTC. */
const start = Date.UTC(2026, 0, 8, 6)

/** Figures of every machine each second, and of a machine's whole year. */
export function kpisBenchmark(isQuick: boolean): Benchmark {
  return {
    name: 'kpis',
    title: 'OEE: live each second, and a year by hour',
    run: say => run(isQuick ? 60 : 600, say),
  }
}

async function run(seconds: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const one = live(referencePlant(), seconds)
  say(`228 machines: ${one.toFixed(2)} ms a second`)
  const hundred = live(loadPlant(100, 1, 1), Math.max(20, seconds / 10))
  say(`22,800 machines: ${hundred.toFixed(0)} ms a second`)
  const year = await aYear()
  return [
    atMost('live OEE of 228 machines each second, CPU', one / 10, 5, '% of a core'),
    atMost('live OEE of 22,800 machines each second, CPU', hundred / 10, 100, '% of a core'),
    atMost('a year of one machine by hour, median of 9', year, 100, 'ms'),
  ]
}

/**
 * CPU of a second, ms: machines tell of a state every eight seconds and of a part every thirty, as the simulator's do,
 * and the topic `kpi` of the stream has what every machine's OEE is made from since the begin of its shift.
 */
function live(plant: Plant, seconds: number): number {
  let now = start
  const nowhere = { query: async () => [], flush: async () => undefined }
  const book = new KpiBook({ plant, store: nowhere, wall: Date, clock: { now: () => now } })
  const machines = [...book.plans.keys()]
  const figures = new LiveFigures(plant, book, { now: () => now })
  const places = machines.map((id, index) => ({ index, id }))
  const board = new FigureBoard(figures, places, 100)
  const states = ['Execute', 'Suspending', 'Suspended', 'Unsuspending']
  const tell = (): void => {
    const second = Math.round((now - start) / 1_000)
    const stateChanges: StateChange[] = []
    const parts = []
    for (const [place, machine] of machines.entries()) {
      if ((second + place) % 8 === 0) {
        const state = states[Math.floor(second / 8) % states.length]!
        stateChanges.push({ ...change, machine, state, time: now - 300 })
      }
      if ((second + place) % 30 === 0)
        parts.push({ machine, ts: now - 200, counter: 'processed', parts: 1, total: second, cause: 'count' })
    }
    book.take({ source: 's', stateChanges, rows: { production_events: parts } })
    // As often as the engine does.
    if (second % 60 === 0) book.advance()
  }
  // A shift's worth of hours behind it, told in steps of a minute.
  for (; now < start + 7 * hourMs; now += 60_000) tell()
  const before = process.cpuUsage()
  for (let i = 0; i < seconds; i++, now += 1_000) {
    tell()
    // A second's ticks, and the frame that every client gets.
    for (let tick = 0; tick < 10; tick++) board.tick()
    encodeServerFrame({ kind: 'figures', epoch: 1, floorTime: now, wallTime: now, figures: board.columns })
  }
  const { user, system } = process.cpuUsage(before)
  if (board.columns.index.length !== machines.length) throw new Error('a machine has no figures')
  return (user + system) / 1_000 / seconds
}

const change = { mode: 'Production', reason: 'starved', sourceState: 'x', observed: true }

async function aYear(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-bench-'))
  const pool = createPool({ maxThreads: 1 })
  const store = await openStore({ dataDir: folder, logger: pino({ level: 'silent' }), wall: Date, pool })
  try {
    await store.ready
    const plant = referencePlant()
    const [machine] = findScope(plant, 'enterprise')!.machines
    const from = start - 365 * 24 * hourMs
    // Ten machines: the one that is asked for is one of several in the table.
    const rows = Array.from({ length: 10 * 365 * 24 }, (_, i) => {
      const hour = from + Math.floor(i / 10) * hourMs
      const none = { starved: 0, blocked: 0, idle: 0, unknown: 0, planned: 0, unscheduled: 0, overtime: 0 }
      const time = { production: 3_000_000, setup: 100_000, breakdown: 400_000, minor_stop: 100_000, ...none }
      const made = { overtime_parts: 0, ideal_ms: 30_000, produced: 90, scrapped: 2, warm_up: 0, reworked: 0 }
      const key = { day: '', shift: 'early', product: '', order: '', computed: 1 }
      return { machine: i % 10 === 0 ? machine! : `other-${i % 10}`, hour, ...key, ...time, ...made }
    })
    // First what happened: hours that were written before it would be worked out anew.
    store.append({
      source: 'bench',
      stateChanges: [{ ...change, machine: machine!, state: 'Execute', time: from }],
    })
    for (let at = 0; at < rows.length; at += 10_000)
      store.append({ source: 'bench', rows: { oee_hourly: rows.slice(at, at + 10_000) } })
    await store.flush()
    const book = new KpiBook({ plant, store, wall: Date, clock: { now: () => start } })
    await book.start()
    const scope = findScope(plant, `machine:${machine}`)!
    const times: number[] = []
    for (let i = 0; i < 9; i++) {
      const begun = performance.now()
      const groups = await readKpis(plant, book, { scope, from, to: start, by: 'hour', lines: 'sum' })
      times.push(performance.now() - begun)
      if (groups.length !== 365 * 24) throw new Error(`${groups.length} hours instead of ${365 * 24}`)
    }
    return times.sort((a, b) => a - b)[4]!
  } finally {
    await store.close()
    await pool.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const atMost = (what: string, value: number, limit: number, unit: string): Figure => ({
  what,
  measured: `${value.toFixed(1)} ${unit}`,
  limit: `≤ ${limit} ${unit}`,
  isReached: value <= limit,
})
