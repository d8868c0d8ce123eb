import { decode, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeClientFrame, decodeServerFrame, encodeClientFrame, encodeServerFrame } from './codec.js'
import { type ClientFrame, maxClientFrame, maxServerFrame, type ServerFrame } from './protocol.js'
import {
  clientFrames,
  floorMachines,
  floorSignals,
  sampleDelta,
  sampleSnapshot,
  sampleTime,
  serverFrames,
} from './sample-frames.js'
import { StreamError } from './stream-error.js'
import { emptyMachines } from './topic-columns.js'

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
const unhex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))

/** -0 and 0 are the same reading. */
const plain = (frame: ServerFrame): ServerFrame => {
  if (frame.kind !== 'snapshot' && frame.kind !== 'delta') return frame
  const { value, min, max } = frame.signals
  const unsigned = (column: Float64Array): Float64Array => column.map(v => v + 0)
  return {
    ...frame,
    signals: { ...frame.signals, value: unsigned(value), min: unsigned(min), max: unsigned(max) },
  }
}

const codeOf = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    if (error instanceof StreamError) return error.code
    throw error
  }
  return 'read'
}

const goldenSignals = {
  index: Uint32Array.of(3, 4, 9),
  value: Float64Array.of(1.5, 23.01, Number.NaN),
  min: Float64Array.of(1.5, 22.5, Number.NaN),
  max: Float64Array.of(1.5, 23.01, Number.NaN),
  quality: Uint8Array.of(0, 0, 2),
  status: Uint8Array.of(0, 4, 2),
  sourceTime: Float64Array.of(sampleTime, sampleTime - 10, 0),
}
const goldenMachines = {
  index: Uint32Array.of(1, 300),
  state: Uint8Array.of(6, 9),
  mode: Uint8Array.of(1, 1),
  display: Uint8Array.of(1, 8),
  since: Float64Array.of(sampleTime, sampleTime - 1_000_000),
}
const now = { epoch: sampleTime, floorTime: sampleTime - 5, wallTime: sampleTime }

const golden: readonly (readonly [ServerFrame, string])[] = [
  [
    { kind: 'hello', version: 1, manifest: '0a1b2c3d', topics: ['area/a', 'area/b'], tickMs: 100, ...now },
    '980101cf0000019a7afd1e00a8306131623263336492a6617265612f61a6617265612f6264cf0000019a7afd1dfbcf0000019a7afd1e00',
  ],
  [
    {
      kind: 'snapshot',
      topic: 1,
      seq: 7,
      signals: goldenSignals,
      machines: goldenMachines,
      texts: [[2, 'ACTIVE']],
      ...now,
    },
    '990201cf0000019a7afd1e0007cf0000019a7afd1dfbcf0000019a7afd1e00c44403020301430100010000c03fc3f5285c8f0237400000c07f' +
      '010001010000000000803640c3f5285c8f02374000010002020002000104020000e0d1afa779420200011500c41c020101aa0206090100' +
      '01010001080000e0d1afa7794201000181897a9202a6414354495645',
  ],
  [
    {
      kind: 'delta',
      topic: 1,
      fromSeq: 7,
      seq: 9,
      signals: goldenSignals,
      machines: emptyMachines(),
      texts: [],
      ...now,
    },
    '9a0301cf0000019a7afd1e0009cf0000019a7afd1dfbcf0000019a7afd1e00c44403020301430100010000c03fc3f5285c8f0237400000c07f' +
      '010001010000000000803640c3f5285c8f02374000010002020002000104020000e0d1afa779420200011500c401009007',
  ],
  [{ kind: 'heartbeat', ...now }, '9404cf0000019a7afd1e00cf0000019a7afd1dfbcf0000019a7afd1e00'],
  [{ kind: 'refusal', reason: 'too-slow', detail: 'x' }, '9305a8746f6f2d736c6f77a178'],
  [
    {
      kind: 'links',
      epoch: sampleTime,
      links: [
        { source: 'plc', state: 'connected', since: sampleTime - 5 },
        { source: 'mes', state: 'waiting', since: 0 },
      ],
    },
    '9506cf0000019a7afd1e0092a3706c63a36d657392020492cf0000019a7afd1dfb00',
  ],
  [
    {
      kind: 'figures',
      ...now,
      figures: {
        index: Uint32Array.of(0, 2),
        since: Float64Array.of(sampleTime, sampleTime),
        busy: Float64Array.of(60_000, 20_000_001),
        running: Float64Array.of(0, 0.1),
        ideal: Float64Array.of(0, 0),
        idealGood: Float64Array.of(0, 0),
        produced: Float64Array.of(2, 3),
        good: Float64Array.of(1, -1),
        recomputing: Uint8Array.of(0, 1),
      },
    },
    '9607cf0000019a7afd1e00cf0000019a7afd1dfbcf0000019a7afd1e00c44f020100010000e0d1afa779420001000100606a470000' +
      '0010d0127341010001000000009a9999999999b93f000000000000000000000000000000000000000000004000004040000000803f000080bfc4050001000101',
  ],
  [
    {
      kind: 'replay-state',
      epoch: sampleTime,
      stage: 'playing',
      from: sampleTime - 5,
      to: sampleTime,
      at: sampleTime - 5,
      speed: 60,
      problem: '',
      detail: '',
    },
    '9908cf0000019a7afd1e00a7706c6179696e67cf0000019a7afd1dfbcf0000019a7afd1e00cf0000019a7afd1dfb3ca0a0',
  ],
]
const goldenClient: readonly (readonly [ClientFrame, string])[] = [
  [{ kind: 'subscribe', topics: [0, 1, 300] }, '9201930001cd012c'],
  [{ kind: 'resync', topic: 1, epoch: sampleTime, lastSeq: 7 }, '940201cf0000019a7afd1e0007'],
  [{ kind: 'pause' }, '9103'],
  [{ kind: 'resume' }, '9104'],
  [{ kind: 'replay', from: sampleTime, to: 0, speed: 0.5 }, '9405cf0000019a7afd1e0000cb3fe0000000000000'],
  [{ kind: 'pace', speed: 2, isHeld: true }, '93060201'],
  [{ kind: 'live' }, '9107'],
]

