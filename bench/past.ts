import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { makePast } from '../engine/past/make-past.js'
import { referencePlant } from '../schema/reference-plant/reference-plant.js'
import type { Benchmark, Figure } from './report.js'

const dayMs = 86_400_000
const start = Date.UTC(2026, 0, 5)

/** The history generator: how fast a past of the reference plant comes into the embedded ClickHouse. */
export function pastBenchmark(isQuick: boolean): Benchmark {
  return {
    name: 'past',
    title: 'Past: a history of the reference plant, sensors each 10 s, machines each 60 s, with faults',
    run: say => run(isQuick ? 0.05 : 0.5, say),
  }
}

async function run(days: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const data = mkdtempSync(join(tmpdir(), 'gemba-bench-'))
  try {
    // From the first minute on: a database starts once, however long the past is.
    let begun: { readonly at: number; readonly samples: number } | undefined
    const made = await makePast(
      {
        plant: referencePlant(),
        data,
        seed: 1,
        from: start,
        to: start + days * dayMs,
        period: 10_000,
        logger: pino({ level: 'warn' }),
        signal: new AbortController().signal,
        onProgress: ({ samples }) => {
          begun ??= { at: performance.now(), samples }
        },
      },
      async store => {
        const [row] = await store.query<{ rows: string }>(
          'SELECT toString(count()) AS rows FROM gemba.telemetry',
        )
        if (Number(row!.rows) === 0) throw new Error('Nothing of the past is in the database.')
        say(`${Number(row!.rows).toLocaleString('en')} samples are in the database`)
      },
    )
    const seconds = (performance.now() - begun!.at) / 1000
    const rate = (made.samples - begun!.samples) / seconds
    const week = ((made.samples / days) * 7) / rate / 60
    const rows = ((made.rowsWritten / days) * 7) / 1e6
    return [
      figure('samples a second into the embedded ClickHouse', `${Math.round(rate).toLocaleString('en')}`),
      figure('rows of 7 days, all tables', `${rows.toFixed(0)} million`),
      {
        what: '7 days at this rate',
        measured: `${week.toFixed(1)} minutes`,
        limit: '≤ 10 minutes',
        isReached: week <= 10,
      },
    ]
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

const figure = (what: string, measured: string): Figure => ({ what, measured, limit: '', isReached: true })
