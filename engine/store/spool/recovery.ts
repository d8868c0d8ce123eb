import { randomUUID } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type ByteRange, recordCount, type SpoolRecord, scanSegment } from '../../../workers/spool/record.js'
import { StoreError } from '../errors.js'
import { readCommitMark } from './commit-mark.js'
import { listSegments, readSegment, type SealedSegment } from './segment.js'

/** Where counting goes on: the next number to give. */
export interface Position {
  readonly nextSample: number
  readonly nextRecord: number
}

/** What an earlier run left behind. */
export interface Recovered {
  /** Part of every deduplication token; made with the folder, never changed. */
  readonly id: string
  /** Not yet known to be in the store, oldest first. */
  readonly left: readonly SealedSegment[]
  /** Nothing in them but where counting stood: to be removed once another segment keeps that. */
  readonly empty: readonly SealedSegment[]
  readonly nextSegment: number
  /** Undefined in a new spool. */
  readonly position: Position | undefined
  /** A write that never returned, cut off. */
  readonly torn: (ByteRange & { readonly path: string }) | undefined
}

export function recover(folder: string): Recovered {
  mkdirSync(folder, { recursive: true })
  const found = listSegments(folder)
  // A new folder, or one whose segments somebody took away: numbers start anew, so the id must too.
  if (found.length === 0) {
    const id = makeId(folder)
    return { id, left: [], empty: [], nextSegment: 1, position: undefined, torn: undefined }
  }
  const id = readId(folder)
  let position: Position | undefined
  let torn: Recovered['torn']
  const committed = readCommitMark(folder)
  const left: SealedSegment[] = []
  const empty: SealedSegment[] = []
  for (const [i, segment] of [...found.entries()].reverse()) {
    const promised = committed?.segment === segment.number ? committed.bytes : 0
    const whole =
      segment.bytes < promised ? { ...segment, missing: { from: segment.bytes, to: promised } } : segment
    // The newest tells where counting stood, unless nothing in it can be read: then the one before does.
    if (position !== undefined) {
      left.unshift(whole)
      continue
    }
    const { records, damage, end } = scanSegment(readSegment(segment))
    position = positionAfter(records)
    const isTorn = i === found.length - 1 && end < segment.bytes && end >= promised
    if (isTorn) {
      torn = { path: segment.path, from: end, to: segment.bytes }
      truncateSync(segment.path, end)
    }
    const isEmpty = damage.length === 0 && promised <= end && !records.some(record => record.kind === 'entry')
    if (isEmpty) empty.push(segment)
    else left.unshift(isTorn ? { ...whole, bytes: end } : whole)
  }
  return { id, left, empty, nextSegment: found.at(-1)!.number + 1, position, torn }
}

function positionAfter(records: readonly SpoolRecord[]): Position | undefined {
  const last = records.at(-1)
  if (last === undefined) return undefined
  if (last.kind === 'opening') return { nextSample: last.nextSample, nextRecord: last.nextRecord }
  return {
    nextSample: last.firstSample + (last.entry.samples?.count ?? 0),
    nextRecord: last.firstRecord + recordCount(last.entry),
  }
}

function readId(folder: string): string {
  const path = join(folder, 'id')
  try {
    const id = readFileSync(path, 'utf8').trim()
    if (/^[0-9a-f-]{36}$/.test(id)) return id
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  // With a new id the store would count again what it may already hold.
  const message = `The spool's ${path} is missing or unreadable, but there are segments beside it. Put the file back, or move the folder ${folder} away to start without what it holds.`
  throw new StoreError('spool-damaged', message)
}

function makeId(folder: string): string {
  const path = join(folder, 'id')
  const id = randomUUID()
  const fd = openSync(`${path}.new`, 'w')
  writeSync(fd, `${id}\n`)
  fsyncSync(fd)
  closeSync(fd)
  renameSync(`${path}.new`, path)
  return id
}
