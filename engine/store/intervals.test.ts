import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StateChange } from '../../schema/records.js'
import type { Store } from './store.js'
import { openTestStore } from './your-clickhouse.fixture.js'

let folder: string
let store: Store

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-intervals-'))
  store = await openTestStore({
    dataDir: folder,
    logger: pino({ level: 'silent' }),
    wall: { now: () => Date.now() },
  })
})
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Interval {
  readonly state: string
  readonly mode: string
  readonly reason: string
  readonly start: number
  readonly end: number | null
}

/** What the view must say, in plain code. */
function reference(changes: readonly StateChange[]): Interval[] {
  const latest = new Map(changes.map((change, seq) => [JSON.stringify(change), { change, seq }]))
  const ordered = [...latest.values()].sort((a, b) => a.change.time - b.change.time || a.seq - b.seq)
  const intervals: { state: string; mode: string; reason: string; start: number; end: number | null }[] = []
  let held = { state: '', mode: '', reason: '' }
  for (const { change } of ordered) {
    const now = { ...held }
    if (change.state !== '') Object.assign(now, { state: change.state, reason: change.reason })
    if (change.mode !== '') now.mode = change.mode
    const last = intervals.at(-1)
    if (last !== undefined && JSON.stringify(now) === JSON.stringify(held)) continue
    if (last !== undefined) last.end = change.time
    intervals.push({ ...now, start: change.time, end: null })
    held = now
  }
  return intervals
}

const change = fc.record({
  time: fc.integer({ min: 0, max: 8 }).map(n => n * 250),
  state: fc.constantFrom('', 'Idle', 'Execute', 'Suspended'),
  mode: fc.constantFrom('', '', 'Production', 'Manual'),
  reason: fc.constantFrom('none', 'blocked'),
})

it('state_intervals says what a plain reading of the changes says, whatever their order, repeats and ties', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 25 }), fc.nat(24), async (drawn, cut) => {
      const machine = `p${run++}`
      const changes = drawn.map(row => ({ ...row, machine, sourceState: '', observed: true }))
      store.append({ source: 's', stateChanges: changes.slice(0, cut) })
      await store.flush()
      store.append({ source: 's', stateChanges: changes.slice(cut) })
      await store.flush()
      const rows = await store.query<Omit<Interval, 'start' | 'end'> & { start: string; end: string | null }>(
        `SELECT state, mode, reason, toString(toUnixTimestamp64Milli(start)) AS start,
          toString(toUnixTimestamp64Milli(end)) AS end
        FROM gemba.state_intervals WHERE machine = {machine:String}`,
        { machine },
      )
      const found = rows.map(row => ({
        ...row,
        start: Number(row.start),
        end: row.end === null ? null : Number(row.end),
      }))
      const key = (interval: Interval): string =>
        JSON.stringify([interval.start, interval.end ?? 1e9, interval])
      const sorted = (intervals: Interval[]): string[] => intervals.map(key).sort()
      expect(sorted(found)).toEqual(sorted(reference(changes)))
    }),
    { numRuns: 15 },
  )
})
