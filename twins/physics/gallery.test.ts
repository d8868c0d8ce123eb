import { describe, expect, it } from 'vitest'
import { type FaultPatternId, faultCatalogue, faultPattern } from '../../schema/fault-catalogue.js'
import { shippedMachineTypes } from '../../schema/machine-types/shipped-machine-types.js'
import { drawTrial } from './fault-picture.js'
import {
  atWork,
  crossing,
  driftCrossing,
  driftedSensors,
  repair,
  type Trial,
  tryFault,
} from './fault-trial.js'
import { usualTimes } from './life.js'
import { signatures } from './signatures.js'

const limitNames = {
  warningLow: 'below warning',
  criticalLow: 'below critical',
  warningHigh: 'above warning',
  criticalHigh: 'above critical',
} as const

/** What a picture shows: the fault at its usual pace, then a repair. Electrical faults are shown at their slowest. */
function trialOf(pattern: FaultPatternId): Trial & { readonly from: number; readonly to: number } {
  const [, slowest] = faultPattern(pattern).takes
  const span = pattern === 'electrical-fault' ? slowest : Math.round(usualTimes(pattern).growth)
  const trial = tryFault(pattern, { seed: 4, span, samples: 2000, peace: Math.max(60_000, 0.25 * span) })
  trial.line.pass(0.1 * span)
  repair(trial, Math.round(0.1 * span))
  trial.line.pass(0.35 * span)
  return { ...trial, from: trial.onset - 0.2 * span, to: trial.onset + 1.45 * span }
}

function shownSignals(trial: Trial): string[] {
  const { signs, changes } = signatures[trial.pattern]
  if (trial.pattern === 'sensor-drift') return driftedSensors(trial).map(({ signal }) => signal.name)
  if (trial.pattern === 'electrical-fault') return ['voltage', 'current']
  return [...new Set([...signs.map(({ signal }) => signal), ...Object.keys(changes)])]
}

/** The limits that the picture shows to be passed, in their order, as rows; each at its stage. */
function signRows(trial: Trial): string[] {
  const rows = signatures[trial.pattern].signs.map(sign => {
    const share = crossing(trial, sign)
    expect(share, `${sign.signal} ${sign.limit}`).toBeGreaterThanOrEqual(sign.between[0])
    expect(share, `${sign.signal} ${sign.limit}`).toBeLessThanOrEqual(sign.between[1])
    const { limits, unit } = trial.line.series.get(sign.signal)!.signal
    const bound = `${limits[sign.limit]} ${unit}`
    return { share, row: `| ${sign.signal} | ${limitNames[sign.limit]}, ${bound} | ${percent(share)} |` }
  })
  const shares = rows.map(({ share }) => share)
  expect(shares, 'order of appearance').toEqual([...shares].sort((a, b) => a - b))
  return rows.map(({ row }) => row)
}

/** What no signature lists: the side to which the supply goes, and which instrument drifts, are drawn. */
function drawnRows(trial: Trial): string[] {
  if (trial.pattern === 'electrical-fault') {
    const side = crossing(trial, { signal: 'voltage', limit: 'criticalLow' }) < 1 ? 'Low' : 'High'
    const [warning, critical] = (['warning', 'critical'] as const).map(level => {
      const limit = `${level}${side}` as const
      return { limit, share: crossing(trial, { signal: 'voltage', limit }) }
    })
    expect(warning!.share).toBeGreaterThan(0.05)
    expect(warning!.share).toBeLessThan(0.1)
    expect(critical!.share).toBeGreaterThan(0.18)
    expect(critical!.share).toBeLessThan(0.27)
    const { limits, unit } = trial.line.series.get('voltage')!.signal
    return [warning!, critical!].map(
      ({ limit, share }) =>
        `| voltage | ${limitNames[limit]}, ${limits[limit]} ${unit} | ${percent(share)} |`,
    )
  }
  if (trial.pattern !== 'sensor-drift') return []
  const [series] = driftedSensors(trial)
  const share = driftCrossing(trial, series!)
  expect(share).toBeGreaterThan(0.3)
  expect(share).toBeLessThan(0.5)
  const { time, value } = series!
  const failed = value.filter(
    (_, i) => time[i]! > trial.onset + 1.01 * trial.span && time[i]! < trial.onset + 1.09 * trial.span,
  )
  expect(failed.length).toBeGreaterThan(10)
  expect(new Set(failed).size).toBe(1)
  return [
    `| ${series!.signal.name} | off by 5 % of its span | ${percent(share)} |`,
    `| ${series!.signal.name} | stuck | at failure |`,
  ]
}

