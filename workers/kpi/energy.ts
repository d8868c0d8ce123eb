import type { Calendar } from '../../schema/calendar.js'
import type { Interval } from './ledger.js'
import { type ClassedTime, noTime, timeClasses } from './time-class.js'

const hourMs = 3_600_000

/** How a machine's energy is measured. */
export interface Meter {
  /** What it shows: kilowatts, or kilowatt-hours that add up. */
  readonly kind: 'power' | 'counter'
  /** What a value is multiplied by to be kW or kWh. */
  readonly factor: number
  /** How long a value holds when nothing follows, ms; Infinity: as long as anybody knows what the machine does. */
  readonly holdMs: number
  /** More than this cannot be, kW: a counter that rises faster was set by somebody. */
  readonly mostKw: number
}

/** Readings in order of time, Unix ms; NaN: a value that cannot be used. */
export interface Readings {
  readonly time: ArrayLike<number>
  readonly value: ArrayLike<number>
}

/** Energy that was used between two instants, evenly as far as anybody knows. */
export interface EnergyPiece {
  /** Unix ms. */
  readonly from: number
  readonly to: number
  readonly kWh: number
  /** Of it measured, ms. */
  readonly measuredMs: number
  /** Only the sum is known: the counter was not read meanwhile. */
  readonly isSum?: true
  /** Holds only while it is known what the machine does. */
  readonly isHeld?: true
}

/** Energy of one hour, shift, product and order. */
export interface EnergyCell {
  readonly hour: number
  readonly shift: string
  readonly product: string
  readonly order: string
  /** By what the time counts as, and by the machine's state (PackML), kWh. */
  readonly byClass: ClassedTime
  readonly byState: Record<string, number>
  /** Used while nobody read the counter and the machine did several things, kWh. */
  unattributed: number
  /** Of all the time, that in which it was measured, ms. */
  measuredMs: number
  totalMs: number
}

/**
 * What a meter's readings say of the energy. A value in kW holds until the next one, at most for `holdMs`: what nobody
 * measured is not made up. A counter that falls began anew at 0; one that rises faster than can be was set by somebody,
 * and counts nothing.
 */
export function energyPieces(meter: Meter, { time, value }: Readings): EnergyPiece[] {
  return meter.kind === 'power' ? ofPower(meter, time, value) : ofCounter(meter, time, value)
}

function ofPower(
  { factor, holdMs }: Meter,
  time: ArrayLike<number>,
  value: ArrayLike<number>,
): EnergyPiece[] {
  const pieces: EnergyPiece[] = []
  for (let at = 0; at < time.length; at++) {
    const kw = value[at]! * factor
    const from = time[at]!
    const to = Math.min(time[at + 1] ?? Number.POSITIVE_INFINITY, from + holdMs)
    // Of several values at one time the last holds.
    if (!Number.isFinite(kw) || to <= from) continue
    const end = to === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : to
    const lasts = end - from
    const held = holdMs === Number.POSITIVE_INFINITY ? ({ isHeld: true } as const) : {}
    pieces.push({ from, to: end, kWh: (kw * lasts) / hourMs, measuredMs: lasts, ...held })
  }
  return pieces
}

function ofCounter(
  { factor, holdMs, mostKw }: Meter,
  time: ArrayLike<number>,
  value: ArrayLike<number>,
): EnergyPiece[] {
  const pieces: EnergyPiece[] = []
  let last: { readonly time: number; readonly kWh: number } | undefined
  for (let at = 0; at < time.length; at++) {
    const reading = { time: time[at]!, kWh: value[at]! * factor }
    if (!Number.isFinite(reading.kWh)) continue
    const before = last
    last = reading
    if (before === undefined || reading.time <= before.time) continue
    const lasts = reading.time - before.time
    const step = reading.kWh - before.kWh
    const kWh = step < 0 ? reading.kWh : step
    if (kWh < 0 || kWh > (mostKw * lasts) / hourMs) continue
    const sum = lasts > holdMs ? ({ isSum: true } as const) : {}
    pieces.push({ from: before.time, to: reading.time, kWh, measuredMs: lasts, ...sum })
  }
  return pieces
}

/**
 * Puts energy upon what the machine did: intervals are an exact partition of the window, so that the cells add up to
 * the energy of the window however it is cut. Pieces and intervals come in order of time.
 */
export function energyCells(
  pieces: readonly EnergyPiece[],
  intervals: readonly Interval[],
  calendar: Pick<Calendar, 'between'>,
): EnergyCell[] {
  const cells = new Map<string, EnergyCell>()
  let next = 0
  for (const interval of intervals) {
    const isKnown = interval.state !== '' && interval.state !== 'Undefined'
    for (const { from, to, hour } of calendar.between(interval.from, interval.to)) {
      const cell = cellOf(cells, hour, interval)
      cell.totalMs += to - from
      while (next < pieces.length && pieces[next]!.to <= from) next++
      for (let at = next; at < pieces.length && pieces[at]!.from < to; at++) {
        const piece = pieces[at]!
        if (piece.isHeld && !isKnown) continue
        const share = (Math.min(piece.to, to) - Math.max(piece.from, from)) / (piece.to - piece.from)
        if (share <= 0) continue
        const kWh = piece.kWh * share
        cell.measuredMs += piece.measuredMs * share
        const isWithin = interval.from <= piece.from && piece.to <= interval.to
        if (piece.isSum && !isWithin) {
          cell.unattributed += kWh
          continue
        }
        cell.byClass[interval.timeClass] += kWh
        cell.byState[interval.state] = (cell.byState[interval.state] ?? 0) + kWh
      }
    }
  }
  return [...cells.values()]
}

/** Adds `from` to `to`. */
export function addEnergy(
  to: Omit<EnergyCell, 'hour' | 'shift' | 'product' | 'order'>,
  from: EnergyCell,
): void {
  for (const each of timeClasses) to.byClass[each] += from.byClass[each]
  for (const [state, kWh] of Object.entries(from.byState)) to.byState[state] = (to.byState[state] ?? 0) + kWh
  to.unattributed += from.unattributed
  to.measuredMs += from.measuredMs
  to.totalMs += from.totalMs
}

export const noEnergy = () => ({
  byClass: noTime(),
  byState: {} as Record<string, number>,
  unattributed: 0,
  measuredMs: 0,
  totalMs: 0,
})

/** All energy of a cell or a sum of cells, kWh. */
export const totalEnergy = ({
  byClass,
  unattributed,
}: Pick<EnergyCell, 'byClass' | 'unattributed'>): number =>
  timeClasses.reduce((sum, each) => sum + byClass[each], unattributed)

function cellOf(
  cells: Map<string, EnergyCell>,
  hour: number,
  { shift, product, order }: Interval,
): EnergyCell {
  const key = JSON.stringify([hour, shift, product, order])
  let cell = cells.get(key)
  if (cell === undefined) {
    cell = { hour, shift, product, order, ...noEnergy() }
    cells.set(key, cell)
  }
  return cell
}
