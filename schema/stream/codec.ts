import { sourceStates } from '../source-state.js'
import { decodeEnvelope, type Envelope, encodeEnvelope } from './envelope.js'
import { decodeFigures, encodeFigures, encodeRecomputing } from './figure-columns.js'
import {
  type ClientFrame,
  type CloseReason,
  closeCodes,
  type Delta,
  maxClientFrame,
  maxServerFrame,
  maxTopics,
  replayProblems,
  replayStages,
  type ServerFrame,
  type ShownLink,
  type Snapshot,
} from './protocol.js'
import { StreamError } from './stream-error.js'
import { decodeMachines, decodeSignals, encodeMachines, encodeSignals } from './topic-columns.js'

/** The first field of every envelope. Numbers are wire format: append, never reuse. */
const serverKind = {
  hello: 1,
  snapshot: 2,
  delta: 3,
  heartbeat: 4,
  refusal: 5,
  links: 6,
  figures: 7,
  replayState: 8,
} as const
const clientKind = { subscribe: 1, resync: 2, pause: 3, resume: 4, replay: 5, pace: 6, live: 7 } as const

/**
 * The bytes of a frame to clients. `resolution` by signal index lets values travel as Float32 where nobody can see
 * the difference; without it only exact ones do. Throws StreamError for columns that contradict each other.
 */
export function encodeServerFrame(frame: ServerFrame, resolution?: ArrayLike<number>): Uint8Array {
  switch (frame.kind) {
    case 'hello':
      return encodeEnvelope([
        serverKind.hello,
        frame.version,
        frame.epoch,
        frame.manifest,
        frame.topics,
        frame.tickMs,
        frame.floorTime,
        frame.wallTime,
      ])
    case 'snapshot':
      return encodeEnvelope([serverKind.snapshot, ...topicFields(frame, resolution)])
    case 'delta':
      return encodeEnvelope([serverKind.delta, ...topicFields(frame, resolution), frame.fromSeq])
    case 'heartbeat':
      return encodeEnvelope([serverKind.heartbeat, frame.epoch, frame.floorTime, frame.wallTime])
    case 'figures':
      return encodeEnvelope([
        serverKind.figures,
        frame.epoch,
        frame.floorTime,
        frame.wallTime,
        encodeFigures(frame.figures),
        encodeRecomputing(frame.figures),
      ])
    case 'refusal':
      return encodeEnvelope([serverKind.refusal, frame.reason, frame.detail])
    case 'links':
      return encodeEnvelope([
        serverKind.links,
        frame.epoch,
        frame.links.map(({ source }) => source),
        frame.links.map(({ state }) => sourceStates.indexOf(state)),
        frame.links.map(({ since }) => since),
      ])
    case 'replay-state':
      return encodeEnvelope([
        serverKind.replayState,
        frame.epoch,
        frame.stage,
        frame.from,
        frame.to,
        frame.at,
        frame.speed,
        frame.problem,
        frame.detail,
      ])
  }
}

/** Reads a frame of the server. Throws StreamError; a frame that cannot be read has changed nothing. */
export function decodeServerFrame(bytes: Uint8Array): ServerFrame {
  const fields = decodeEnvelope(bytes, maxServerFrame)
  const kind = fields.count(0)
  switch (kind) {
    case serverKind.hello:
      return {
        kind: 'hello',
        version: fields.count(1),
        epoch: fields.count(2),
        manifest: fields.text(3),
        topics: texts(fields, 4),
        tickMs: fields.number(5),
        floorTime: fields.number(6),
        wallTime: fields.number(7),
      }
    case serverKind.snapshot:
      return { kind: 'snapshot', ...readTopic(fields) }
    case serverKind.delta: {
      const frame: Delta = { kind: 'delta', ...readTopic(fields), fromSeq: fields.count(9) }
      if (frame.fromSeq >= frame.seq) {
        throw new StreamError('inconsistent', `A delta from ${frame.fromSeq} to ${frame.seq} goes nowhere`)
      }
      return frame
    }
    case serverKind.heartbeat:
      return {
        kind: 'heartbeat',
        epoch: fields.count(1),
        floorTime: fields.number(2),
        wallTime: fields.number(3),
      }
    case serverKind.figures:
      return {
        kind: 'figures',
        epoch: fields.count(1),
        floorTime: fields.number(2),
        wallTime: fields.number(3),
        figures: decodeFigures(fields.block(4), fields.block(5)),
      }
    case serverKind.refusal:
      return { kind: 'refusal', reason: closeReason(fields.text(1)), detail: fields.text(2) }
    case serverKind.links:
      return { kind: 'links', epoch: fields.count(1), links: readLinks(fields) }
    case serverKind.replayState:
      return {
        kind: 'replay-state',
        epoch: fields.count(1),
        stage: oneOf(replayStages, fields.text(2)),
        from: fields.number(3),
        to: fields.number(4),
        at: fields.number(5),
        speed: fields.number(6),
        problem: oneOf(replayProblems, fields.text(7)),
        detail: fields.text(8),
      }
    default:
      throw new StreamError('unknown-kind', `Frame kind ${kind} is not known to this version`)
  }
}

