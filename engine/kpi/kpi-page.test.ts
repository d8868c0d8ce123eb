import { readFileSync } from 'node:fs'
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PackmlState } from '../../schema/packml.js'
import type { ClassedTime } from '../../workers/kpi/time-class.js'
import { createApi } from '../api/api.js'
import { manifestDocument } from '../api/manifest.js'
import { testFloor } from '../gateway/test-floor.js'
import { change, KpiGround, minute, parts, six } from './test-ground.js'

let common: KpiGround
beforeAll(async () => {
  common = await KpiGround.open()
})
afterAll(() => common?.close())

/** A stretch of the early shift: when it begins, what the machine says, what a person makes of it. */
interface Stretch {
  readonly at: string
  readonly state: PackmlState
  readonly reason?: string
  readonly note: string
  /** What each of its minutes counts as, by hand; the break from 09:00 to 09:30 is taken out. */
  readonly counts: keyof ClassedTime
  /** Parts counted at its end, and those of them that were rejected. */
  readonly produced?: number
  readonly rejected?: number
}

const shift: readonly Stretch[] = [
  { at: '06:00', state: 'Resetting', note: 'setting up', counts: 'setup' },
  { at: '06:20', state: 'Execute', note: 'running', counts: 'production', produced: 62, rejected: 3 },
  { at: '06:55', state: 'Held', note: 'a part was stuck', counts: 'minorStop' },
  { at: '06:58', state: 'Execute', note: 'running', counts: 'production', produced: 208, rejected: 4 },
  { at: '08:50', state: 'Aborted', note: 'spindle fault, over the break', counts: 'breakdown' },
  { at: '09:42', state: 'Execute', note: 'running', counts: 'production', produced: 190, rejected: 2 },
  { at: '11:25', state: 'Suspended', reason: 'starved', note: 'no parts came', counts: 'starved' },
  { at: '11:41', state: 'Execute', note: 'running', counts: 'production', produced: 221, rejected: 5 },
  { at: '13:45', state: 'Idle', note: 'order done', counts: 'idle' },
]
const shiftEnd = 14 * 60
const pause: readonly [number, number] = [9 * 60, 9 * 60 + 30]
/** Planned time per part, s. */
const ideal = 30

