/**
 * The stream between engine and viewer: version, refusal reasons, and one union per direction. No logic here; the
 * rules are in SPEC.md, the bytes in codec.ts.
 */
import type { SourceState } from '../source-state.js'

export const subprotocol = 'gemba.v1'
export const protocolVersion = 1

/** Largest frame a client may send and largest a client accepts, bytes. */
export const maxClientFrame = 64 * 1024
export const maxServerFrame = 16 * 1024 * 1024
/** Most signals or machines in one frame, and most topics in one subscription. */
export const maxEntries = 1 << 20
export const maxTopics = 4_096

export type CloseReason = keyof typeof closeCodes
/** WebSocket close codes (RFC 6455, 7.4; 4000–4999 are ours). */
export const closeCodes = {
  'going-away': 1001,
  'frame-too-large': 1009,
  'try-again-later': 1013,
  'bad-frame': 4000,
  'wrong-version': 4001,
  'too-slow': 4002,
} as const

/** The topic of figures, beside those of areas; it has frames of its own kind. */
export const figuresTopic = 'kpi'

export type ServerFrame = Hello | Snapshot | Delta | Heartbeat | Links | Figures | Refusal | ReplayState

/** First frame of a connection. */
export interface Hello {
  readonly kind: 'hello'
  readonly version: number
  /** Changes at every start of the engine: sequence numbers of different epochs do not compare. */
  readonly epoch: number
  /** Content hash of the manifest at `GET /api/v1/manifest/{hash}`: ids, names, units, limits, by index. */
  readonly manifest: string
  /** Topic ids; frames name a topic by its place in this list. One per area, `area/{id}`, and `kpi`. */
  readonly topics: readonly string[]
  readonly tickMs: number
  /** Now, by the floor's clock and by the wall, Unix ms UTC. */
  readonly floorTime: number
  readonly wallTime: number
}

/** State of signals. Columns of equal length; `index` strictly ascending. */
export interface SignalColumns {
  readonly index: Uint32Array
  readonly value: Float64Array
  /** Smallest and largest value since the frame this one follows, so that a spike survives conflation. */
  readonly min: Float64Array
  readonly max: Float64Array
  readonly quality: Uint8Array
  /** See schema/sensor-state.ts: packSensorStatus. */
  readonly status: Uint8Array
  readonly sourceTime: Float64Array
}

/** State of machines. Columns of equal length; `index` strictly ascending. */
export interface MachineColumns {
  readonly index: Uint32Array
  /** PackML state and unit mode by number. */
  readonly state: Uint8Array
  readonly mode: Uint8Array
  /** See schema/display-state.ts. */
  readonly display: Uint8Array
  /** In this state since, Unix ms UTC. */
  readonly since: Float64Array
}

interface TopicFrame {
  readonly topic: number
  readonly epoch: number
  readonly seq: number
  readonly floorTime: number
  readonly wallTime: number
  readonly signals: SignalColumns
  readonly machines: MachineColumns
  /** Every dictionary text that this frame's text signals use: a frame stands on its own, nobody need remember. */
  readonly texts: readonly (readonly [code: number, text: string])[]
}

/** The whole topic at `seq`. */
export interface Snapshot extends TopicFrame {
  readonly kind: 'snapshot'
}

/** What changed in a topic after `fromSeq` up to `seq`. */
export interface Delta extends TopicFrame {
  readonly kind: 'delta'
  readonly fromSeq: number
}

/** Once a second when a client has had nothing else. */
interface Heartbeat {
  readonly kind: 'heartbeat'
  readonly epoch: number
  readonly floorTime: number
  readonly wallTime: number
}

/** How the link to a source stands. */
export interface ShownLink {
  readonly source: string
  readonly state: SourceState
  /** In this state since, Unix ms UTC by the floor's clock. */
  readonly since: number
}

/** How the links to all sources stand. */
interface Links {
  readonly kind: 'links'
  readonly epoch: number
  readonly links: readonly ShownLink[]
}

/**
 * What the OEE of each machine is made from, of the shift that it is in (with no shift: of the last eight hours). Times
 * and counts add up over machines, ratios do not: divide last. Columns of equal length; `index` strictly ascending.
 */
export interface FigureColumns {
  readonly index: Uint32Array
  /** From when on, Unix ms. */
  readonly since: Float64Array
  /** Planned busy time and time of production (PBT, APT of ISO 22400-2), ms. */
  readonly busy: Float64Array
  readonly running: Float64Array
  /** What all parts, and the good ones, should have taken (PRI · PQ, PRI · GQ), ms. */
  readonly ideal: Float64Array
  readonly idealGood: Float64Array
  /** Parts (PQ, GQ). */
  readonly produced: Float64Array
  readonly good: Float64Array
  /** 1: something came too late for them and is being worked out; in some seconds they may be others. */
  readonly recomputing: Uint8Array
}

/** The figures of all machines that have any. */
interface Figures {
  readonly kind: 'figures'
  readonly epoch: number
  readonly floorTime: number
  readonly wallTime: number
  readonly figures: FigureColumns
}

/** Sent before the server closes. */
export interface Refusal {
  readonly kind: 'refusal'
  readonly reason: CloseReason
  readonly detail: string
}

/** How a replay stands; `refused` says only that what was asked last is not to be had. */
export const replayStages = ['preparing', 'playing', 'held', 'over', 'refused'] as const
export type ReplayStage = (typeof replayStages)[number]

/** Why a replay is refused; see SPEC.md, S38. Empty: it is not. */
export const replayProblems = [
  '',
  'in-future',
  'bad-window',
  'bad-speed',
  'no-record',
  'too-many',
  'not-replaying',
  'unavailable',
] as const
export type ReplayProblem = (typeof replayProblems)[number]

/** How the replay of this client stands; after each change of it. */
export interface ReplayState {
  readonly kind: 'replay-state'
  /** Of the hello whose frames show it; while it is prepared, or was refused, of those that the client has now. */
  readonly epoch: number
  readonly stage: ReplayStage
  /** The window, and where it stands, Unix ms by the floor's clock. */
  readonly from: number
  readonly to: number
  readonly at: number
  /** Seconds of the past per second. */
  readonly speed: number
  readonly problem: ReplayProblem
  /** For a person; empty where there is no problem. */
  readonly detail: string
}

/** Asks for a window of the past, or for another one: seeking is no more than that. */
export interface ReplayRequest {
  readonly kind: 'replay'
  /** Unix ms by the floor's clock; `to` 0: until now. */
  readonly from: number
  readonly to: number
  readonly speed: number
}

/** The frames that steer a replay. */
export type ReplayFrame =
  | ReplayRequest
  | { readonly kind: 'pace'; readonly speed: number; readonly isHeld: boolean }
  /** Back to the present. */
  | { readonly kind: 'live' }

export type ClientFrame =
  | ReplayFrame
  /** Replaces the set of subscribed topics; each newly subscribed one starts with a snapshot. */
  | { readonly kind: 'subscribe'; readonly topics: readonly number[] }
  /** The client saw a gap (or wants the truth again): answered with a snapshot. */
  | { readonly kind: 'resync'; readonly topic: number; readonly epoch: number; readonly lastSeq: number }
  /** Hidden tab: nothing is sent until resume, which is answered with a snapshot of each topic. */
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