/** How far other signals are off when the machine fails, as rows. */
function changeRows({ line, onset, span, pattern }: Trial): string[] {
  return Object.entries(signatures[pattern].changes).map(([name, [least, greatest]]) => {
    const series = line.series.get(name)!
    const change = atWork(series, onset + 0.93 * span, onset + span) / atWork(series, 0, onset) - 1
    expect(change, name).toBeGreaterThan(least)
    expect(change, name).toBeLessThan(greatest)
    return `| ${name} | ${change < 0 ? '−' : '+'}${percent(Math.abs(change))} | at failure |`
  })
}

const percent = (share: number): string => `${Math.round(100 * share)} %`

/** As it stands within a sentence. */
function typeName(id: string): string {
  const { name } = shippedMachineTypes.find(type => type.id === id)!
  return /^[A-Z]{2}/.test(name) ? name : name.toLowerCase()
}

const times = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
  ['seconds', 1000],
] as const
const inWords = (ms: number): string => {
  const [name, unit] = times.find(([, length]) => ms >= 2 * length) ?? ['seconds', 1000]
  return `${Number((ms / unit).toPrecision(2))} ${name}`
}

const sections: string[] = []

describe('the gallery of faults', () => {
  it.each(faultCatalogue)(
    '$id: what its picture shows is its signature',
    async ({ id, name, code, takes }) => {
      const trial = trialOf(id)
      const { type, trips, cycle, rejects } = signatures[id]
      const signals = shownSignals(trial)
      expect(signals.length).toBeGreaterThan(0)
      const rows = [...signRows(trial), ...drawnRows(trial), ...changeRows(trial)]
      expect(trial.line.reports.some(report => report.kind === 'damage' && report.damage === 1)).toBe(true)
      const picture = drawTrial(trial, signals, trial.from, trial.to)
      await expect(picture).toMatchFileSnapshot(`../../docs/faults/${id}.svg`)
      const table = rows.length === 0 ? [] : ['', '| signal | | when |', '| --- | --- | --- |', ...rows]
      sections.push(
        [
          `## ${name}`,
          '',
          `\`${id}\`, ${code}. Takes ${inWords(takes[0])} to ${inWords(takes[1])} from onset to failure; here ${inWords(trial.span)} on a ${typeName(type)}. At failure: cycle time × ${cycle[0]} to ${cycle[1]}, ${percent(rejects[0])} to ${percent(rejects[1])} more rejects, ${trips ? 'and the machine stops' : 'and the machine goes on'}.`,
          '',
          `![${name}: ${signals.join(', ')}](faults/${id}.svg)`,
          ...table,
          '',
        ].join('\n'),
      )
    },
  )

  it('is the page of all ten', async () => {
    expect(sections).toHaveLength(faultCatalogue.length)
    const page = [
      '# Ten faults',
      '',
      'What the simulator shows of each fault, from its onset to the failure and the repair. Pictures and tables are made by `npm run gallery` from the simulation itself, and `npm test` fails when they are stale, or when a limit is passed at another time or in another order than the signature of the fault says (`twins/physics/signatures.ts`). Shares are of the time from onset to failure.',
      '',
      ...sections,
    ].join('\n')
    await expect(page).toMatchFileSnapshot('../../docs/faults.md')
  })
})
