import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Entry } from '../../../schema/records.js'
import { SampleBatchBuilder } from '../../../schema/sample-batch.js'
import { deduplicationWindow } from '../../../schema/tables/definition.js'
import { sourceExecArgv } from '../../../workers/source.js'
import { encodeEntry, encodeOpening, scanSegment } from '../../../workers/spool/record.js'
import { OpenSegment, readSegment, type SealedSegment } from './segment.js'
import { defaultLimitBytes, Spool, type SpoolOptions } from './spool.js'

const logger = pino({ level: 'silent' })
const never = new AbortController().signal
let folder: string
const opened: Spool[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-spool-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  for (const spool of opened.splice(0)) await spool.close()
  rmSync(folder, { recursive: true, force: true })
})

async function open(more: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await Spool.open({ folder, wall: { now: () => 1_000 }, logger, ...more }, async () => ({
    nextSample: 1,
    nextRecord: 1,
  }))
  opened.push(spool)
  return spool
}

/** As a process that dies: nothing is closed, the files are what they are. */
function abandon(): void {
  opened.length = 0
}

function entry(...values: number[]): Entry {
  const builder = new SampleBatchBuilder()
  for (const value of values) builder.push(3, value * 1_000, value * 1_000 + 1, value, 0)
  return { source: 's', samples: builder.take() }
}

async function valuesIn(spool: Spool): Promise<number[]> {
  const segment = await spool.next(never)
  return segment === undefined ? [] : valuesOf(readSegment(segment))
}

function valuesOf(bytes: Buffer): number[] {
  return scanSegment(bytes).records.flatMap(record =>
    record.kind === 'entry' ? [...(record.entry.samples?.value ?? [])] : [],
  )
}

const segments = (): string[] => readdirSync(folder).filter(name => name.endsWith('.segment'))

