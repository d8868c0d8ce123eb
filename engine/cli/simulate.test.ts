import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
      / % {2}[\d,]+ samples, ([\d,]+ a second|which an earlier run has stored)$/.test(line)
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

  it.each([
    [
      'jsonl',
      (text: string) =>
        text
          .trim()
          .split('\n')
          .map(line => JSON.parse(line)).length,
    ],
    ['sql', (text: string) => text.match(/^\(|\), \(|VALUES \(/gm)?.length ?? 0],
  ])(
    'writes every table as %s too',
    async (format, rowsIn) => {
      const folder = mkdtempSync(join(tmpdir(), 'gemba-simulate-'))
      folders.push(folder)
      const out = join(folder, 'files')
      const argv = ['--days', '0.005', '--start', '2024-01-08T06:00:00Z', '--data', join(folder, 'data')]
      const made = await simulate(
        ...argv,
        '--plant',
        'plants/automotive-cell.yaml',
        '--to',
        format,
        '--out',
        out,
      )
      expect(made.err).toBe('')
      expect(made.code).toBe(0)
      const manifest = JSON.parse(readFileSync(join(out, 'telemetry', 'manifest.json'), 'utf8'))
      const [file] = manifest.files as { path: string; rows: number }[]
      const text = readFileSync(join(out, file!.path), 'utf8')
      expect(file!.rows).toBeGreaterThan(500)
      if (format === 'sql') expect(text).toContain('INSERT INTO telemetry (')
      expect(rowsIn(text)).toBe(file!.rows)
      expect(made.out).toMatch(/state_intervals: [1-9]/)
    },
    60_000,
  )

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
