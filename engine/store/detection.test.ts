import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
const bearings: readonly Case[] = [
  { pattern: 'bearing-failure', types: ['cnc-mill', 'cnc-lathe', 'grinding-machine'] },
]
const tools: readonly Case[] = [{ pattern: 'tool-wear', types: ['cnc-mill', 'cnc-lathe'] }]
const instruments: readonly Case[] = [
  { pattern: 'sensor-drift', types: ['cnc-mill', 'press', 'conveyor', 'paint-booth'] },
]
const all: readonly Case[] = [...quick, ...slow, ...bearings, ...tools, ...instruments]

/** Which view tells of a pattern, and for how long after the repair it may go on, since it looks back. */
interface Watch {
  readonly pattern: FaultPatternId
  readonly view: string
  readonly grace: string
  /** Windows that are no further apart are one alarm, hours. */
  readonly apart: number
}
const nameOf = (pattern: string): string => `detected_${pattern.replaceAll('-', '_')}`
const watches: readonly Watch[] = [
  ...all.map(({ pattern }) => {
    const view = nameOf(pattern)
    if (pattern === 'sensor-drift') return { pattern, view, grace: '4 DAY', apart: 12 }
    if (pattern === 'tool-wear') return { pattern, view, grace: '1 HOUR', apart: 12 }
    return { pattern, view, grace: '30 MINUTE', apart: 1 }
  }),
  { pattern: 'bearing-failure', view: 'detected_bearing_trend', grace: '1 DAY', apart: 12 },
]

interface Plan {
  readonly name: string
  readonly cases: readonly Case[]
  /** Machines have all the faults that their type can have, not the one of their case alone. */
  readonly isMixed?: true
  readonly lines: number
  /** Share of the machines that have a fault at any time. */
  readonly share: number
  readonly seed: number
  readonly days: number
  /** Of the sensors, ms. */
  readonly period: number
  /** Least number of faults of each pattern that it takes to say something. */
  readonly least: number
}

const longPlans: readonly Plan[] = [
  { name: 'quick ones', cases: quick, lines: 3, share: 0.6, seed: 911, days: 3, period: 10_000, least: 30 },
  { name: 'slow ones', cases: slow, lines: 2, share: 0.6, seed: 912, days: 10, period: 30_000, least: 15 },
  {
    name: 'bearings',
    cases: bearings,
    lines: 2,
    share: 0.8,
    seed: 913,
    days: 60,
    period: 180_000,
    least: 20,
  },
  { name: 'tools', cases: tools, lines: 2, share: 0.6, seed: 914, days: 14, period: 60_000, least: 30 },
  {
    name: 'instruments',
    cases: instruments,
    lines: 1,
    share: 0.7,
    seed: 915,
    days: 60,
    period: 300_000,
    least: 20,
  },
  {
    name: 'all of them',
    cases: all,
    isMixed: true,
    lines: 1,
    share: 0.3,
    seed: 916,
    days: 14,
    period: 60_000,
    least: 0,
  },
  { name: 'none', cases: all, lines: 1, share: 0, seed: 921, days: 18, period: 60_000, least: 0 },
]
const shortPlans: readonly Plan[] = [
  { name: 'quick ones', cases: quick, lines: 1, share: 0.7, seed: 901, days: 0.6, period: 20_000, least: 1 },
  {
    name: 'tools',
    cases: [{ pattern: 'tool-wear', types: ['cnc-mill'] }],
    ...{ lines: 1, share: 0.8, seed: 904, days: 3, period: 300_000, least: 1 },
  },
  { name: 'none', cases: all, lines: 1, share: 0, seed: 921, days: 0.1, period: 60_000, least: 0 },
]

/** Machines that can have one fault and a drifting sensor, in lines of two. */
function plantOf({ cases, isMixed, lines, share }: Plan) {
  const kinds = cases.flatMap(({ pattern, types }) =>
    types.map(type => ({ id: `${pattern}-of-${type}`, type, pattern })),
  )
  const type = ({ id, type, pattern }: (typeof kinds)[number]) =>
    `  ${id}: { extends: ${type}${isMixed === true ? '' : `, faults: [${pattern}]`} }`
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
  /** Of those: before any of its limits was passed, by the trend of a bearing. */
  readonly early: number
  /** Stretches of windows in which it is said to show, though nobody had it. */
  readonly falseAlarms: number
}

/**
 * Holds a view against what the simulation knows. In time: before the machine fails, or within ten minutes of the onset.
 * What is said of a machine without this fault is false, whatever else it has: windows close to each other are one alarm,
 * and for some time after the repair what is still warm, or looked back at, is forgiven.
 */
