import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { RandomStream } from '../../twins/flow/random.js'
import { GembaProcess } from '../e2e/process.js'

const isLong = process.env.GEMBA_SOAK !== undefined
const start = Date.UTC(2026, 0, 5, 6)
const hours = isLong ? 12 : 4
/** When something was written by the wall's clock, and its place, which a checkpoint that is there again moves. */
const byTheWall = ['stored', 'updated', 'computed', 'started', 'seq']

const folder = mkdtempSync(join(tmpdir(), 'gemba-killed-'))
const running: GembaProcess[] = []
afterEach(async () => {
  for (const gemba of running.splice(0)) await gemba.stop('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Some hours of the automotive cell, in which its machines often break. */
function simulate(data: string, ...argv: string[]): GembaProcess {
  const plan = [
    '--days',
    String(hours / 24),
    '--start',
    new Date(start).toISOString(),
    '--random-faults',
    '0.5',
  ]
  const where = ['--plant', 'plants/automotive-cell.yaml', '--data', join(folder, data)]
  const gemba = new GembaProcess(['simulate', ...plan, ...where, ...argv])
  running.push(gemba)
  return gemba
}

/** What is kept up to the floor's time, in hours of the past; 0 where nothing is. */
function savedHours(data: string): number {
  const path = join(folder, data, 'alive.json')
  if (!existsSync(path)) return 0
  return (JSON.parse(readFileSync(path, 'utf8')).floorTime - start) / 3_600_000
}

/** Kills the process once something is so, and a little later. */
async function killWhen(gemba: GembaProcess, isSo: () => boolean, later: number): Promise<void> {
  while (!isSo() && gemba.child.exitCode === null) await pause(5)
  await pause(later)
  await gemba.stop('SIGKILL')
}

const pathsIn = (out: string): string[] =>
  existsSync(join(folder, out))
    ? readdirSync(join(folder, out), { recursive: true, encoding: 'utf8' }).sort()
    : []
const filesOf = (out: string): string[] =>
  pathsIn(out).filter(path => /\.(jsonl|parquet|csv|sql)$/.test(path))

/** The rows of every table in files of JSON lines, as sorted texts without what the wall's clock says. */
function rowsOf(out: string): Map<string, string[]> {
  const read = new Map<string, Record<string, unknown>[]>()
  for (const path of filesOf(out)) {
    const table = path.split('/')[0]!
    // A table without rows is an empty file.
    const lines = readFileSync(join(folder, out, path), 'utf8')
      .split('\n')
      .filter(line => line !== '')
    if (lines.length === 0) continue
    const told = lines.map(line => {
      const row = JSON.parse(line) as Record<string, unknown>
      for (const column of byTheWall) delete row[column]
      return row
    })
    read.set(table, [...(read.get(table) ?? []), ...told])
  }
  const rows = new Map<string, string[]>()
  for (const [table, told] of read) rows.set(table, told.map(row => JSON.stringify(row)).sort())
  // Sums that the database merges when it likes; the view over them tells what they amount to.
  rows.delete('telemetry_1m_parts')
  return rows
}

describe('a past whose process is killed at any moment', () => {
  it('ends, after the same command, row for row as the one that was left alone', async () => {
    const whole = simulate('whole', '--to', 'jsonl', '--out', join(folder, 'whole-files'))
    expect(await whole.ended(), whole.errors).toBe(0)
    const chance = new RandomStream(isLong ? Date.now() : 3, 'kills')
    const kills = isLong ? 12 : 2
    for (let kill = 1; kill <= kills; kill++) {
      const until = ((kill - 1 + chance.uniform()) * (hours - 1)) / kills
      const killed = simulate('killed')
      await killWhen(killed, () => savedHours('killed') > until, 300 * chance.uniform())
      expect(killed.child.exitCode, `killed after ${savedHours('killed')} h`).toBeNull()
    }
    const out = join(folder, 'files')
    const cut = simulate('killed', '--to', 'jsonl', '--out', out)
    await killWhen(cut, () => filesOf('files').length > chance.between(1, 20), 0)
    const rest = simulate('killed', '--to', 'jsonl', '--out', out)
    expect(await rest.ended(), rest.errors).toBe(0)

    const [expected, found] = [rowsOf('whole-files'), rowsOf('files')]
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort())
    for (const [table, rows] of expected) {
      expect(rows.length, table).toBeGreaterThan(0)
      expect(found.get(table)!.length, table).toBe(rows.length)
      if (found.get(table)!.some((row, i) => row !== rows[i])) expect(found.get(table), table).toEqual(rows)
    }
    for (const table of ['telemetry', 'state_intervals', 'fault_events', 'sensor_health', 'oee_hourly'])
      expect(expected.has(table), table).toBe(true)
  }, 300_000)

  it.runIf(isLong).each(['parquet', 'csv', 'sql'])(
    'leaves no half files of %s, and all of them are whole after the same command',
    async format => {
      const [whole, cut] = [`whole-${format}`, `cut-${format}`]
      const chance = new RandomStream(Date.now(), format)
      for (let kill = 0; kill < 3; kill++) {
        const killed = simulate('whole', '--to', format, '--out', join(folder, cut))
        const least = chance.between(1, 60)
        await killWhen(killed, () => filesOf(cut).length > least, 0)
      }
      for (const out of [whole, cut]) {
        const gemba = simulate('whole', '--to', format, '--out', join(folder, out))
        expect(await gemba.ended(), gemba.errors).toBe(0)
      }
      expect(filesOf(cut)).toEqual(filesOf(whole))
      const manifests = (out: string) =>
        pathsIn(out).flatMap(path => {
          if (!path.endsWith('manifest.json')) return []
          const { table, files } = JSON.parse(readFileSync(join(folder, out, path), 'utf8'))
          return [[table, files.map((file: { path: string; rows: number }) => [file.path, file.rows])]]
        })
      expect(manifests(cut)).toEqual(manifests(whole))
    },
  )
})
