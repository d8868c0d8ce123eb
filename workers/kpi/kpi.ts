import { calendarTime, inCycleOrder, type Made, type Tally } from './tally.js'

/** The times of ISO 22400-2, 5.2, and the quantities of 5.3. Times in ms; quantities in parts. */
export interface Elements {
  readonly calendar: number
  /** Planned busy time: AUBT + ADOT. */
  readonly PBT: number
  /** Actual unit busy time: AUPT + ADET. */
  readonly AUBT: number
  /** Actual unit processing time: APT + AUST. */
  readonly AUPT: number
  readonly APT: number
  readonly AUST: number
  readonly ADET: number
  readonly ADOT: number
  /** Planned down time. */
  readonly PDOT: number
  readonly PQ: number
  readonly GQ: number
  readonly SQ: number
  readonly RQ: number
  /** Σ PRI·PQ and Σ PRI·GQ over products: what the parts should have taken, ms. */
  readonly idealTime: number
  readonly idealGoodTime: number
}

export interface KpiPolicy {
  /** Time of which nobody knows: outside of planned busy time, or a loss of availability. */
  readonly unknownTime: 'excluded' | 'loss'
}

export const usualPolicy: KpiPolicy = { unknownTime: 'excluded' }

export function elementsOf(tally: Tally, policy: KpiPolicy = usualPolicy): Elements {
  const { time } = tally
  const APT = time.production
  const AUST = time.setup
  const ADET =
    time.breakdown +
    time.minorStop +
    time.starved +
    time.blocked +
    (policy.unknownTime === 'loss' ? time.unknown : 0)
  const ADOT = time.idle
  const total: Made = { produced: 0, scrapped: 0, warmUp: 0, reworked: 0 }
  let idealTime = 0
  let idealGoodTime = 0
  for (const [idealMs, made] of inCycleOrder(tally)) {
    total.produced += made.produced
    total.scrapped += made.scrapped
    total.reworked += made.reworked
    idealTime += idealMs * made.produced
    idealGoodTime += idealMs * goodOf(made)
  }
  return {
    calendar: calendarTime(tally),
    PBT: APT + AUST + ADET + ADOT,
    AUBT: APT + AUST + ADET,
    AUPT: APT + AUST,
    APT,
    AUST,
    ADET,
    ADOT,
    PDOT: time.planned,
    PQ: total.produced,
    GQ: goodOf(total),
    SQ: total.scrapped,
    RQ: total.reworked,
    idealTime,
    idealGoodTime,
  }
}

const goodOf = ({ produced, scrapped, reworked }: Made): number => produced - scrapped - reworked

export const ratioNames = [
  'availability',
  'effectiveness',
  'qualityRatio',
  'oee',
  'nee',
  'teep',
  'allocationEfficiency',
  'utilisationEfficiency',
  'technicalEfficiency',
  'setupRatio',
  'productionProcessRatio',
  'allocationRatio',
  'equipmentLoadRatio',
  'scrapRatio',
  'reworkRatio',
  'firstPassYield',
  'throughputRate',
] as const
type RatioName = (typeof ratioNames)[number]

/** What cannot be true of figures, or is not counted in them. */
export const kpiFlags = [
  /** More parts than the ideal cycle allows: it is too long, parts count double, or running time is missing. */
  'idealCycleSuspect',
  /** More rejects than parts: one of the two counters is wrong. */
  'rejectsExceedProduced',
  /** Part of the time nobody knows what the machine did. */
  'timeUnknown',
  /** It produced outside of its shifts; that counts in no ratio. */
  'overtime',
] as const
export type KpiFlag = (typeof kpiFlags)[number]

export interface Kpis {
  /** Ratios as fractions of 1; throughputRate in parts per hour. Null where a denominator is 0, see `reasons`. */
  readonly ratios: Readonly<Record<RatioName, number | null>>
  readonly reasons: Readonly<Partial<Record<RatioName, string>>>
  readonly flags: readonly KpiFlag[]
}

const hour = 3_600_000

/**
 * The indicators of ISO 22400-2:2014, clause 8, from sums of times and counts. Nothing is clamped: what cannot be true
 * is shown as it is, with a flag. The order's execution time (AOET) is taken as the time units were planned busy, the
 * approximation for machine tools (OPC 40501-1, annex C); worker efficiency is not here, since nobody tells
 * attendance.
 */
export function kpisOf(
  tally: Tally,
  policy: KpiPolicy = usualPolicy,
  e: Elements = elementsOf(tally, policy),
): Kpis {
  const reasons: Partial<Record<RatioName, string>> = {}
  const over = (name: RatioName, part: number, whole: number, why: string): number | null => {
    if (whole > 0) return part / whole
    reasons[name] = why
    return null
  }
  const noBusy = 'no planned busy time (PBT 0)'
  const noRun = 'nothing ran (APT 0)'
  const noParts = 'no parts (PQ 0)'
  const ratios: Record<RatioName, number | null> = {
    availability: over('availability', e.APT, e.PBT, noBusy),
    effectiveness: over('effectiveness', e.idealTime, e.APT, noRun),
    qualityRatio: over('qualityRatio', e.GQ, e.PQ, noParts),
    // PRI·GQ/PBT is the product of the three, and stands where one of them does not: 0 parts in planned time is 0.
    oee: over('oee', e.idealGoodTime, e.PBT, noBusy),
    // (AUPT/PBT) · effectiveness · quality: setup is no loss. Nothing that ran is no 0 here: APT does not cancel.
    nee: over('nee', e.AUPT * e.idealGoodTime, e.PBT * e.APT, e.PBT > 0 ? noRun : noBusy),
    teep: over('teep', e.idealGoodTime, e.calendar, 'no time at all'),
    allocationEfficiency: over('allocationEfficiency', e.AUBT, e.PBT, noBusy),
    utilisationEfficiency: over('utilisationEfficiency', e.APT, e.AUBT, 'never busy (AUBT 0)'),
    technicalEfficiency: over(
      'technicalEfficiency',
      e.APT,
      e.APT + e.ADET,
      'neither ran nor stood (APT + ADET 0)',
    ),
    setupRatio: over('setupRatio', e.AUST, e.AUPT, 'neither ran nor was set up (AUPT 0)'),
    productionProcessRatio: over('productionProcessRatio', e.APT, e.PBT, noBusy),
    allocationRatio: over('allocationRatio', e.AUBT, e.PBT, noBusy),
    equipmentLoadRatio: over('equipmentLoadRatio', e.idealTime, e.PBT, noBusy),
    scrapRatio: over('scrapRatio', e.SQ, e.PQ, noParts),
    reworkRatio: over('reworkRatio', e.RQ, e.PQ, noParts),
    firstPassYield: over('firstPassYield', e.GQ, e.PQ, noParts),
    throughputRate: over('throughputRate', e.PQ * hour, e.PBT, noBusy),
  }
  const flags: KpiFlag[] = []
  if (ratios.effectiveness !== null && ratios.effectiveness > 1) flags.push('idealCycleSuspect')
  // Parts without any running time are the same fault, grown infinite.
  if (e.APT === 0 && e.PQ > 0) flags.push('idealCycleSuspect')
  if (e.SQ + e.RQ > e.PQ) flags.push('rejectsExceedProduced')
  if (tally.time.unknown > 0) flags.push('timeUnknown')
  if (tally.time.overtime > 0 || tally.overtimeParts > 0) flags.push('overtime')
  return { ratios, reasons, flags }
}
