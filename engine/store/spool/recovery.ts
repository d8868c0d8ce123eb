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
import { type ByteRange, type Position, positionAfter, scanSegment } from '../../../workers/spool/record.js'
import { StoreError } from '../errors.js'
import { readCommitMark } from './commit-mark.js'
import { listSegments, pathOf, readOpening, readSegment, type SealedSegment } from './segment.js'

/** What an earlier run left behind. */
export interface Recovered {
  /** Part of every deduplication token; made with the folder, never changed. */
  readonly id: string
  /** Not yet known to be in the store, oldest first; each with the bytes that it should have. */
  readonly left: readonly SealedSegment[]
  /** Nothing in them but where counting stood: to be removed once another segment keeps that. */
  readonly empty: readonly SealedSegment[]
  readonly nextSegment: number
  /** Undefined in a new spool. */
  readonly position: Position | undefined
  /** A write that never returned, cut off. */
  readonly torn: LostBytes | undefined
  /** Bytes that were written and are gone, oldest first. */
  readonly missing: readonly LostBytes[]
}

interface LostBytes extends ByteRange {
  readonly path: string
}

export function recover(folder: string): Recovered {
  mkdirSync(folder, { recursive: true })
  const found = listSegments(folder)
  // A new folder, or one whose segments somebody took away: numbers start anew, so the id must too.
  if (found.length === 0) {
    const id = makeId(folder)
    return { id, left: [], empty: [], nextSegment: 1, position: undefined, torn: undefined, missing: [] }
  }
  const id = readId(folder)
  let position: Position | undefined
  let torn: Recovered['torn']
  const written = writtenBytes(folder, found)
  const missing = lostBytes(folder, found, written)
  const left: SealedSegment[] = []
  const empty: SealedSegment[] = []
  for (const [i, segment] of [...found.entries()].reverse()) {
    const promised = written.get(segment.number) ?? 0
    const whole = { ...segment, bytes: Math.max(segment.bytes, promised) }
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
  return {
    id,
    left,
    empty,
    nextSegment: Math.max(...written.keys(), found.at(-1)!.number) + 1,
    position,
    torn,
    missing,
  }
}

/** How many bytes segments had, by number: by the segment behind each, and by what was last committed. */
function writtenBytes(folder: string, found: readonly SealedSegment[]): ReadonlyMap<number, number> {
  const committed = readCommitMark(folder)
  const has = (number: number): boolean => found.some(segment => segment.number === number)
  const written = new Map<number, number>()
  // One between them that is not there was empty, and taken away at a start.
  if (committed !== undefined && (has(committed.segment) || committed.segment > found.at(-1)!.number))
    written.set(committed.segment, committed.bytes)
  for (const segment of found) {
    const { before } = readOpening(segment) ?? {}
    if (before !== undefined)
      written.set(before.number, Math.max(before.bytes, written.get(before.number) ?? 0))
  }
  return written
}

/** Segments go to the store in order: where an older one is left, one that is not there was taken away. */
function lostBytes(
  folder: string,
  found: readonly SealedSegment[],
  written: ReadonlyMap<number, number>,
): LostBytes[] {
  const oldest = found[0]!.number
  return [...written]
    .filter(([number]) => number >= oldest)
    .sort(([a], [b]) => a - b)
    .flatMap(([number, to]) => {
      const segment = found.find(one => one.number === number)
      const from = segment?.bytes ?? 0
      return from < to ? [{ path: segment?.path ?? pathOf(folder, number), from, to }] : []
    })
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
