import { gunzipSync, inflateSync } from 'node:zlib'
import { numberOf, own } from './datatype.js'
import { payloadType, type WireMetric, type WirePayload } from './definition.js'

/** What a message of an edge node holds. */
export interface Payload {
  /** When it was sent, Unix ms UTC. */
  readonly timestamp: number | undefined
  /** 0–255. */
  readonly seq: number | undefined
  readonly metrics: readonly WireMetric[]
}

/** A payload unpacked is at most this long: a small message is not to fill the memory. */
const longestUnpacked = 64 * 1024 * 1024

/** Reads a payload; undefined where the bytes are none. */
export function decodePayload(bytes: Uint8Array): Payload | undefined {
  const wire = decode(bytes)
  if (wire === undefined) return undefined
  const inner = wire.uuid === 'SPBV1.0_COMPRESSED' ? unpack(wire) : wire
  if (inner === undefined) return undefined
  const seq = Object.hasOwn(wire, 'seq') ? wire.seq : inner.seq
  const timestamp = Object.hasOwn(inner, 'timestamp') ? inner.timestamp : undefined
  return {
    timestamp: timestamp && numberOf(timestamp),
    seq: seq && Object.hasOwn(Object.hasOwn(wire, 'seq') ? wire : inner, 'seq') ? numberOf(seq) : undefined,
    metrics: inner.metrics,
  }
}

function decode(bytes: Uint8Array): WirePayload | undefined {
  try {
    return payloadType.decode(bytes) as unknown as WirePayload
  } catch {
    return undefined
  }
}

/** Tahu's libraries may pack a payload into the body of another, with the algorithm as its only metric. */
function unpack({ metrics, body }: WirePayload): WirePayload | undefined {
  if (body === undefined) return undefined
  const algorithm = metrics.find(({ name }) => name === 'algorithm')?.string_value
  try {
    const limit = { maxOutputLength: longestUnpacked }
    return decode(algorithm === 'GZIP' ? gunzipSync(body, limit) : inflateSync(body, limit))
  } catch {
    return undefined
  }
}

/** bdSeq of a birth or death (Sparkplug 3.0, 6.4.4: Int64; many send UInt64). */
export function bdSeqOf({ metrics }: Payload): number | undefined {
  const metric = metrics.find(({ name }) => name === 'bdSeq')
  if (metric === undefined) return undefined
  const long = own(metric, 'long_value')
  return long === undefined ? own(metric, 'int_value') : numberOf(long)
}

export const rebirthMetric = 'Node Control/Rebirth'

/** The one command that a host application must be able to send (6.4.24); without seq. `timestamp`: Unix ms UTC. */
export function encodeRebirth(timestamp: number): Buffer {
  const metric = { name: rebirthMetric, timestamp, datatype: 11, boolean_value: true }
  return encodePayload({ timestamp, metrics: [metric] })
}

/** A metric to be sent; 64-bit fields as numbers. */
export interface OutgoingMetric
  extends Omit<WireMetric, 'alias' | 'timestamp' | 'long_value' | 'properties'> {
  readonly alias?: number
  /** Unix ms UTC. */
  readonly timestamp?: number
  readonly long_value?: number
  readonly properties?: { readonly keys: readonly string[]; readonly values: readonly OutgoingProperty[] }
}

export interface OutgoingProperty {
  readonly type: number
  readonly int_value?: number
  readonly double_value?: number
  readonly string_value?: string
}

/** A payload as `decodePayload` reads it; `timestamp`: Unix ms UTC, `seq`: none in a command or an NDEATH. */
export function encodePayload(payload: {
  readonly timestamp: number
  readonly seq?: number
  readonly metrics: readonly OutgoingMetric[]
}): Buffer {
  return Buffer.from(payloadType.encode(payloadType.create(payload)).finish())
}

/** Whether an NCMD asks the node to tell everything anew (6.4.24). */
export function asksForRebirth(bytes: Uint8Array): boolean {
  const metrics = decodePayload(bytes)?.metrics ?? []
  return metrics.some(metric => metric.name === rebirthMetric && own(metric, 'boolean_value') === true)
}

/** A host's certificate (6.4.27): UTF-8 JSON. */
export function encodeState(isOnline: boolean, timestamp: number): string {
  return JSON.stringify({ online: isOnline, timestamp })
}

/** Whether a certificate says that its host is there; one that nodes cannot read says nothing. */
export function saysOnline(payload: Uint8Array): boolean {
  try {
    const state: unknown = JSON.parse(Buffer.from(payload).toString('utf8'))
    if (typeof state !== 'object' || state === null) return false
    const { online, timestamp } = state as { readonly online?: unknown; readonly timestamp?: unknown }
    return online === true && typeof timestamp === 'number'
  } catch {
    return false
  }
}