async function truthOf(store: Store, { pattern, view, grace, apart }: Watch): Promise<Truth> {
  const [row] = await store.query<Record<keyof Truth, string>>(`
    WITH
      said AS (SELECT machine, at, known FROM gemba.${view}),
      lives AS (
        SELECT machine, occurrence, min(ts) AS onset, minIf(ts, stage = 'failed') AS failed, countIf(stage = 'failed') AS failures,
          if(argMax(stage, (ts, seq)) = 'dormant', max(ts), toDateTime64('2100-01-01', 3, 'UTC')) AS over
        FROM gemba.fault_events WHERE pattern = '${pattern}' AND NOT estimated GROUP BY machine, occurrence
      ),
      shaken AS (
        SELECT s.machine AS machine, l.onset AS onset, min(t.minute) AS at
        FROM gemba.telemetry_1m AS t
        INNER JOIN (SELECT * FROM gemba.signals FINAL WHERE quantity = 'vibration') AS s ON t.signal = s.signal
        INNER JOIN lives AS l ON s.machine = l.machine
        WHERE t.mean > s.warning_high AND t.minute >= l.onset GROUP BY machine, onset
      ),
      -- Of a fault that the plant is met with nobody saw the onset.
      judged AS (
        SELECT l.machine AS machine, l.onset AS onset, min(h.at) AS zone,
          countIf(d.known >= l.onset AND d.known <= greatest(l.failed, l.onset + INTERVAL 10 MINUTE)) > 0 AS found,
          countIf(d.known >= l.onset AND d.known <= h.at) > 0 AS early
        FROM lives AS l LEFT JOIN said AS d ON l.machine = d.machine
        LEFT JOIN shaken AS h ON l.machine = h.machine AND l.onset = h.onset
        WHERE l.failures > 0 AND l.onset > fromUnixTimestamp64Milli(${from + 180_000})
        GROUP BY machine, onset
      ),
      wrong AS (
        SELECT d.machine AS machine, d.at AS at
        FROM said AS d LEFT JOIN lives AS l ON d.machine = l.machine
        GROUP BY machine, at
        HAVING countIf(d.known >= l.onset AND d.at <= l.over + INTERVAL ${grace}) = 0
      ),
      counted AS (
        SELECT at - lagInFrame(at, 1, toDateTime(0, 'UTC')) OVER (PARTITION BY machine ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > ${apart * 3600} AS isNew
        FROM wrong
      )
    SELECT (SELECT count() FROM judged) AS faults, (SELECT countIf(found) FROM judged) AS found,
      (SELECT countIf(found AND early) FROM judged) AS early, (SELECT countIf(isNew) FROM counted) AS falseAlarms`)
  return {
    faults: Number(row!.faults),
    found: Number(row!.found),
    early: Number(row!.early),
    falseAlarms: Number(row!.falseAlarms),
  }
}

const wantedOf = (pattern: FaultPatternId): number =>
  faultPattern(pattern).detectability === 'high' ? 0.95 : 0.8

const page = new URL('../../docs/detection.md', import.meta.url)
/** What the long form found takes the place of what an earlier one did: the row of the page that begins like this one. */
function report(cells: readonly (string | number)[]): void {
  if (!isLong) return
  const row = `| ${cells.join(' | ')} |`
  const begin = `| ${cells[0]} `
  const lines = readFileSync(page, 'utf8').split('\n')
  const at = lines.findLastIndex(line => line.startsWith(begin))
  expect(at, `docs/detection.md has a row ${begin}`).toBeGreaterThan(0)
  lines[at] = row
  writeFileSync(page, lines.join('\n'))
}

describe('the views that detect faults, on pasts that nobody looked at while they were written', () => {
  const folders: string[] = []
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })

  async function live(plan: Plan, onStored: (store: Store) => Promise<void>): Promise<void> {
    const data = mkdtempSync(join(tmpdir(), 'gemba-detection-'))
    folders.push(data)
    const { seed, days, period } = plan
    await makePast(
      {
        ...{ plant: plantOf(plan), data, seed, from, to: from + days * day, period },
        ...{ logger: pino({ level: 'silent' }), signal: new AbortController().signal },
        onProgress: () => undefined,
      },
      onStored,
    )
    rmSync(data, { recursive: true, force: true })
  }

  it.each(isLong ? longPlans : shortPlans)(
    'find $name in time, and say hardly anything else, seed $seed',
    async plan => {
      await live(plan, async store => {
        const machines = 2 * plan.lines * plan.cases.reduce((sum, { types }) => sum + types.length, 0)
        const months = (machines * plan.days) / 30
        const wrong: string[] = []
        const asked: { says: string; faults: number; found: number; wanted: number }[] = []
        let falseAlarms = 0
        for (const watch of watches) {
          const { faults, found, early, falseAlarms: alarms } = await truthOf(store, watch)
          falseAlarms += alarms
          if (alarms > 0) wrong.push(`${alarms} of ${watch.view}`)
          const isAsked = plan.isMixed !== true && plan.cases.some(one => one.pattern === watch.pattern)
          if (!isAsked || plan.share === 0) continue
          const counted = watch.view === 'detected_bearing_trend' ? early : found
          const wanted = wantedOf(watch.pattern)
          asked.push({ says: `${watch.view}: ${counted} of ${faults}`, faults, found: counted, wanted })
          report([`\`${watch.view}\``, wanted, `${counted} of ${faults}`, plan.seed])
        }
        const rate = (falseAlarms / months).toFixed(2)
        report([plan.name, `${machines} × ${plan.days} days`, falseAlarms, rate, plan.seed])
        for (const { says, faults, found, wanted } of asked) {
          expect(faults, says).toBeGreaterThanOrEqual(plan.least)
          expect(found / faults, says).toBeGreaterThanOrEqual(wanted)
        }
        expect(falseAlarms, `in ${months} machine-months: ${wrong.join(', ')}`).toBeLessThanOrEqual(
          Math.ceil(months),
        )
      })
    },
    isLong ? 3_600_000 : 120_000,
  )
})
