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

interface Ground {
  readonly folder: string
  readonly data: string
  /** The command that imports the file. */
  readonly args: readonly string[]
  readonly plant: readonly string[]
  /** First and last instant of its rows, Unix ms. */
  readonly start: number
  readonly end: number
}

function lay(): Ground {
  const folder = mkdtempSync(join(tmpdir(), 'gemba-import-crash-'))
  const data = join(folder, 'data')
  const start = Date.now() - 3_600_000
  const line = (_: unknown, i: number): string => `${start + i * 10},${1 + (i % 10) / 10}`
  writeFileSync(join(folder, 'loads.csv'), `t,v\n${Array.from({ length: rows }, line).join('\n')}\n`)
  const mapping = `kind: telemetry\ntime: { column: t, format: unix-ms }\nsignal: { is: robot-01.motor-temperature }\nvalue: v\n`
  writeFileSync(join(folder, 'loads.yaml'), mapping)
  const plant = ['--plant', join(root, 'plants/automotive-cell.yaml')]
  const files = [join(folder, 'loads.csv'), '--mapping', join(folder, 'loads.yaml')]
  const args = ['import', ...files, '--data', data, ...plant]
  return { folder, data, args, plant, start, end: start + (rows - 1) * 10 }
}

/** How many of the rows are in, and how many instants. */
async function countOf({ data, start, end }: Ground): Promise<string> {
  const span = `ts BETWEEN fromUnixTimestamp64Milli(${start}) AND fromUnixTimestamp64Milli(${end})`
  const count = new GembaProcess([
    ...['query', `SELECT count() AS n, uniqExact(ts) AS times FROM telemetry WHERE ${span}`],
    ...['--format', 'CSV', '--data', data],
  ])
  await count.ended()
  return count.lines.join('\n')
}

/** The database of a killed process lets go a moment later. */
const clear = ({ folder }: Ground): void =>
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })

it('an import that is killed goes on with the same command, and every row counts once', async () => {
  const ground = lay()
  try {
    const killed = new GembaProcess(ground.args)
    // Some blocks are in, in the spool or the database; not all.
    while (spooled(ground.data) < 1_000_000 && killed.child.exitCode === null) await pause(2)
    killed.child.kill('SIGKILL')
    await killed.ended()
    expect(killed.lines).toEqual([])

    const again = new GembaProcess(ground.args)
    expect(await again.ended(), again.errors).toBe(0)
    expect(again.lines.join()).toMatch(/120000 rows read, \d+ taken, [1-9]\d* in already, 0 refused/)
    expect(await countOf(ground)).toBe(`${rows},${rows}`)
  } finally {
    clear(ground)
  }
}, 240_000)

it.each(['import', 'engine'] as const)(
  'beside an engine that runs, too: the %s is killed',
  async who => {
    const ground = lay()
    const start = ['start', ...ground.plant, '--data', ground.data, '--port', '0']
    let engine = new GembaProcess(start)
    try {
      await engine.live()
      const killed = new GembaProcess(ground.args)
      // Blocks come as files, one after the other: with the third the first two are in.
      const seen = new Set<string>()
      while (seen.size < 3 && killed.child.exitCode === null) {
        for (const name of readdirSync(join(ground.data, 'import')))
          if (name.endsWith('.block')) seen.add(name)
        await pause(2)
      }
      const victim = who === 'import' ? killed : engine
      victim.child.kill('SIGKILL')
      await victim.ended()
      if (who === 'engine') {
        // Nobody takes the rows any more, and the import says so and ends.
        expect(await killed.ended()).toBe(5)
        expect(killed.errors).toMatch(/engine/)
        engine = new GembaProcess(start)
        await engine.live()
      }
      expect(killed.lines).toEqual([])

      const again = new GembaProcess(ground.args)
      expect(await again.ended(), again.errors).toBe(0)
      expect(again.lines.join()).toMatch(/120000 rows read, \d+ taken, [1-9]\d* in already, 0 refused/)
      await engine.stop()
      expect(await countOf(ground)).toBe(`${rows},${rows}`)
    } finally {
      await engine.stop()
      clear(ground)
    }
  },
  240_000,
)
