import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { type FaultPatternId, faultPattern } from '../../schema/fault-catalogue.js'
import { loadPlant } from '../../schema/plant-file/load-plant.js'
import { makePast } from '../past/make-past.js'
import type { Store } from './store.js'

const isLong = process.env.GEMBA_SOAK !== undefined
const day = 86_400_000
const from = Date.UTC(2026, 0, 5, 6)

/** A pattern, and the machine types that are watched for it. */
interface Case {
  readonly pattern: FaultPatternId
  readonly types: readonly string[]
}
const quick: readonly Case[] = [
  { pattern: 'motor-overheating', types: ['conveyor'] },
  { pattern: 'welding-quality', types: ['welder'] },
  { pattern: 'coolant-failure', types: ['cnc-mill'] },
  { pattern: 'electrical-fault', types: ['tester'] },
]
const slow: readonly Case[] = [
  { pattern: 'hydraulic-leak', types: ['press', 'forming'] },
  { pattern: 'pneumatic-failure', types: ['assembly-station', 'pick-and-place'] },
  { pattern: 'robot-positioning', types: ['robot-arm', 'welder'] },
]

const slowest: readonly Case[] = [
  { pattern: 'bearing-failure', types: ['cnc-mill', 'cnc-lathe', 'grinding-machine'] },
]

/** Machines that can have one fault and a drifting sensor, in lines of two. */
function plantOf(cases: readonly Case[], lines: number, share: number) {
  const kinds = cases.flatMap(({ pattern, types }) =>
    types.map(type => ({ id: `${pattern}-of-${type}`, type, pattern })),
  )
  const type = ({ id, type, pattern }: (typeof kinds)[number]) =>
    `  ${id}: { extends: ${type}, faults: [${pattern}] }`
  const line = ({ id }: (typeof kinds)[number], i: number) =>
    `          - { id: ${id}-${i}, machines: [{ id: ${id}-${i}a, type: ${id} }, { id: ${id}-${i}b, type: ${id} }] }`
  const text = `gemba: 1
name: Detection
enterprise: Example
sources: { sim: { adapter: simulator, tags: "{machine}.{signal}", randomFaults: ${share} } }
types:
${kinds.map(type).join('\n')}
sites:
  - id: here
    timeZone: UTC
    areas:
      - id: hall
        lines:
${Array.from({ length: lines }, (_, i) => kinds.map(kind => line(kind, i)).join('\n')).join('\n')}
`
  const { plant, problems } = loadPlant(text, { file: 'plant.yaml' })
  if (plant === undefined) throw new Error(JSON.stringify(problems))
  return plant
}

interface Truth {
  /** Faults that came up and made the machine fail, and those of them that were found in time. */
  readonly faults: number
  readonly found: number
  /** Stretches of windows in which it is said to show, though nobody had it. */
  readonly falseAlarms: number
}

/**
 * Holds a view against what the simulation knows. In time: before the machine fails, or within ten minutes of the onset.
 * What is said of a machine without this fault is false, whatever else it has: windows less than an hour apart are one
 * alarm, and half an hour after the repair what is still warm is forgiven.
 */
