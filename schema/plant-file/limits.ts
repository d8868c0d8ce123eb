import { type Limits, limitNames } from '../sensor-state.js'
import { vibrationLimits } from '../vibration-zones.js'
import { formatDuration } from './period.js'
import { showValue } from './problem.js'
import type { LimitsEntry } from './signal-entry.js'

/** Says what is wrong with the value at a key of the signal's entry, e.g. `limits.deadband`. */
export type SignalFault = (key: string, message: string, fix: string, value?: unknown) => void

const ascending = ['criticalLow', 'warningLow', 'warningHigh', 'criticalHigh'] as const

/**
 * The limits that an entry amounts to: those of the vibration zones it names, if any, and over them what it says
 * itself. Says what does not hold together.
 */
export function completeLimits(
  entry: LimitsEntry,
  signal: { readonly quantity: string; readonly unit: string; readonly range: readonly [number, number] },
  fault: SignalFault,
): Limits {
  const { iso20816, ...own } = entry
  const limits: Limits = iso20816 === undefined ? own : { ...zoneLimits(iso20816, signal, fault), ...own }
  checkOrder(limits, signal.range, fault)
  checkDelays(limits, fault)
  return limits
}

function zoneLimits(
  zones: NonNullable<LimitsEntry['iso20816']>,
  { quantity, unit }: { readonly quantity: string; readonly unit: string },
  fault: SignalFault,
): Limits {
  if (quantity !== 'vibration' || unit !== 'mm/s') {
    const message = `the zones of ISO 20816 are of a vibration in mm/s, not of ${quantity} in ${showValue(unit)}`
    fault('limits.iso20816', message, 'write the limits themselves', zones)
    return {}
  }
  const found = vibrationLimits(zones.group, zones.support, zones.baseline)
  if (found !== undefined) return found.limits
  const message = `ISO 10816-1 has no zones for class ${zones.group} on a ${zones.support} support`
  fault('limits.iso20816.support', message, 'choose the other support, or group 1 or 2', zones.support)
  return {}
}

function checkOrder(limits: Limits, [low, high]: readonly [number, number], fault: SignalFault): void {
  let below: (typeof ascending)[number] | undefined
  for (const name of ascending) {
    const limit = limits[name]
    if (limit === undefined) continue
    if (limit < low || limit > high) {
      const message = `${name} ${limit} lies outside the range ${low} to ${high}`
      fault(`limits.${name}`, message, 'move the limit or widen the range', limit)
    }
    if (below !== undefined && limit <= (limits[below] ?? limit)) {
      const fix = `the order is ${ascending.join(' < ')}`
      fault(`limits.${name}`, `${name} ${limit} is not above ${below} ${limits[below]}`, fix, limit)
    }
    below = name
  }
  const { warningLow = low, warningHigh = high, deadband = 0 } = limits
  if (warningHigh > warningLow && deadband >= warningHigh - warningLow) {
    const message = `a deadband of ${deadband} is as wide as all that is normal, ${warningLow} to ${warningHigh}`
    fault('limits.deadband', message, 'write a smaller deadband', deadband)
  }
}

function checkDelays({ delays = {}, ...limits }: Limits, fault: SignalFault): void {
  for (const name of limitNames) {
    if (delays[name] === undefined || limits[name] !== undefined) continue
    const fix = `add ${name}, or remove its delays`
    fault(`limits.delays.${name}`, `there is no ${name} that could be delayed`, fix, delays[name])
  }
}

/** What a plant file must say so that it amounts to `limits`. */
export function writeLimits({ onDelay, offDelay, delays, ...values }: Limits): Record<string, unknown> {
  const write = (each: Pick<Limits, 'onDelay' | 'offDelay'>) => ({
    ...(each.onDelay !== undefined && { onDelay: formatDuration(each.onDelay) }),
    ...(each.offDelay !== undefined && { offDelay: formatDuration(each.offDelay) }),
  })
  const single = Object.entries(delays ?? {}).map(([name, each]) => [name, write(each)] as const)
  return {
    ...values,
    ...write({ ...(onDelay !== undefined && { onDelay }), ...(offDelay !== undefined && { offDelay }) }),
    ...(single.length > 0 && { delays: Object.fromEntries(single) }),
  }
}