describe('appending', () => {
  it('numbers samples without gaps and tells when they are on the disk', async () => {
    const spool = await open()
    const told: number[] = []
    spool.onCommitted(last => told.push(last))
    expect(spool.append(entry(1, 2, 3))).toBe(3)
    expect(spool.append({ source: 's', rejects: [] })).toBe(3)
    expect(spool.append(entry(4))).toBe(4)
    expect(spool.committed).toBe(0)
    await spool.commit()
    expect(spool.committed).toBe(4)
    expect(told).toEqual([4])
  })

  it('says that it is on the disk only when it is, though the disk refuses at first', async () => {
    const spool = await open({ commitAfterMs: 1 })
    const commit = vi.spyOn(OpenSegment.prototype, 'commit').mockRejectedValueOnce(new Error('EIO'))
    spool.append(entry(1))
    await spool.commit()
    expect(commit).toHaveBeenCalledTimes(2)
    expect(spool.committed).toBe(1)
  })

  it('commits by itself', async () => {
    const spool = await open({ commitAfterMs: 1 })
    const told = new Promise<number>(resolve => spool.onCommitted(resolve))
    spool.append(entry(1))
    expect(await told).toBe(1)
  })

  it('seals a segment at its size, and for a waiting writer at its age', async () => {
    const spool = await open({ segmentSamples: 3, sealAfterMs: 1 })
    spool.append(entry(1, 2))
    spool.append(entry(3, 4))
    spool.append(entry(5))
    const first = (await spool.next(never))!
    expect(valuesOf(readSegment(first))).toEqual([1, 2, 3, 4])
    await spool.done(first, false)
    expect(await valuesIn(spool)).toEqual([5])
  })

  it('counts a segment as waiting from its first entry until it is done, its commit included', async () => {
    const spool = await open({ segmentSamples: 2 })
    spool.append(entry(1, 2))
    const next: Promise<SealedSegment | undefined> = spool.next(never)
    // Sealed, and on its way to the disk.
    for (let i = 0; i < 3; i++) {
      expect(spool.newestSegment).toBe(1)
      expect(spool.waiting).toBe(1)
      await Promise.resolve()
    }
    await spool.done((await next)!, false)
    expect(spool.newestSegment).toBeUndefined()
    expect(spool.waiting).toBe(0)
  })

  it('tells since when the oldest waits, from its first entry until it is done, and that one of an earlier run may be of any time', async () => {
    let now = 1_000
    const spool = await open({ wall: { now: () => now } })
    now = 5_000
    expect(spool.waitingSince).toBeUndefined()
    spool.append(entry(1))
    expect(spool.waitingSince).toBe(1_000)
    await spool.flush()
    spool.append(entry(2))
    expect(spool.waitingSince).toBe(1_000)
    await spool.done((await spool.next(never))!, false)
    expect(spool.waitingSince).toBe(5_000)
    await spool.flush()
    abandon()
    expect((await open()).waitingSince).toBe(0)
  })

  it('refuses when full, keeps nothing of what it refused, and goes on when there is room', async () => {
    const spool = await open({ limitBytes: 1_000, segmentSamples: 10 })
    const fill = (): void => {
      for (;;) spool.append(entry(1, 2, 3))
    }
    expect(fill).toThrow(
      expect.objectContaining({ code: 'spool-full', message: expect.stringMatching(/of 1000 bytes/) }),
    )
    const [bytes, accepted] = [spool.bytes, spool.accepted]
    expect(bytes).toBeLessThanOrEqual(1_000)
    expect(() => spool.append(entry(1, 2, 3))).toThrow()
    expect([spool.bytes, spool.accepted]).toEqual([bytes, accepted])
    const segment = (await spool.next(never))!
    await spool.done(segment, false)
    expect(spool.append(entry(9))).toBe(accepted + 1)
  })

  it('holds no more blocks, when full, than a table remembers', async () => {
    const spool = await open()
    const builder = new SampleBatchBuilder()
    for (let i = 0; i < 100_000; i++) builder.push(1, i, i, i, 0)
    spool.append({ source: '', samples: builder.take() })
    const smallest = (await spool.next(never))!
    expect(Math.ceil(defaultLimitBytes / smallest.bytes)).toBeLessThan(deduplicationWindow)
  })

  it('gives what was accepted last to who asks while it is being closed', async () => {
    const spool = await open()
    spool.append(entry(1, 2))
    const closing = spool.close()
    const last = await spool.next(never)
    await closing
    expect(last, 'it is sealed by then').toBeDefined()
    await spool.done(last!, false)
    expect(await spool.next(never)).toBeUndefined()
  })

  it('refuses when closed', async () => {
    const spool = await open()
    await spool.close()
    expect(() => spool.append(entry(1))).toThrow(expect.objectContaining({ code: 'closed' }))
  })

  it('says that the disk is full, keeps nothing half, and goes on when there is room', () => {
    // A limit on the size of files stands for the full disk: the write stops in the middle, like on one.
    const script = fileURLToPath(new URL('./full-disk.fixture.ts', import.meta.url))
    const command = `ulimit -S -f 8; exec "${process.execPath}" ${sourceExecArgv(import.meta.url).join(' ')} "${script}" "${folder}"`
    const said = JSON.parse(execFileSync('bash', ['-c', command], { encoding: 'utf8' }))
    expect(said).toMatchObject({ code: 'disk-full' })
    expect(said.message).toMatch(/Free some space; it goes on by itself/)
    const bytes = segments().map(name => readFileSync(join(folder, name)))
    expect(bytes.map(part => part.byteLength - scanSegment(part).end)).toEqual(bytes.map(() => 0))
    expect(bytes.flatMap(valuesOf)).toHaveLength(said.accepted)
  })
})