async function truthOf(store: Store, pattern: FaultPatternId): Promise<Truth> {
  const view = `gemba.detected_${pattern.replaceAll('-', '_')}`
  const [row] = await store.query<{ faults: string; found: string; falseAlarms: string }>(`
    WITH
      lives AS (
        SELECT machine, occurrence, min(ts) AS onset, minIf(ts, stage = 'failed') AS failed, countIf(stage = 'failed') AS failures,
          if(argMax(stage, (ts, seq)) = 'dormant', max(ts), toDateTime64('2100-01-01', 3, 'UTC')) AS over
        FROM gemba.fault_events WHERE pattern = '${pattern}' GROUP BY machine, occurrence
      ),
      -- Of a fault that the plant is met with nobody saw the onset.
      judged AS (
        SELECT l.machine AS machine, l.onset AS onset,
          countIf(d.known >= l.onset AND d.known <= greatest(l.failed, l.onset + INTERVAL 10 MINUTE)) > 0 AS found
        FROM lives AS l LEFT JOIN ${view} AS d ON l.machine = d.machine
        WHERE l.failures > 0 AND l.onset > fromUnixTimestamp64Milli(${from + 180_000})
        GROUP BY machine, onset
      ),
      wrong AS (
        SELECT d.machine AS machine, d.at AS at
        FROM ${view} AS d LEFT JOIN lives AS l ON d.machine = l.machine
        GROUP BY machine, at
        HAVING countIf(d.known >= l.onset AND d.at <= l.over + INTERVAL 30 MINUTE) = 0
      ),
      counted AS (
        SELECT at - lagInFrame(at, 1, toDateTime(0, 'UTC')) OVER (PARTITION BY machine ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > 3600 AS isNew
        FROM wrong
      )
    SELECT (SELECT count() FROM judged) AS faults, (SELECT countIf(found) FROM judged) AS found,
      (SELECT countIf(isNew) FROM counted) AS falseAlarms`)
  return {
    faults: Number(row!.faults),
    found: Number(row!.found),
    falseAlarms: Number(row!.falseAlarms),
  }
}

describe('the views that detect faults, on pasts that nobody looked at while they were written', () => {
  const folders: string[] = []
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })

  async function judge(
    cases: readonly Case[],
    plan: {
      readonly lines: number
      readonly share: number
      readonly seed: number
      readonly days: number
      readonly period: number
    },
  ): Promise<Map<FaultPatternId, Truth>> {
    const data = mkdtempSync(join(tmpdir(), 'gemba-detection-'))
    folders.push(data)
    const truths = new Map<FaultPatternId, Truth>()
    await makePast(
      {
        plant: plantOf(cases, plan.lines, plan.share),
        data,
        seed: plan.seed,
        from,
        to: from + plan.days * day,
        period: plan.period,
        logger: pino({ level: 'silent' }),
        signal: new AbortController().signal,
        onProgress: () => undefined,
      },
      async store => {
        for (const { pattern } of cases) truths.set(pattern, await truthOf(store, pattern))
      },
    )
    return truths
  }

  const plans = isLong
    ? [
        { cases: quick, lines: 4, share: 0.6, seed: 911, days: 3, period: 10_000, least: 40 },
        { cases: slow, lines: 5, share: 0.6, seed: 912, days: 14, period: 30_000, least: 40 },
        { cases: slowest, lines: 4, share: 0.8, seed: 913, days: 70, period: 180_000, least: 40 },
      ]
    : [{ cases: quick, lines: 1, share: 0.7, seed: 901, days: 0.6, period: 20_000, least: 1 }]

  it.each(plans)(
    'find what makes machines fail, seed $seed',
    async plan => {
      const truths = await judge(plan.cases, plan)
      for (const [pattern, { faults, found }] of truths) {
        const wanted = faultPattern(pattern).detectability === 'high' ? 0.95 : 0.8
        const says = `${pattern}: ${found} of ${faults}`
        expect(faults, says).toBeGreaterThanOrEqual(plan.least)
        expect(found / faults, says).toBeGreaterThanOrEqual(wanted)
      }
    },
    isLong ? 3_600_000 : 120_000,
  )

  it(
    'say at most one thing a machine and month of machines that have nothing',
    async () => {
      const cases = [...quick, ...slow, ...slowest]
      const [lines, days] = isLong ? [3, 18] : [1, 0.15]
      const truths = await judge(cases, { lines, share: 0, seed: 921, days, period: 60_000 })
      for (const [pattern, { faults, falseAlarms }] of truths) {
        const machines = 2 * lines * cases.find(one => one.pattern === pattern)!.types.length
        const months = (machines * days) / 30
        expect(faults).toBe(0)
        expect(falseAlarms, pattern).toBeLessThanOrEqual(months)
      }
    },
    isLong ? 3_600_000 : 120_000,
  )
})
