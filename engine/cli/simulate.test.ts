import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { main } from './main.js'

describe('gemba simulate', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  /** Runs the verb; what it printed, line by line, and its exit code. */
  async function simulate(...argv: string[]) {
    const out: string[] = []
    const err: string[] = []
    const { signal } = new AbortController()
    const say = (lines: string[]) => (line: string) => lines.push(line)
    const code = await main(['simulate', ...argv], { out: say(out), err: say(err), signal, env: {} })
    // Where the machine is busy, it says now and then how far it is.
    const isProgress = (line: string) =>
      /( % {2}[\d,]+ samples, ([\d,]+ a second|which an earlier run has stored)| rows so far)$/.test(line)
    return { code, out: out.join('\n'), err: err.filter(line => !isProgress(line)).join('\n') }
  }

  it('makes a past, says so, and has nothing left to do the second time', async () => {
    const data = mkdtempSync(join(tmpdir(), 'gemba-simulate-'))
    folders.push(data)
    const argv = ['--days', '0.01', '--start', '2024-01-08T06:00:00Z', '--data', data]
    const plant = ['--plant', 'plants/automotive-cell.yaml']
    const first = await simulate(...argv, ...plant)
    expect(first.err).toBe('')
    expect(first.out).toMatch(/^2024-01-08T06:00:00Z to 2024-01-08T06:14:24Z: [\d,]{5,} samples/)
    expect(first.code).toBe(0)
    const again = await simulate(...argv, ...plant)
    expect(again.code).toBe(0)
    const samples = (text: string) => /: ([\d,]+) samples/.exec(text)?.[1]
    expect(samples(again.out)).toBe(samples(first.out))
    const other = await simulate(...argv, ...plant, '--seed', '2')
    expect(other.code).toBe(1)
    expect(other.err).toContain('holds another past')
  })

  it('writes every table as sql too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gemba-simulate-'))
    folders.push(folder)
    const out = join(folder, 'files')
    const argv = ['--days', '0.005', '--start', '2024-01-08T06:00:00Z', '--data', join(folder, 'data')]
    const flags = ['--plant', 'plants/automotive-cell.yaml', '--to', 'sql', '--out', out]
    const made = await simulate(...argv, ...flags)
    expect(made.err).toBe('')
    expect(made.code).toBe(0)
    const manifest = JSON.parse(readFileSync(join(out, 'telemetry', 'manifest.json'), 'utf8'))
    const [file] = manifest.files as { path: string; rows: number }[]
    const text = readFileSync(join(out, file!.path), 'utf8')
    expect(file!.rows).toBeGreaterThan(500)
    expect(text).toContain('INSERT INTO telemetry (')
    expect(text.match(/^\(|\), \(|VALUES \(/gm)?.length).toBe(file!.rows)
    expect(made.out).toMatch(/state_intervals: [1-9]/)
  }, 60_000)

  it('makes the same files of the same past, whatever the number of threads', async () => {
    const root = mkdtempSync(join(tmpdir(), 'gemba-simulate-'))
    folders.push(root)
    const hashesOf = async (name: string, workers: string) => {
      const out = join(root, name)
      const argv = ['--days', '0.1', '--start', '2024-01-08T06:00:00Z', '--data', join(root, `${name}-data`)]
      const flags = ['--seed', '5', '--workers', workers, '--random-faults', '0.9', '--to', 'jsonl']
      const made = await simulate(...argv, ...flags, '--plant', 'plants/automotive-cell.yaml', '--out', out)
      expect(made.code).toBe(0)
      const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter(file => file.isFile())
      const paths = files.map(file => join(file.parentPath, file.name)).sort()
      return new Map(
        paths.map(path => [
          relative(out, path),
          createHash('sha256').update(readFileSync(path)).digest('hex'),
        ]),
      )
    }
    const alone = await hashesOf('alone', '0')
    for (const table of ['telemetry', 'fault_events', 'oee_hourly', 'state_changes', 'plant_versions'])
      expect([...alone.keys()].filter(path => path.startsWith(`${table}/date`)).length).toBeGreaterThan(0)
    for (const workers of ['1', '2']) expect(await hashesOf(`with-${workers}`, workers)).toEqual(alone)
    const manifest = JSON.parse(readFileSync(join(root, 'alone', 'telemetry', 'manifest.json'), 'utf8'))
    const [file] = manifest.files as { path: string; rows: number }[]
    const lines = readFileSync(join(root, 'alone', file!.path), 'utf8')
      .trim()
      .split('\n')
    expect(lines.map(line => JSON.parse(line))).toHaveLength(file!.rows)
  }, 120_000)

  it.each([
    [['--to', 'excel'], '--to is one of clickhouse, parquet, csv, '],
    [['--days', '0'], '--days is a number above 0, at most 3,660; got "0"'],
    [['--days', 'week'], '--days is a number above 0, at most 3,660; got "week"'],
    [['--seed', '1.5'], '--seed is a whole number from 0; got "1.5"'],
    [['--period', '4000'], '--period is a number from 0.001, at most 3,600; got "4000"'],
    [['--period', '0.00001'], '--period is a number from 0.001, at most 3,600; got "0.00001"'],
    [['--workers', '65'], '--workers is a whole number from 0 to 64; got "65"'],
    [['--start', 'yesterday'], '--start is a time with its zone'],
    [['--start', '1969-12-31T00:00:00Z'], '--start is from 1970 on; got "1969-12-31T00:00:00Z"'],
    [
      ['--start', '2150-01-01T00:00:00Z', '--days', '2'],
      'the past would end at 2150-01-03T00:00:00Z, which is still to come. Let it begin at 2',
    ],
    [['--dayz', '3'], 'there is no option --dayz (but --days)'],
  ])('refuses %j and says what would be right', async (argv, message) => {
    const { code, err } = await simulate(...argv, '--data', '/tmp/never-made')
    expect(code).toBe(2)
    expect(err).toContain(message)
  })
})
