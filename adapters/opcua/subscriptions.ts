import type {
  ClientMonitoredItemGroup,
  ClientSubscription,
  MonitoringParametersOptions,
  ReadValueIdOptions,
} from 'node-opcua'
import type { IndexedSignal } from '../contract.js'
import type { ReceivedValue } from './codec.js'
import type { Deadband } from './config.js'
import type { Opcua } from './library.js'
import { MessageSequence } from './message-sequence.js'
import { type NodeAddress, readTag, TagError } from './node-address.js'
import type { ItemGroup, SubscriptionPlan } from './plan.js'
import type { Revision } from './revision.js'
import type { OpenSession } from './session.js'

/** A signal that the server does not deliver, and why. */
export interface MissingSignal {
  readonly indexed: IndexedSignal
  readonly rule: 'opcua.bad-tag' | 'opcua.unknown-node' | 'opcua.refused-item'
  readonly reason: string
}

/** A subscription that stands. */
export interface LiveSubscription {
  readonly subscription: ClientSubscription
  readonly sequence: MessageSequence
  /** The signals by the handle under which the server sends their values. */
  readonly byHandle: Map<number, IndexedSignal>
  /** Signals whose nodes the server did not have, as they were asked for. */
  missing: ItemGroup[]
  /** What the server made of what each signal was asked for. */
  readonly revisions: Revision[]
  /** When the server last sent anything for it, by the wall's clock. */
  heardAt: number
}

/** Most items asked for in one call; servers have limits, and this is below those that are met. */
const itemsPerCall = 500
/** How often the server says that it lives when nothing changes, ms. */
const keepAliveMs = 1_000
/** Fewer make node-opcua raise the count by itself. */
const leastKeepAlives = 3

/**
 * Makes the subscriptions of a plan, and their items. `onMissing` is told of every signal that the server does not
 * deliver; the others are not held up. `onSubscription` comes before the first item is asked for, so that no value
 * comes unheard.
 */
export async function subscribe(
  open: OpenSession,
  plans: readonly SubscriptionPlan[],
  lifetimeMs: number,
  hooks: {
    onSubscription(live: LiveSubscription): void
    onMissing(missing: readonly MissingSignal[]): void
  },
): Promise<void> {
  for (const plan of plans) {
    const subscription = await open.session.createSubscription2({
      requestedPublishingInterval: plan.publishingMs,
      requestedMaxKeepAliveCount: Math.max(leastKeepAlives, Math.round(keepAliveMs / plan.publishingMs)),
      requestedLifetimeCount: Math.max(10 * leastKeepAlives, Math.ceil(lifetimeMs / plan.publishingMs)),
      maxNotificationsPerPublish: 0,
      publishingEnabled: true,
    })
    const heardAt = Number.NEGATIVE_INFINITY
    const sequence = new MessageSequence()
    const live: LiveSubscription = {
      ...{ subscription, sequence, heardAt },
      byHandle: new Map(),
      missing: [],
      revisions: [],
    }
    hooks.onSubscription(live)
    for (const group of plan.groups) {
      const missing = await monitor(open, live, group)
      hooks.onMissing(missing)
      const unknown = missing.filter(({ rule }) => rule === 'opcua.unknown-node')
      if (unknown.length > 0) live.missing.push({ ...group, signals: unknown.map(({ indexed }) => indexed) })
    }
  }
}

/**
 * Asks for the nodes again that the server did not have: one that starts answers before it has built all of them. What
 * is still missing is not told again.
 */
export async function monitorFound(open: OpenSession, live: LiveSubscription): Promise<void> {
  const missing: ItemGroup[] = []
  for (const group of live.missing) {
    const present = await arePresent(open, group.signals)
    const found = group.signals.filter((_, place) => present[place])
    const others = group.signals.filter((_, place) => !present[place])
    if (found.length > 0) await monitor(open, live, { ...group, signals: found })
    if (others.length > 0) missing.push({ ...group, signals: others })
  }
  live.missing = missing
}

async function arePresent(open: OpenSession, signals: readonly IndexedSignal[]): Promise<boolean[]> {
  const present: boolean[] = []
  for (let from = 0; from < signals.length; from += itemsPerCall) {
    const nodes = signals.slice(from, from + itemsPerCall).map(({ signal }) => ({
      nodeId: readTag(signal.tag, open.namespaces).nodeId,
      attributeId: open.opcua.AttributeIds.NodeClass,
    }))
    for (const { statusCode } of await open.session.read(nodes)) present.push(statusCode.isGood())
  }
  return present
}

