import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { configSchema } from '../../schema/config.js'
import { startEngine } from '../engine.js'
import type { Database } from '../store/database.js'
import { openReader } from '../store/reader.js'
import type { Command } from './command.js'
import { exportCommand } from './export.js'
import { importCommand } from './import.js'
import { openPlant } from './open-plant.js'

// Databases are started here; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 90_000 })

const page = readFileSync(fileURLToPath(new URL('../../docs/import.md', import.meta.url)), 'utf8')
const plantText = readFileSync(
  fileURLToPath(new URL('../../plants/automotive-cell.yaml', import.meta.url)),
  'utf8',
).replace('adapter: simulator', 'adapter: push\n    silence: never')
const plantFile = plantText.replace('    seed: 1\n', '')
let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gemba-import-'))
  write('plant.yaml', plantFile)
  // Raw values are kept for 90 days from now: the page's yesterday is ours.
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  for (const [, name, content] of page.matchAll(
    /`([\w-]+\.(?:yaml|csv))`[^\n]*(?:\n[^`\n]+)*?:\n\n```\w+\n([\s\S]*?)```/g,
  ))
    write(name!, content!.replaceAll('2026-11-20', yesterday))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function write(name: string, content: string): string {
  const path = join(root, name)
  writeFileSync(path, content)
  return path
}

async function run(command: Command, ...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await command.run(args, {
    out: line => out.push(line),
    err: line => err.push(line),
    signal: new AbortController().signal,
    env: {},
  })
  return { code, out, err }
}

const inRoot = (args: readonly string[]): string[] =>
  args.map(arg => (/\.(csv|yaml|parquet)$|^gemba-data|^live/.test(arg) ? join(root, arg) : arg))
const imported = (line: string) => run(importCommand, ...inRoot(line.split(' ')))

/** Answers about a data folder, opened once for all of them. */
async function asking<T>(data: string, work: (asked: Database['query']) => Promise<T>): Promise<T> {
  const reader = await openReader({ dataDir: join(root, data), logger: pino({ level: 'silent' }) })
  try {
    return await work((sql, parameters) => reader.database.query(sql, parameters))
  } finally {
    await reader.close()
  }
}

const commands = [...page.matchAll(/^gemba import (.*)$/gm)].map(([, args]) => args!)

describe('gemba import', () => {
  it('reads the codes of stops in a file of states as those of live data, by the fault reasons of the plant file', async () => {
    write('coded-plant.yaml', `${plantFile}\nfaultReasons: { press: { E101: mechanical/hydraulic } }\n`)
    write(
      'coded.yaml',
      'kind: states\ntime: { column: at }\nmachine: machine\nstate: state\nstateMap: packml\ncode: fault\n',
    )
    const rows = [
      'at,machine,state,fault',
      '2026-03-02T13:00:00Z,press-01,Execute,0',
      '2026-03-02T14:00:00Z,press-01,Stopped,E101',
      '2026-03-02T14:30:00Z,press-01,Execute,',
      '2026-03-02T15:00:00Z,press-01,Stopped,ok',
      '2026-03-02T15:20:00Z,press-01,Execute,0',
    ]
    write('coded.csv', rows.join('\n'))
    const { code, err } = await imported(
      'coded.csv --mapping coded.yaml --plant coded-plant.yaml --data gemba-data-coded',
    )
    expect(code, err.join()).toBe(0)
    await asking('gemba-data-coded', async asked => {
      expect(
        await asked(
          'SELECT reason, reason_by, source_state, seconds FROM gemba.downtime_events FINAL WHERE NOT gone ORDER BY start',
        ),
      ).toEqual([
        { reason: 'mechanical/hydraulic', reason_by: 'map', source_state: 'E101', seconds: 1_800 },
        { reason: '', reason_by: '', source_state: 'Stopped', seconds: 1_200 },
      ])
    })
  })

  it('does what docs/import.md says, and the second time nothing', async () => {
    expect(commands).toHaveLength(5)
    const said: string[] = []
    for (const line of commands) {
      const { code, out, err } = await imported(line)
      expect(code, err.join()).toBe(0)
      said.push(...out.map(each => each.replace(`${root}/`, '')))
    }
    expect(said).toEqual([
      'states.csv: 4 rows read, 3 taken, 1 refused',
      '  refused state.unknown-word: 1',
      'production.csv: 2 rows read, 2 taken, 0 refused',
      'stops.csv: 1 rows read, 1 taken, 0 refused',
      'scrap.csv: 2 rows read, 1 taken, 1 refused',
      '  refused import.bad-value: 1',
      'telemetry.csv: 5 rows read, 3 taken, 2 refused',
      '  refused tag.unknown: 1',
      '  refused time.too-old: 1',
      '  kept as bad value.out-of-range: 1',
    ])
    const again = await imported(commands[4]!)
    expect(again.out[0]).toContain('5 rows read, 0 taken, 5 in already')

    await asking('gemba-data', async asked => {
      // Half past nine in Detroit, before summer time.
      expect(
        await asked(
          'SELECT machine, state, toString(start) AS start, seconds FROM gemba.state_intervals ORDER BY start',
        ),
      ).toEqual([
        { machine: 'press-01', state: 'Execute', start: '2026-03-02 13:00:00.000', seconds: 3600 },
        { machine: 'press-01', state: 'Aborted', start: '2026-03-02 14:00:00.000', seconds: 1800 },
        { machine: 'press-01', state: 'Execute', start: '2026-03-02 14:30:00.000', seconds: 5400 },
        { machine: 'press-01', state: 'Undefined', start: '2026-03-02 16:00:00.000', seconds: null },
      ])
      expect(
        await asked(
          "SELECT kind, reason, seconds FROM gemba.downtime_events FINAL WHERE NOT gone AND kind = 'breakdown'",
        ),
      ).toEqual([{ kind: 'breakdown', reason: 'mechanical/bearing', seconds: 1800 }])
      const [figures] = await asked<Record<string, number>>(
        `SELECT toFloat64(sum(produced)) AS produced, toFloat64(sum(scrapped)) AS scrapped, toFloat64(sum(production)) AS production,
        toFloat64(sum(breakdown)) AS breakdown FROM gemba.fact_oee WHERE hour < '2026-03-03'`,
      )
      expect(figures).toEqual({ produced: 65, scrapped: 3, production: 9_000_000, breakdown: 1_800_000 })
      expect(
        await asked(`SELECT round(value, 6) AS value, quality FROM gemba.telemetry ORDER BY ts`),
      ).toEqual([
        { value: 50, quality: 0 },
        { value: 50.2, quality: 0 },
        { value: 900, quality: 2 },
      ])
      const rejects = await asked<{ reason: string; raw: string }>(
        `SELECT reason, raw FROM gemba.rejects WHERE source = 'import' AND rule = 'tag.unknown'`,
      )
      expect(rejects).toEqual([
        {
          reason: 'telemetry.csv, row 5: no signal of the plant is called "TT-8".',
          raw: expect.stringContaining(',TT-8,50,°C'),
        },
      ])
    })
  })

  it('takes nothing in a dry run, and says which column is missing', async () => {
    const dry = await imported(
      'scrap.csv --mapping scrap.yaml --plant plant.yaml --data gemba-data-dry --dry-run',
    )
    expect(dry.out[0]).toContain('2 rows read, 1 would be taken, 1 refused')
    expect(existsSync(join(root, 'gemba-data-dry'))).toBe(false)
    const wrong = await imported(
      'stops.csv --mapping scrap.yaml --plant plant.yaml --data gemba-data-dry --dry-run',
    )
    // A device, as a pipe is one: what is read of it once is gone.
    const device = '/dev/null --mapping scrap.yaml --plant plant.yaml --data gemba-data-dry'
    expect(await imported(device)).toMatchObject({ code: 1, err: [expect.stringContaining('it is no file')] })
    expect(wrong.code).toBe(1)
    expect(wrong.err.join()).toMatch(/has no column "time"; it has machine, begin, end, why, note/)
  })

  it('reads wide Parquet as it was exported, also through an engine that runs, where a file counts once', async () => {
    const start = Date.now() - 3_600_000
    const rows = Array.from({ length: 45_000 }, (_, i) => `${start + i * 10},${50 + (i % 10) / 10}`)
    write('wide.csv', `t,Temp\n${rows.join('\n')}\n`)
    const wide = (column: string, format: string) =>
      `kind: telemetry\ntime: { column: ${column}, format: ${format} }\n`
    write('wide.yaml', `${wide('t', 'unix-ms')}signals: { Temp: robot-01.motor-temperature }\n`)
    const config = configSchema.parse({ data: join(root, 'live'), port: 0, plant: join(root, 'plant.yaml') })
    const engine = await startEngine({
      config,
      plant: openPlant(config.plant!),
      logger: pino({ level: 'silent' }),
      viewer: root,
    })
    try {
      const first = await imported('wide.csv --mapping wide.yaml --data live')
      expect(first.code).toBe(0)
      expect(first.out[0]).toContain('45000 rows read, 45000 taken, 0 refused')
      const again = await imported('wide.csv --mapping wide.yaml --data live')
      expect(again.out[0]).toContain('45000 rows read, 0 taken, 45000 in already')
      await engine.store.flush()
      expect(
        await asking('live', asked =>
          asked('SELECT toFloat64(count()) AS n, max(value) AS most FROM gemba.telemetry'),
        ),
      ).toEqual([{ n: 45_000, most: 50.9 }])
    } finally {
      await engine.stop()
    }
    const out = join(root, 'out')
    expect(
      await run(exportCommand, '--table', 'telemetry', '--out', out, '--data', join(root, 'live')),
    ).toMatchObject({ code: 0 })
    const { files } = JSON.parse(readFileSync(join(out, 'telemetry/manifest.json'), 'utf8')) as {
      files: { path: string; rows: number }[]
    }
    write(
      'parquet.yaml',
      `kind: telemetry\ntime: { column: ts }\nsignal: { is: robot-01.motor-temperature }\nvalue: value\n`,
    )
    const paths = files.map(({ path }) => join(out, path))
    const options = ['--mapping', join(root, 'parquet.yaml'), '--plant', join(root, 'plant.yaml')]
    const back = await run(importCommand, ...paths, ...options, '--data', join(root, 'gemba-data-back'))
    expect(back.code).toBe(0)
    expect(
      await asking('gemba-data-back', asked =>
        asked('SELECT toFloat64(count()) AS n, max(value) AS most FROM gemba.telemetry'),
      ),
    ).toEqual([{ n: 45_000, most: 50.9 }])
  })
})
