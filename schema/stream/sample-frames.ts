import fc from 'fast-check'
import { sourceStates } from '../source-state.js'
import type { ClientFrame, Delta, MachineColumns, ServerFrame, SignalColumns, Snapshot } from './protocol.js'
import { replayProblems, replayStages } from './protocol.js'

/** Frames for the tests of the codec and the client: arbitrary ones, and plain ones of a given size. */

/** As a source would say it: whole milliseconds, or never. */
const time = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }),
  fc.integer({ min: 1_763_000_000_000, max: 1_763_000_001_000 }),
)
const value = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer({ min: -1000, max: 1000 }),
  fc.constant(Number.NaN),
)
const byte = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 255 }))
const indexes = (max: number) =>
  fc
    .uniqueArray(fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })), {
      maxLength: max,
    })
    .map(list => Uint32Array.from(list).sort())

const column = <T>(arbitrary: fc.Arbitrary<T>, length: number) =>
  fc.array(arbitrary, { minLength: length, maxLength: length })

const signalColumns: fc.Arbitrary<SignalColumns> = indexes(40).chain(index =>
  fc
    .record({
      rows: column(fc.tuple(value, fc.boolean(), value, value, byte, byte, time), index.length),
      commonTime: fc.option(time),
    })
    .map(({ rows, commonTime }) => ({
      index,
      value: Float64Array.from(rows, row => row[0]),
      min: Float64Array.from(rows, row => (row[1] ? row[2] : row[0])),
      max: Float64Array.from(rows, row => (row[1] ? row[3] : row[0])),
      quality: Uint8Array.from(rows, row => row[4]),
      status: Uint8Array.from(rows, row => row[5]),
      sourceTime: Float64Array.from(rows, row => commonTime ?? row[6]),
    })),
)

const machineColumns: fc.Arbitrary<MachineColumns> = indexes(20).chain(index =>
  column(fc.tuple(byte, byte, byte, time), index.length).map(rows => ({
    index,
    state: Uint8Array.from(rows, row => row[0]),
    mode: Uint8Array.from(rows, row => row[1]),
    display: Uint8Array.from(rows, row => row[2]),
    since: Float64Array.from(rows, row => row[3]),
  })),
)

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map(time => time + 0)
const count = fc.integer({ min: 0, max: 2 ** 40 })
const topicFrame = {
  topic: fc.integer({ min: 0, max: 5_000 }),
  epoch: count,
  seq: fc.integer({ min: 1, max: 2 ** 40 }),
  floorTime: finite,
  wallTime: finite,
  signals: signalColumns,
  machines: machineColumns,
  texts: fc.array(fc.tuple(fc.nat(), fc.string({ unit: 'grapheme' }))),
}

export const serverFrames: fc.Arbitrary<ServerFrame> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    version: fc.nat(),
    epoch: count,
    manifest: fc.string(),
    topics: fc.array(fc.string()),
    tickMs: fc.constant(100),
    floorTime: time,
    wallTime: time,
  }),
  fc.record({ kind: fc.constant('snapshot' as const), ...topicFrame }),
  fc
    .record({ kind: fc.constant('delta' as const), ...topicFrame, back: fc.integer({ min: 1, max: 1_000 }) })
    .map(({ back, ...frame }): Delta => ({ ...frame, fromSeq: Math.max(0, frame.seq - back) })),
  fc.record({ kind: fc.constant('heartbeat' as const), epoch: count, floorTime: time, wallTime: time }),
  fc.record({
    kind: fc.constant('refusal' as const),
    reason: fc.constantFrom('bad-frame' as const, 'too-slow' as const, 'going-away' as const),
    detail: fc.string(),
  }),
  fc.record({
    kind: fc.constant('links' as const),
    epoch: count,
    links: fc.array(fc.record({ source: fc.string(), state: fc.constantFrom(...sourceStates), since: time })),
  }),
  fc.record({
    kind: fc.constant('replay-state' as const),
    epoch: count,
    stage: fc.constantFrom(...replayStages),
    from: time,
    to: time,
    at: time,
    speed: finite,
    problem: fc.constantFrom(...replayProblems),
    detail: fc.string(),
  }),
)

export const clientFrames: fc.Arbitrary<ClientFrame> = fc.oneof(
  fc.record({ kind: fc.constant('subscribe' as const), topics: fc.array(fc.nat()) }),
  fc.record({ kind: fc.constant('resync' as const), topic: fc.nat(), epoch: count, lastSeq: count }),
  fc.constant({ kind: 'pause' as const }),
  fc.constant({ kind: 'resume' as const }),
  fc.record({ kind: fc.constant('replay' as const), from: time, to: time, speed: finite }),
  fc.record({ kind: fc.constant('pace' as const), speed: finite, isHeld: fc.boolean() }),
  fc.constant({ kind: 'live' as const }),
)

export const sampleTime = 1_763_000_000_000

/** Signals as a floor of `size` sensors shows them: quantised to 0.01, good, sampled within a second of each other. */
export function floorSignals(size: number, first = 0, shift = 0): SignalColumns {
  const rows = Array.from({ length: size }, (_, i) => i)
  const values = Float64Array.from(rows, i => Math.round((20 + 50 * Math.sin(i + shift)) * 100) / 100)
  return {
    index: Uint32Array.from(rows, i => first + i),
    value: values,
    min: values.slice(),
    max: values.slice(),
    quality: Uint8Array.from(rows, i => (i % 100 === 0 ? 2 : 0)),
    status: Uint8Array.from(rows, i => (i % 50 === 0 ? 4 : 0)),
    sourceTime: Float64Array.from(rows, i => sampleTime - ((i * 37) % 1_000)),
  }
}

export function floorMachines(size: number, first = 0): MachineColumns {
  const rows = Array.from({ length: size }, (_, i) => i)
  return {
    index: Uint32Array.from(rows, i => first + i),
    state: Uint8Array.from(rows, i => (i % 7 === 0 ? 9 : 6)),
    mode: new Uint8Array(size).fill(1),
    display: Uint8Array.from(rows, i => (i % 7 === 0 ? 8 : 1)),
    since: Float64Array.from(rows, i => sampleTime - i * 61_000),
  }
}

const place = { topic: 0, epoch: sampleTime, floorTime: sampleTime, wallTime: sampleTime, texts: [] }

export function sampleSnapshot(
  seq: number,
  signals = floorSignals(4),
  parts: Partial<Snapshot> = {},
): Snapshot {
  return { kind: 'snapshot', ...place, seq, signals, machines: floorMachines(2), ...parts }
}

export function sampleDelta(
  fromSeq: number,
  seq: number,
  signals = floorSignals(4),
  parts: Partial<Delta> = {},
): Delta {
  return { kind: 'delta', ...place, fromSeq, seq, signals, machines: floorMachines(0), ...parts }
}
