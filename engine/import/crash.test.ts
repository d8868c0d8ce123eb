import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { GembaProcess, root } from '../e2e/process.js'

const rows = 120_000

function spooled(data: string): number {
  const spool = join(data, 'spool')
  if (!existsSync(spool)) return 0
  // A file may be gone between being listed and being looked at.
  const size = (name: string): number => statSync(join(spool, name), { throwIfNoEntry: false })?.size ?? 0
  return readdirSync(spool).reduce((sum, name) => sum + size(name), 0)
}

it('an import that is killed goes on with the same command, and every row counts once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-import-crash-'))
  const data = join(folder, 'data')
  try {
    const start = Date.now() - 3_600_000
    const line = (_: unknown, i: number): string => `${start + i * 10},${1 + (i % 10) / 10}`
    writeFileSync(join(folder, 'loads.csv'), `t,v\n${Array.from({ length: rows }, line).join('\n')}\n`)
    const mapping = `kind: telemetry\ntime: { column: t, format: unix-ms }\nsignal: { is: robot-01.motor-temperature }\nvalue: v\n`
    writeFileSync(join(folder, 'loads.yaml'), mapping)
    const args = [
      'import',
      join(folder, 'loads.csv'),
      '--mapping',
      join(folder, 'loads.yaml'),
      '--data',
      data,
    ]
    const plant = ['--plant', join(root, 'plants/automotive-cell.yaml')]

    const killed = new GembaProcess([...args, ...plant])
    // Some blocks are in, in the spool or the database; not all.
    while (spooled(data) < 1_000_000 && killed.child.exitCode === null) await pause(2)
    killed.child.kill('SIGKILL')
    await killed.ended()
    expect(killed.lines).toEqual([])

    const again = new GembaProcess([...args, ...plant])
    expect(await again.ended(), again.errors).toBe(0)
    expect(again.lines.join()).toMatch(/120000 rows read, \d+ taken, [1-9]\d* in already, 0 refused/)
    const count = new GembaProcess([
      ...['query', 'SELECT count() AS n, uniqExact(ts) AS times FROM telemetry'],
      ...['--format', 'CSV', '--data', data],
    ])
    await count.ended()
    expect(count.lines).toEqual([`${rows},${rows}`])
  } finally {
    // The database of a killed process lets go a moment later.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}, 240_000)