describe('after a crash', () => {
  it('hands out again what was not done, under the same id and number, and goes on counting', async () => {
    const before = await open({ segmentSamples: 2 })
    before.append(entry(1, 2))
    before.append(entry(3))
    const first = (await before.next(never))!
    abandon()
    const after = await open()
    expect(after.id).toBe(before.id)
    expect(after.accepted).toBe(3)
    const again = (await after.next(never))!
    expect(again.number).toBe(first.number)
    expect(valuesOf(readSegment(again))).toEqual([1, 2])
    await after.done(again, false)
    expect(await valuesIn(after)).toEqual([3])
    expect(after.append(entry(4))).toBe(4)
  })

  it('goes on counting when everything was done, however often it is started', async () => {
    for (let i = 0; i < 3; i++) {
      const spool = await open()
      expect(spool.accepted).toBe(i * 2)
      spool.append(entry(1, 2))
      await spool.flush()
      await spool.done((await spool.next(never))!, false)
      if (i === 1) abandon()
      else await spool.close()
    }
    expect(segments()).toHaveLength(1)
  })

  it('never uses a segment number twice', async () => {
    const numbers = new Set<number>()
    for (let i = 0; i < 4; i++) {
      const spool = await open()
      if (i % 2 === 0) spool.append(entry(i))
      await spool.flush()
      if (i % 2 === 0) numbers.add((await spool.next(never))!.number)
      abandon()
      if (i % 2 === 0) {
        const cleared = await open()
        await cleared.done((await cleared.next(never))!, false)
        abandon()
      }
    }
    expect(numbers.size).toBe(2)
  })

  it('never uses the number of a segment that somebody took away', async () => {
    const spool = await open({ segmentSamples: 1 })
    for (const value of [1, 2, 3]) spool.append(entry(value))
    await spool.commit()
    abandon()
    // 4 is empty and the newest: what was last committed was its beginning.
    const [first, ...taken] = segments()
    expect(taken).toHaveLength(3)
    for (const name of taken) rmSync(join(folder, name))
    await open()
    expect(segments()).toEqual([first, '000000000005.segment'])
  })

  it('cuts off the write that never returned, wherever it stopped', async () => {
    const whole = await open()
    whole.append(entry(1, 2))
    abandon()
    const path = join(folder, segments()[0]!)
    const good = readFileSync(path)
    const torn = encodeEntry(entry(3, 4), { firstSample: 3, firstRecord: 1, stored: 0 }, Buffer.alloc(0))
    for (const length of [1, 11, 12, 13, torn.byteLength - 1]) {
      for (const name of segments()) rmSync(join(folder, name))
      writeFileSync(path, Buffer.concat([good, torn.subarray(0, length)]))
      const spool = await open()
      expect(spool.accepted).toBe(2)
      expect(readFileSync(path)).toEqual(good)
      expect(await valuesIn(spool)).toEqual([1, 2])
      abandon()
    }
  })

  it('tells a cut through what was committed from a write that never returned', async () => {
    const told: { level: number; msg: string; from: number; to: number }[] = []
    const telling = pino({}, { write: (line: string) => void told.push(JSON.parse(line)) })
    const whole = await open()
    for (let i = 1; i <= 3; i++) whole.append(entry(i))
    await whole.commit()
    const path = join(folder, segments()[0]!)
    const kept = readFileSync(path)
    const mark = readFileSync(join(folder, 'committed'))
    // Written, and nobody was told: it may be whole or not.
    whole.append(entry(4))
    const good = readFileSync(path)
    await whole.commit()
    abandon()
    const third = scanSegment(good).records[3]!
    const cases = [
      { end: good.byteLength, left: [1, 2, 3, 4], told: [] },
      { end: kept.byteLength, left: [1, 2, 3], told: [] },
      { end: kept.byteLength + 7, left: [1, 2, 3], told: [{ level: 40, from: kept.byteLength }] },
      { end: kept.byteLength - 7, left: [1, 2], told: [{ level: 50, to: kept.byteLength }] },
      { end: third.from, left: [1, 2], told: [{ level: 50, from: third.from, to: kept.byteLength }] },
      { end: 0, left: [], told: [{ level: 50, from: 0, to: kept.byteLength }] },
    ]
    for (const { end, left, told: expected } of cases) {
      for (const name of segments()) rmSync(join(folder, name))
      writeFileSync(path, good.subarray(0, end))
      writeFileSync(join(folder, 'committed'), mark)
      told.length = 0
      const spool = await open({ logger: telling })
      expect(told, String(end)).toMatchObject(expected)
      for (const { msg } of told) expect(msg).toContain(path)
      const segment = (await spool.next(never))!
      expect(valuesOf(readSegment(segment))).toEqual(left)
      const isCut = end < kept.byteLength
      expect(segment.bytes).toBe(isCut ? kept.byteLength : readSegment(segment).byteLength)
      abandon()
    }
  })

  it('tells of an older segment that was cut between two records, or taken away, in each life until it is done', async () => {
    const told: { level: number; path: string; from: number; to: number }[] = []
    const telling = pino({ level: 'error' }, { write: (line: string) => void told.push(JSON.parse(line)) })
    const whole = await open()
    for (let i = 1; i <= 4; i++) {
      whole.append(entry(i))
      // It gives no number to anything.
      whole.append({ source: 's', texts: [[i, 'x']] })
      if (i < 4) await whole.flush()
    }
    await whole.commit()
    abandon()
    const paths = segments()
      .sort()
      .map(name => join(folder, name))
    const lengths = paths.map(path => readFileSync(path).byteLength)
    const last = scanSegment(readFileSync(paths[0]!)).records.at(-1)!
    truncateSync(paths[0]!, last.from)
    rmSync(paths[2]!)
    const lost = [
      { path: paths[0], from: last.from, to: lengths[0] },
      { path: paths[2], from: 0, to: lengths[2] },
    ]
    for (let life = 0; life < 3; life++) {
      told.length = 0
      const spool = await open({ logger: telling })
      expect(told).toMatchObject(lost)
      expect((await spool.next(never))!.bytes).toBe(lengths[0])
      abandon()
    }
    const spool = await open()
    for (const isDamaged of [true, false]) await spool.done((await spool.next(never))!, isDamaged)
    abandon()
    told.length = 0
    await open({ logger: telling })
    expect(told).toEqual([])
  })

  it('starts from the segment before when nothing in the newest can be read', async () => {
    const before = await open({ segmentSamples: 1 })
    before.append(entry(1))
    await before.commit()
    abandon()
    truncateSync(join(folder, segments().at(-1)!), 5)
    const after = await open()
    expect(after.append(entry(2))).toBe(2)
  })

  it('refuses segments whose id is lost: counting them again would count them twice', async () => {
    const before = await open()
    before.append(entry(1))
    abandon()
    rmSync(join(folder, 'id'))
    await expect(open()).rejects.toMatchObject({ code: 'spool-damaged' })
  })

  it('asks the store where counting stood when the folder is new', async () => {
    const spool = await Spool.open({ folder, wall: { now: () => 0 }, logger }, async () => ({
      nextSample: 501,
      nextRecord: 7,
    }))
    opened.push(spool)
    expect(spool.append(entry(1))).toBe(501)
  })
})

