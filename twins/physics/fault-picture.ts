import { faultPattern } from '../../schema/fault-catalogue.js'
import { packmlStates } from '../../schema/packml.js'
import type { Trial } from './fault-trial.js'
import { faulty, type Series } from './faulty-line.js'

const width = 760
const left = 176
const right = 16
const panel = 92
const gap = 14
const top = 34
/** Points of a line: each the mean of the samples around it. */
const points = 220

const ink = '#1f2933'
const faint = '#7b8794'
const line = '#0b69a3'
const warning = '#b44d12'
const critical = '#ba2525'

const second = 1000
const units = [
  { name: 'd', ms: 86_400 * second },
  { name: 'h', ms: 3600 * second },
  { name: 'min', ms: 60 * second },
  { name: 's', ms: second },
]

/** Axis of a picture: where a time lies. */
interface Axis {
  readonly from: number
  readonly to: number
  x(time: number): number
}

/** Draws the signals of a trial over time, with their limits, the stages of the fault and what the machine does. */
export function drawTrial(trial: Trial, signals: readonly string[], from: number, to: number): string {
  const axis: Axis = { from, to, x: time => left + ((time - from) / (to - from)) * (width - left - right) }
  const bottom = top + signals.length * (panel + gap)
  const height = bottom + 56
  const { name } = faultPattern(trial.pattern)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11" role="img">`,
    `<title>${name}: ${signals.join(', ')} from onset to failure</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...stages(trial, axis, bottom),
    ...signals.flatMap((signal, i) =>
      drawPanel(trial.line.series.get(signal)!, axis, top + i * (panel + gap)),
    ),
    ...stateBand(trial, axis, bottom),
    ...timeAxis(trial, axis, bottom + 24),
    '</svg>',
    '',
  ].join('\n')
}

function stages({ line: watched, pattern, onset }: Trial, axis: Axis, bottom: number): string[] {
  const thresholds = faultPattern(pattern).stages
  const reached = (least: number): number | undefined =>
    watched.reports.find(report => report.kind === 'damage' && report.damage >= least - 1e-9)?.time
  const marks: readonly (readonly [string, number | undefined])[] = [
    ['onset', onset],
    ['developing', reached(thresholds.developing)],
    ['severe', reached(thresholds.severe)],
    ['failed', reached(1)],
    ['repaired', watched.reports.find(({ kind }) => kind === 'repaired')?.time],
  ]
  return marks.flatMap(([name, time], i) => {
    if (time === undefined || time > axis.to) return []
    const x = round(axis.x(time))
    return [
      `<line x1="${x}" y1="${top - 6}" x2="${x}" y2="${bottom}" stroke="${faint}" stroke-dasharray="3 3"/>`,
      text(x + 3, i % 2 === 0 ? 14 : 26, name, faint),
    ]
  })
}

function drawPanel({ signal, time, value }: Series, axis: Axis, y: number): string[] {
  const { limits, name, unit } = signal
  const shown = thin(time, value, axis)
  const bounds = [
    ['warning', limits.warningLow, warning],
    ['warning', limits.warningHigh, warning],
    ['critical', limits.criticalLow, critical],
    ['critical', limits.criticalHigh, critical],
  ] as const
  const values = shown.map(([, v]) => v)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  // A limit that the signal never comes near would only make its line flat.
  const reach = 0.4 * (most - least)
  const isNear = (bound: number): boolean => bound > least - reach && bound < most + reach
  const near = bounds.flatMap(([, bound]) => (bound !== undefined && isNear(bound) ? [bound] : []))
  const low = Math.min(least, ...near)
  const high = Math.max(most, ...near)
  const margin = 0.08 * (high - low || 1)
  const at = (v: number): number => y + panel - ((v - low + margin) / (high - low + 2 * margin)) * panel
  return [
    `<rect x="${left}" y="${y}" width="${width - left - right}" height="${panel}" fill="none" stroke="#cbd2d9"/>`,
    text(8, y + 16, name, ink),
    text(8, y + 32, unit, faint),
    text(left - 6, round(at(high)) + 4, format(high), faint, 'end'),
    text(left - 6, round(at(low)) + 4, format(low), faint, 'end'),
    ...bounds.flatMap(([kind, bound, colour]) => {
      if (bound === undefined || !near.includes(bound)) return []
      const line = `<line x1="${left}" y1="${round(at(bound))}" x2="${width - right}" y2="${round(at(bound))}" stroke="${colour}" stroke-width="0.8"/>`
      return [line, text(left + 4, round(at(bound)) - 3, `${kind} ${format(bound)}`, colour)]
    }),
    `<polyline fill="none" stroke="${line}" stroke-width="1.3" points="${shown
      .map(([t, v]) => `${round(axis.x(t))},${round(at(v))}`)
      .join(' ')}"/>`,
  ]
}

/** The mean of the samples in each part of the axis that has any. */
function thin(time: readonly number[], value: readonly number[], { from, to }: Axis): [number, number][] {
  const sums = new Float64Array(points)
  const counts = new Uint32Array(points)
  for (const [i, t] of time.entries()) {
    const place = Math.floor(((t - from) / (to - from)) * points)
    if (place < 0 || place >= points) continue
    sums[place]! += value[i]!
    counts[place]!++
  }
  const step = (to - from) / points
  return [...sums].flatMap((sum, i): [number, number][] =>
    counts[i] === 0 ? [] : [[from + (i + 0.5) * step, sum / counts[i]!]],
  )
}

/** A band below the panels: produces, stands, or is on its way. */
function stateBand({ line: watched }: Trial, axis: Axis, y: number): string[] {
  const changes = watched.states.filter(({ machine }) => machine === faulty)
  const parts = changes.flatMap(({ state, time }, i) => {
    const begin = Math.max(axis.from, time)
    const end = Math.min(axis.to, changes[i + 1]?.time ?? axis.to)
    if (end <= begin) return []
    const name = packmlStates[state]!
    const colour = name === 'Execute' ? '#3f9142' : name === 'Aborted' ? critical : '#cbd2d9'
    const span = round(axis.x(end)) - round(axis.x(begin))
    return [
      `<rect x="${round(axis.x(begin))}" y="${y}" width="${round(span)}" height="10" fill="${colour}"/>`,
    ]
  })
  return [text(8, y + 9, 'state', ink), ...parts]
}

function timeAxis({ onset, span }: Trial, axis: Axis, y: number): string[] {
  const unit = units.find(({ ms }) => span >= 2 * ms) ?? units.at(-1)!
  const step = stepOf((axis.to - axis.from) / unit.ms / 7)
  const marks: string[] = []
  for (let k = Math.ceil((axis.from - onset) / unit.ms / step); ; k++) {
    const time = onset + k * step * unit.ms
    if (time > axis.to) break
    marks.push(text(round(axis.x(time)), y, `${format(k * step)} ${unit.name}`, faint, 'middle'))
  }
  return [
    ...marks,
    text(left, y + 20, 'time since onset; state: green produces, red stands after a failure', faint),
  ]
}

/** The step of 1, 2 or 5 times a power of ten next above. */
function stepOf(least: number): number {
  let decade = 1
  while (decade > least) decade /= 10
  while (decade * 10 <= least) decade *= 10
  return decade * ([1, 2, 5, 10].find(factor => decade * factor >= least) ?? 10)
}

const round = (value: number): number => Math.round(value * 10) / 10

const format = (value: number): string =>
  String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))

const text = (x: number, y: number, content: string, colour: string, anchor = 'start'): string =>
  `<text x="${round(x)}" y="${round(y)}" fill="${colour}"${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${content}</text>`
