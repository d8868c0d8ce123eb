import { PassThrough } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fuzzRuns } from '../fuzz-runs.js'
import { PublishLane } from './publish-lane.js'

function packet(head: number, body: Buffer): Buffer {
  const length: number[] = []
  let rest = body.length
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>= 7
  } while (rest > 0)
  return Buffer.concat([Buffer.from([head, ...length]), body])
}

interface Said {
  readonly topic: string
  readonly payload: string
  readonly retain: boolean
  readonly qos: 0 | 1
  readonly packetId: number
}

function publish({ topic, payload, retain, qos, packetId }: Said, is5: boolean): Buffer {
  const name = Buffer.from(topic)
  const head = Buffer.alloc(2 + name.length + (qos === 1 ? 2 : 0))
  head.writeUInt16BE(name.length)
  name.copy(head, 2)
  if (qos === 1) head.writeUInt16BE(packetId, 2 + name.length)
  // Message expiry interval, 7 s (MQTT 5.0, 3.3.2.3.3).
  const properties = is5 ? Buffer.from([5, 2, 0, 0, 0, 7]) : Buffer.alloc(0)
  return packet(0x30 | (qos << 1) | (retain ? 1 : 0), Buffer.concat([head, properties, Buffer.from(payload)]))
}

/** A socket that a test plays, and what comes out of the lane. */
function makeLane(is5 = false) {
  const socket = new PassThrough()
  const written: Buffer[] = []
  socket.write = (chunk: Buffer) => written.push(Buffer.from(chunk)) > 0
  const said: Said[] = []
  const lane = new PublishLane(socket, is5, ({ payload, ...rest }) =>
    said.push({ ...rest, payload: payload.toString() }),
  )
  const others: Buffer[] = []
  lane.on('data', (chunk: Buffer) => others.push(chunk))
  const take = (chunk: Buffer) => socket.emit('data', chunk)
  return { lane, said, others: () => Buffer.concat(others), take, written: () => Buffer.concat(written) }
}

const message = fc
  .record({
    topic: fc.string({ minLength: 1, maxLength: 20 }),
    payload: fc.oneof(fc.string(), fc.constant('x'.repeat(300)), fc.constant('y'.repeat(20_000))),
    retain: fc.boolean(),
    qos: fc.constantFrom(0 as const, 1 as const),
    packetId: fc.integer({ min: 1, max: 65_535 }),
  })
  .map((said): Said => (said.qos === 0 ? { ...said, packetId: 0 } : said))
const other = fc.constantFrom(
  Buffer.from([0xd0, 0]),
  Buffer.from([0x20, 2, 0, 0]),
  packet(0x90, Buffer.from([0, 1, 1])),
  // A message of QoS 2 is not for the lane.
  packet(0x34, Buffer.from([0, 1, 97, 0, 9, 1])),
)

it('hands on every message, whole and in order, and passes on all the rest, wherever the chunks are cut', async () => {
  const packets = fc.array(fc.oneof(message, other), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(
      packets,
      fc.boolean(),
      fc.array(fc.nat(400), { minLength: 1 }),
      async (sent, is5, cuts) => {
        const { said, others, take } = makeLane(is5)
        const bytes = Buffer.concat(sent.map(each => (Buffer.isBuffer(each) ? each : publish(each, is5))))
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = 1 + cuts[i % cuts.length]!
          take(bytes.subarray(at, at + size))
          at += size
        }
        await nextTurn()
        expect(said).toEqual(sent.filter(each => !Buffer.isBuffer(each)))
        expect(others()).toEqual(Buffer.concat(sent.filter(each => Buffer.isBuffer(each))))
      },
    ),
    { numRuns: Math.ceil(fuzzRuns / 40) },
  )
})

it('never throws, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), fc.boolean(), (chunks, is5) => {
      const { take } = makeLane(is5)
      for (const chunk of chunks) take(Buffer.from(chunk))
    }),
    { numRuns: fuzzRuns / 4 },
  )
})

it('leaves what is no packet to mqtt.js, which knows what to say of it', async () => {
  const { take, said, others } = makeLane()
  take(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1, 2]))
  await nextTurn()
  expect([said, others().length]).toEqual([[], 7])
})

it('acknowledges those of one turn in one write, in order', async () => {
  const { lane, written } = makeLane()
  for (const id of [7, 8, 65_535]) lane.acknowledge(id)
  expect(written().length).toBe(0)
  await nextTurn()
  expect(written().toString('hex')).toBe('40020007400200084002ffff')
})

it('hands on nothing while it is held, not even what has been read, and then all of it', async () => {
  const { lane, said, take, others } = makeLane()
  const of = (payload: string) => publish({ topic: 'a', payload, retain: false, qos: 0, packetId: 0 }, false)
  take(Buffer.concat([of('1'), of('2')]))
  lane.hold(true)
  take(Buffer.concat([of('3'), Buffer.from([0xd0, 0]), of('4')]))
  await nextTurn()
  expect(said.map(({ payload }) => payload)).toEqual(['1', '2'])
  lane.hold(false)
  await nextTurn()
  await nextTurn()
  expect(said.map(({ payload }) => payload)).toEqual(['1', '2', '3', '4'])
  expect(others()).toEqual(Buffer.from([0xd0, 0]))
})

it('stops in the middle of what it reads when it is held there', async () => {
  const socket = new PassThrough()
  const said: string[] = []
  const lane = new PublishLane(socket, false, ({ payload }) => {
    said.push(payload.toString())
    if (said.length % 2 === 0) lane.hold(true)
  })
  const all = ['1', '2', '3', '4', '5']
  const bytes = all.map(payload =>
    publish({ topic: 'a', payload, retain: false, qos: 0, packetId: 0 }, false),
  )
  socket.emit('data', Buffer.concat(bytes))
  for (const heard of [2, 4, 5]) {
    expect(said).toEqual(all.slice(0, heard))
    lane.hold(false)
    await nextTurn()
    await nextTurn()
  }
})