describe('The stream codec', () => {
  it('S16 gives every server frame back as it was', () => {
    fc.assert(
      fc.property(serverFrames, frame => {
        expect(plain(decodeServerFrame(encodeServerFrame(frame)))).toEqual(plain(frame))
      }),
      { numRuns: 500 },
    )
  })

  it('gives every client frame back as it was', () => {
    fc.assert(
      fc.property(clientFrames, frame => {
        expect(decodeClientFrame(encodeClientFrame(frame))).toEqual(frame)
      }),
    )
  })

  it.each(golden)('S3 keeps the bytes of a server frame for ever: %#', (frame, bytes) => {
    expect(hex(encodeServerFrame(frame))).toBe(bytes)
    expect(decodeServerFrame(unhex(bytes))).toEqual(frame)
  })

  it('S29 refuses links whose columns differ, and a state that nobody knows', () => {
    const links = (...columns: unknown[]) => codeOf(() => decodeServerFrame(encode([6, 1, ...columns])))
    expect(links(['plc'], [2], [0])).toBe('read')
    expect(links(['plc'], [2, 2], [0])).toBe('inconsistent')
    expect(links(['plc'], [2], [])).toBe('inconsistent')
    expect(links(['plc'], [99], [0])).toBe('malformed')
  })

  it.each(goldenClient)('S3 keeps the bytes of a client frame for ever: %#', (frame, bytes) => {
    expect(hex(encodeClientFrame(frame))).toBe(bytes)
    expect(decodeClientFrame(unhex(bytes))).toEqual(frame)
  })

  it('S3 is plain MessagePack, and fields a later version appends are no error', () => {
    const heartbeat = encodeServerFrame({ kind: 'heartbeat', epoch: 7, floorTime: 8, wallTime: 9 })
    expect(decode(heartbeat)).toEqual([4, 7, 8, 9])
    expect(decodeServerFrame(Uint8Array.of(0x95, 4, 7, 8, 9, 10))).toMatchObject({
      kind: 'heartbeat',
      wallTime: 9,
    })
    expect(codeOf(() => decodeServerFrame(Uint8Array.of(0x91, 99)))).toBe('unknown-kind')
    expect(codeOf(() => decodeClientFrame(Uint8Array.of(0x91, 99)))).toBe('unknown-kind')
  })

  it('S16 rounds a value to Float32 only where the resolution of its signal hides it', () => {
    const value = Float64Array.of(23.01, 1_234_567.891)
    const signals = { ...floorSignals(2), value, min: value.slice(), max: value.slice() }
    const seen = (resolution?: number[]): Float64Array => {
      const frame = decodeServerFrame(encodeServerFrame(sampleDelta(1, 2, signals), resolution))
      return frame.kind === 'delta' ? frame.signals.value : new Float64Array(0)
    }
    expect([...seen()]).toEqual([...value])
    expect([...seen([0.01, 0.001])]).toEqual([Math.fround(23.01), 1_234_567.891])
  })

  it('S4 stays within its budget: 12 KB for a full delta of 1,716 signals, 20 KB for a snapshot', () => {
    const resolution = new Float64Array(3_000).fill(0.01)
    const delta = sampleDelta(1, 2, floorSignals(1_716), { machines: floorMachines(228) })
    expect(encodeServerFrame(delta, resolution).length).toBeLessThan(12_000)
    const snapshot = sampleSnapshot(2, floorSignals(2_800), { machines: floorMachines(228) })
    expect(encodeServerFrame(snapshot, resolution).length).toBeLessThan(20_000)
  })

  it('S4 refuses a frame over the limit before reading it', () => {
    expect(codeOf(() => decodeClientFrame(new Uint8Array(maxClientFrame + 1)))).toBe('frame-too-large')
    expect(codeOf(() => decodeServerFrame(new Uint8Array(maxServerFrame + 1)))).toBe('frame-too-large')
  })

  it('S4 allocates nothing for what a frame only announces', () => {
    // 2^32 - 1 topics; a set of 2^32 signals in a block of a few bytes; a thousand nested arrays.
    expect(codeOf(() => decodeClientFrame(unhex('9201ddffffffff')))).toBe('truncated')
    const hugeSet = unhex('9902000001cb0000000000000000cb0000000000000000c407808080801000' + '00c4010090')
    expect(codeOf(() => decodeServerFrame(hugeSet))).toBe('inconsistent')
    expect(codeOf(() => decodeServerFrame(new Uint8Array(1_000).fill(0x91)))).toBe('malformed')
  })

  it('refuses to encode columns that differ in length', () => {
    const signals = { ...floorSignals(3), quality: new Uint8Array(2) }
    expect(codeOf(() => encodeServerFrame(sampleDelta(1, 2, signals)))).toBe('inconsistent')
  })

  it('S3 says truncated wherever a frame ends early', () => {
    const whole = encodeServerFrame(sampleSnapshot(5, floorSignals(20), { texts: [[3, 'ACTIVE']] }))
    for (let length = 0; length < whole.length; length++) {
      expect(codeOf(() => decodeServerFrame(whole.slice(0, length)))).toBe('truncated')
    }
  })

  it('S3 survives 100,000 frames of noise, mutations and truncations', () => {
    const noise = randomBytes(20_261_120)
    const wholes = [
      sampleSnapshot(5, floorSignals(60), { texts: [[3, 'ACTIVE']] }),
      sampleDelta(4, 5, { ...floorSignals(30), index: Uint32Array.from({ length: 30 }, (_, i) => i * i) }),
      sampleDelta(4, 5, floorSignals(1), { machines: floorMachines(30) }),
    ].map(frame => encodeServerFrame(frame))
    const shapes: Record<string, number> = {}
    for (let run = 0; run < 100_000; run++) {
      const whole = wholes[run % wholes.length]!
      let bytes: Uint8Array
      if (run % 5 === 0) bytes = Uint8Array.from({ length: noise() % 80 }, () => noise())
      else {
        bytes = whole.slice(0, run % 5 === 1 ? noise() % whole.length : whole.length)
        for (let flips = noise() % 4; flips >= 0 && bytes.length > 0; flips--) {
          bytes[((noise() << 8) | noise()) % bytes.length] = noise()
        }
      }
      const server = codeOf(() => decodeServerFrame(bytes))
      const client = codeOf(() => decodeClientFrame(bytes))
      shapes[server] = (shapes[server] ?? 0) + 1
      shapes[client] = (shapes[client] ?? 0) + 1
    }
    expect(Object.keys(shapes).sort()).toEqual([
      'inconsistent',
      'malformed',
      'read',
      'truncated',
      'unknown-kind',
    ])
  }, 30_000)
})

/** A small xorshift, so that the noise is the same each time. */
function randomBytes(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 8) & 0xff
  }
}