describe('a damaged segment', () => {
  it('gives every record but the damaged one', () => {
    const records = [1, 2, 3].map(i =>
      Buffer.from(encodeEntry(entry(i), { firstSample: i, firstRecord: 1, stored: 0 }, Buffer.alloc(0))),
    )
    const bytes = Buffer.concat([encodeOpening({ nextSample: 1, nextRecord: 1 }), ...records])
    const middle = bytes.byteLength - records[2]!.byteLength - records[1]!.byteLength
    for (let at = middle; at < middle + records[1]!.byteLength; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = damaged[at]! ^ 0xff
      const scan = scanSegment(damaged)
      expect(valuesOf(damaged)).toEqual([1, 3])
      const from = bytes.indexOf(records[1]!)
      expect(scan.damage).toEqual([{ from, to: from + records[1]!.byteLength }])
      expect(scan.end).toBe(bytes.byteLength)
    }
  })

  it('is kept aside when it is done', async () => {
    const spool = await open()
    spool.append(entry(1))
    await spool.flush()
    const segment = (await spool.next(never))!
    appendFileSync(segment.path, 'x')
    await spool.done(segment, true)
    expect(readdirSync(folder)).toContain(`${String(segment.number).padStart(12, '0')}.segment.corrupt`)
    expect(spool.waiting).toBe(0)
  })

  it('never makes the reader fail or invent records, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(200), (noise, at) => {
        const good = Buffer.concat([
          encodeOpening({ nextSample: 1, nextRecord: 1 }),
          encodeEntry(entry(1, 2), { firstSample: 1, firstRecord: 1, stored: 0 }, Buffer.alloc(0)),
        ])
        const bytes = Buffer.concat([good.subarray(0, at), noise, good.subarray(at)])
        const { records, end } = scanSegment(bytes)
        expect(end).toBeLessThanOrEqual(bytes.byteLength)
        expect(records.length).toBeLessThanOrEqual(2)
      }),
    )
  })
})