export function encodeClientFrame(frame: ClientFrame): Uint8Array {
  switch (frame.kind) {
    case 'subscribe':
      return encodeEnvelope([clientKind.subscribe, frame.topics])
    case 'resync':
      return encodeEnvelope([clientKind.resync, frame.topic, frame.epoch, frame.lastSeq])
    case 'pause':
      return encodeEnvelope([clientKind.pause])
    case 'resume':
      return encodeEnvelope([clientKind.resume])
    case 'replay':
      return encodeEnvelope([clientKind.replay, frame.from, frame.to, frame.speed])
    case 'pace':
      return encodeEnvelope([clientKind.pace, frame.speed, frame.isHeld ? 1 : 0])
    case 'live':
      return encodeEnvelope([clientKind.live])
  }
}

/** Reads a frame of a client. Throws StreamError. */
export function decodeClientFrame(bytes: Uint8Array): ClientFrame {
  const fields = decodeEnvelope(bytes, maxClientFrame)
  const kind = fields.count(0)
  switch (kind) {
    case clientKind.subscribe: {
      const { length, items } = fields.list(1)
      if (length > maxTopics) {
        throw new StreamError('inconsistent', `${length} topics asked for; ${maxTopics} are the limit`)
      }
      return { kind: 'subscribe', topics: Array.from({ length }, (_, at) => items.count(at)) }
    }
    case clientKind.resync:
      return { kind: 'resync', topic: fields.count(1), epoch: fields.count(2), lastSeq: fields.count(3) }
    case clientKind.pause:
      return { kind: 'pause' }
    case clientKind.resume:
      return { kind: 'resume' }
    case clientKind.replay:
      return { kind: 'replay', from: fields.number(1), to: fields.number(2), speed: fields.number(3) }
    case clientKind.pace:
      return { kind: 'pace', speed: fields.number(1), isHeld: fields.count(2) === 1 }
    case clientKind.live:
      return { kind: 'live' }
    default:
      throw new StreamError('unknown-kind', `Frame kind ${kind} is not known to this version`)
  }
}

function topicFields(frame: Snapshot | Delta, resolution?: ArrayLike<number>): unknown[] {
  return [
    frame.topic,
    frame.epoch,
    frame.seq,
    frame.floorTime,
    frame.wallTime,
    encodeSignals(frame.signals, resolution),
    encodeMachines(frame.machines),
    frame.texts.flat(),
  ]
}

function readTopic(fields: Envelope): Omit<Snapshot, 'kind'> {
  const { length, items } = fields.list(8)
  if (length % 2 !== 0) throw new StreamError('malformed', 'The texts of a frame do not come in pairs')
  return {
    topic: fields.count(1),
    epoch: fields.count(2),
    seq: fields.count(3),
    floorTime: fields.number(4),
    wallTime: fields.number(5),
    signals: decodeSignals(fields.block(6)),
    machines: decodeMachines(fields.block(7)),
    texts: Array.from(
      { length: length / 2 },
      (_, at) => [items.count(at * 2), items.text(at * 2 + 1)] as const,
    ),
  }
}

function readLinks(fields: Envelope): ShownLink[] {
  const [sources, states, since] = [texts(fields, 2), fields.list(3), fields.list(4)]
  if (states.length !== sources.length || since.length !== sources.length)
    throw new StreamError('inconsistent', 'The columns of the links differ in length')
  return sources.map((source, at) => {
    const state = sourceStates[states.items.count(at)]
    if (state === undefined)
      throw new StreamError('malformed', `The link of ${source} is in no state that is known`)
    return { source, state, since: since.items.number(at) }
  })
}

function texts(fields: Envelope, at: number): string[] {
  const { length, items } = fields.list(at)
  return Array.from({ length }, (_, place) => items.text(place))
}

function oneOf<const Word extends string>(words: readonly Word[], word: string): Word {
  const known = words.find(each => each === word)
  if (known === undefined) throw new StreamError('malformed', `The word '${word}' is not known`)
  return known
}

function closeReason(word: string): CloseReason {
  if (!Object.hasOwn(closeCodes, word))
    throw new StreamError('malformed', `Refusal reason '${word}' is not known`)
  return word as CloseReason
}