/** Asks for the values of a group; returns the signals that the server does not deliver. */
async function monitor(
  open: OpenSession,
  live: LiveSubscription,
  group: ItemGroup,
): Promise<MissingSignal[]> {
  const missing: MissingSignal[] = []
  const addressed: [IndexedSignal, NodeAddress][] = []
  for (const indexed of group.signals) {
    try {
      addressed.push([indexed, readTag(indexed.signal.tag, open.namespaces)])
    } catch (error) {
      if (!(error instanceof TagError)) throw error
      missing.push({ indexed, rule: 'opcua.bad-tag', reason: error.message })
    }
  }
  for (let from = 0; from < addressed.length; from += itemsPerCall) {
    const some = addressed.slice(from, from + itemsPerCall)
    missing.push(...(await monitorSome(open.opcua, live, group, some)))
  }
  return missing
}

async function monitorSome(
  opcua: Opcua,
  live: LiveSubscription,
  group: ItemGroup,
  addressed: readonly (readonly [IndexedSignal, NodeAddress])[],
): Promise<MissingSignal[]> {
  const { samplingMs, queueSize, deadband } = group
  const parameters = {
    samplingInterval: samplingMs,
    queueSize,
    discardOldest: true,
    filter: deadband && filterOf(opcua, deadband),
  }
  const missing: MissingSignal[] = []
  const withoutFilter: (readonly [IndexedSignal, NodeAddress])[] = []
  await createItems(opcua, live.subscription, addressed, parameters, ({ monitoredItems }) => {
    for (const [place, item] of monitoredItems.entries()) {
      const [indexed] = addressed[place]!
      const { statusCode } = item
      if (statusCode.isGood()) {
        live.byHandle.set(item.monitoringParameters.clientHandle, indexed)
        live.revisions.push({
          signal: indexed.signal.id,
          askedMs: samplingMs,
          givenMs: item.result?.revisedSamplingInterval ?? samplingMs,
          askedQueue: queueSize,
          givenQueue: item.result?.revisedQueueSize ?? queueSize,
          publishingMs: live.subscription.publishingInterval,
        })
      } else if (deadband !== undefined && /Filter|Deadband/.test(statusCode.name))
        withoutFilter.push(addressed[place]!)
      else missing.push(refused(indexed, statusCode.name, statusCode.description))
    }
  })
  // A server that cannot apply the deadband to this kind of value sends every change of it instead.
  if (withoutFilter.length > 0) {
    missing.push(...(await monitorSome(opcua, live, { ...group, deadband: undefined }, withoutFilter)))
  }
  return missing
}

/** The present values of signals that were found before, in their order. */
export async function readSignals(
  { opcua, session, namespaces }: OpenSession,
  signals: readonly IndexedSignal[],
): Promise<ReceivedValue[]> {
  const values: ReceivedValue[] = []
  for (let from = 0; from < signals.length; from += itemsPerCall) {
    const nodes = signals
      .slice(from, from + itemsPerCall)
      .map(({ signal }) => nodeToRead(opcua, readTag(signal.tag, namespaces)))
    values.push(...(await session.read(nodes)))
  }
  return values
}

function nodeToRead(opcua: Opcua, { nodeId, indexRange }: NodeAddress): ReadValueIdOptions {
  return {
    nodeId,
    attributeId: opcua.AttributeIds.Value,
    ...(indexRange !== undefined && { indexRange: new opcua.NumericRange(indexRange) }),
  }
}

/** `take` is called within the answer's own turn: the first values may follow in the same piece of the stream. */
function createItems(
  opcua: Opcua,
  subscription: ClientSubscription,
  addressed: readonly (readonly [IndexedSignal, NodeAddress])[],
  parameters: MonitoringParametersOptions,
  take: (group: ClientMonitoredItemGroup) => void,
): Promise<void> {
  const items = addressed.map(([, address]) => nodeToRead(opcua, address))
  return new Promise((resolve, reject) => {
    subscription.monitorItems(items, parameters, opcua.TimestampsToReturn.Both, (error, group) => {
      if (error !== null || group === undefined) {
        reject(error ?? new Error('the server did not answer which items it made'))
        return
      }
      take(group)
      resolve()
    })
  })
}

function filterOf(opcua: Opcua, deadband: Deadband) {
  const isAbsolute = 'absolute' in deadband
  return new opcua.DataChangeFilter({
    trigger: opcua.DataChangeTrigger.StatusValue,
    deadbandType: isAbsolute ? opcua.DeadbandType.Absolute : opcua.DeadbandType.Percent,
    deadbandValue: isAbsolute ? deadband.absolute : deadband.percent,
  })
}

function refused(indexed: IndexedSignal, status: string, description: string): MissingSignal {
  const isUnknown = status === 'BadNodeIdUnknown' || status === 'BadNodeIdInvalid'
  const { id, tag } = indexed.signal
  return isUnknown
    ? { indexed, rule: 'opcua.unknown-node', reason: `the server has no node ${tag} for ${id} (${status})` }
    : { indexed, rule: 'opcua.refused-item', reason: `${tag} for ${id}: ${status}, ${description}` }
}