it('one shift comes out by hand as by the API, and docs/kpis.md shows it (-u writes it anew)', async () => {
  const { open, plant, clock, tell, goTo } = common.floor(['mill-1'])
  const book = open()
  await book.start()
  const spans = shift.map((stretch, place) => {
    const from = minutesOf(stretch.at)
    const to = shift[place + 1] === undefined ? shiftEnd : minutesOf(shift[place + 1]!.at)
    const ofPause = Math.max(0, Math.min(to, pause[1]) - Math.max(from, pause[0]))
    return { ...stretch, from, to, busy: to - from - ofPause }
  })
  for (const { from, to, state, reason, produced, rejected } of spans) {
    tell(book, { source: 's', stateChanges: [change('mill-1', at(from), state, reason)] })
    // The counter shows them a second before the stretch ends.
    if (produced !== undefined) tell(book, parts('mill-1', at(to) - 1_000, produced))
    if (rejected !== undefined) tell(book, parts('mill-1', at(to) - 1_000, rejected, 'defective'))
  }
  goTo(book, at(shiftEnd))

  const minutes = (...classes: (keyof ClassedTime)[]): number =>
    spans.reduce((sum, { counts, busy }) => sum + (classes.includes(counts) ? busy : 0), 0)
  const count = (what: 'produced' | 'rejected'): number =>
    spans.reduce((sum, span) => sum + (span[what] ?? 0), 0)
  const APT = minutes('production')
  const AUST = minutes('setup')
  const ADET = minutes('breakdown', 'minorStop', 'starved')
  const ADOT = minutes('idle')
  const PBT = shiftEnd - 6 * 60 - (pause[1] - pause[0])
  const PQ = count('produced')
  const SQ = count('rejected')
  const GQ = PQ - SQ
  const byHand = {
    availability: APT / PBT,
    effectiveness: (ideal * PQ) / (APT * 60),
    qualityRatio: GQ / PQ,
    oee: (ideal * GQ) / (PBT * 60),
    nee: ((((APT + AUST) / PBT) * (ideal * PQ)) / (APT * 60)) * (GQ / PQ),
    setupRatio: AUST / (APT + AUST),
    technicalEfficiency: APT / (APT + ADET),
    scrapRatio: SQ / PQ,
  }

  const floor = { ...testFloor(plant), clock }
  const store = {
    ...common.store,
    history: async () => [],
    textHistory: async () => ({ signal: 0, changes: [], isCut: false }),
  }
  const logger = pino({ level: 'silent' })
  const context = {
    floor,
    store,
    kpis: book,
    sources: new Map(),
    metrics: new Registry(),
    logger,
    missing: () => [],
  }
  const api = createApi(context, manifestDocument(floor))
  const path = `/api/v1/kpis/oee?scope=machine:mill-1&from=${iso(at(360))}&to=${iso(at(shiftEnd))}`
  const answer = await api.request(path)
  const [item] = ((await answer.json()) as { items: Answer[] }).items
  const { ratios, times, quantities } = item!
  const ofApi = { PBT: times.PBT! / 60, APT: times.APT! / 60, AUST: times.AUST! / 60, ADET: times.ADET! / 60 }
  expect({ ...ofApi, ADOT: times.ADOT! / 60 }).toEqual({ PBT, APT, AUST, ADET, ADOT })
  expect(quantities).toMatchObject({ PQ, GQ, SQ })
  for (const [name, value] of Object.entries(byHand)) expect(ratios[name], name).toBeCloseTo(value, 12)

  const work = {
    PBT: `480 − 30 min of break = **${PBT} min**`,
    APT: `${spans
      .filter(({ counts }) => counts === 'production')
      .map(({ busy }) => busy)
      .join(' + ')} = **${APT} min**`,
    AUST: `**${AUST} min**`,
    ADET: `${spans
      .filter(({ counts }) => ['breakdown', 'minorStop', 'starved'].includes(counts))
      .map(({ busy }) => busy)
      .join(' + ')} = **${ADET} min**`,
    ADOT: `**${ADOT} min**`,
    PQ: `**${PQ}**`,
    GQ: `${PQ} − ${SQ} = **${GQ}**`,
    availability: `${APT} / ${PBT}`,
    effectiveness: `${ideal} s · ${PQ} / (${APT} · 60 s)`,
    qualityRatio: `${GQ} / ${PQ}`,
    oee: `${ideal} s · ${GQ} / (${PBT} · 60 s)`,
    nee: `(${APT} + ${AUST}) / ${PBT} · effectiveness · quality ratio`,
    setupRatio: `${AUST} / (${APT} + ${AUST})`,
    technicalEfficiency: `${APT} / (${APT} + ${ADET})`,
    scrapRatio: `${SQ} / ${PQ}`,
  }
  const shown = (name: string): string => {
    if (name in byHand) return ratios[name]!.toFixed(6)
    return name in quantities ? String(quantities[name]) : `${times[name]} s`
  }
  const section = [
    `A mill that was planned with ${ideal} s a part, in the early shift, 06:00 to 14:00 with a break from 09:00 to 09:30.`,
    '',
    ...table(
      ['from', 'state', 'what happened', 'busy min', 'counts as', 'parts', 'rejected'],
      spans.map(span => [
        span.at,
        `${span.state}${span.reason === undefined ? '' : ` (${span.reason})`}`,
        span.note,
        String(span.busy),
        `\`${span.counts}\``,
        span.produced === undefined ? '' : String(span.produced),
        span.rejected === undefined ? '' : String(span.rejected),
      ]),
    ),
    '',
    ...table(
      ['figure', 'by hand', '', 'by the API'],
      Object.entries(work).map(([name, how]) => [
        name,
        how,
        name in byHand ? byHand[name as keyof typeof byHand].toFixed(6) : '',
        shown(name),
      ]),
    ),
  ].join('\n')
  const file = new URL('../../docs/kpis.md', import.meta.url)
  const page = readFileSync(file, 'utf8')
  const [before, rest] = page.split('<!-- begin shift -->')
  const after = rest!.split('<!-- end shift -->')[1]
  await expect(
    `${before}<!-- begin shift -->\n\n${section}\n\n<!-- end shift -->${after}`,
  ).toMatchFileSnapshot('../../docs/kpis.md')
})

interface Answer {
  readonly ratios: Readonly<Record<string, number>>
  readonly times: Readonly<Record<string, number>>
  readonly quantities: Readonly<Record<string, number>>
}

const at = (minuteOfDay: number): number => six + (minuteOfDay - 360) * minute
const iso = (time: number): string => new Date(time).toISOString()
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, column) => Math.max(3, name.length, ...rows.map(row => row[column]!.length)))
  const line = (cells: readonly string[], filler = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, filler)).join(' | ')} |`
  return [
    line(head),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rows.map(row => line(row)),
  ]
}
