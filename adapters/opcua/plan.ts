import type { IndexedSignal } from '../contract.js'
import type { Deadband, OpcuaOptions } from './config.js'

/** Signals that are asked for alike, so that one call can ask for all of them. */
export interface ItemGroup {
  readonly samplingMs: number
  readonly queueSize: number
  readonly deadband: Deadband | undefined
  readonly signals: readonly IndexedSignal[]
}

/** One subscription: what the server sends together. */
export interface SubscriptionPlan {
  readonly publishingMs: number
  readonly groups: readonly ItemGroup[]
}

/** Signals without a period are looked at this often, ms, at the least. */
const onChangeSamplingMs = 100
/** How long the server should be able to keep values for us, ms. */
const keptMs = 30_000

/** The subscriptions that a source's signals make: one for each publishing interval. */
export function planSubscriptions(
  options: OpcuaOptions,
  signals: readonly IndexedSignal[],
): SubscriptionPlan[] {
  const patterns = options.groups.map(group => ({ group, fits: matcher(group.signals) }))
  const plans = new Map<number, Map<string, ItemGroup & { signals: IndexedSignal[] }>>()
  for (const indexed of signals) {
    const { id, period, type } = indexed.signal
    const group = patterns.find(({ fits }) => fits(id))?.group
    const publishingMs = group?.publishingMs ?? options.publishingMs
    const usual = period > 0 ? period : Math.min(onChangeSamplingMs, publishingMs)
    const samplingMs = group?.samplingMs ?? options.samplingMs ?? usual
    const queueSize = group?.queueSize ?? options.queueSize ?? usualQueue(samplingMs)
    const deadband = type === 'text' ? undefined : (group?.deadband ?? options.deadband)
    const key = JSON.stringify([samplingMs, queueSize, deadband])
    const ofInterval = plans.get(publishingMs) ?? new Map()
    plans.set(publishingMs, ofInterval)
    const alike = ofInterval.get(key)
    if (alike === undefined) ofInterval.set(key, { samplingMs, queueSize, deadband, signals: [indexed] })
    else alike.signals.push(indexed)
  }
  return [...plans].map(([publishingMs, groups]) => ({ publishingMs, groups: [...groups.values()] }))
}

function usualQueue(samplingMs: number): number {
  return Math.min(1_000, Math.max(10, Math.ceil(keptMs / Math.max(samplingMs, 1))))
}

/** `*` stands for any characters but a dot: `press-*.vibration`. */
function matcher(patterns: readonly string[]): (id: string) => boolean {
  const expressions = patterns.map(pattern => {
    const parts = pattern.split('*').map(part => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${parts.join('[^.]*')}$`)
  })
  return id => expressions.some(expression => expression.test(id))
}
