import { statfsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { EngineError, startGivenUp } from './errors.js'

/** With less than this the database cannot write its first parts, bytes. */
const roomOfStart = 16 * 1024 ** 2
const lookMs = 500

/** Free bytes on the disk of a folder, for this user. */
function roomOn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Why nothing starts, and what to do. `why`: the words of whoever found no room. */
export function diskFull(folder: string, why: string, cause?: unknown): EngineError {
  const message = `The disk of ${folder} is full (${why}). Free some space on it and start again; nothing that was accepted is lost.`
  return new EngineError('disk-full', message, { cause })
}

/**
 * Waits until the disk of the data folder has room for a start, as one waits for a database that is away: not for ever.
 * Throws EngineError 'disk-full', or 'start-given-up' where `signal` is aborted.
 */
export async function waitForRoom(
  folder: string,
  logger: Logger,
  patienceMs: number,
  signal?: AbortSignal,
  room: (folder: string) => number = roomOn,
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += lookMs) {
    const free = room(folder)
    if (free >= roomOfStart) return
    const why = `${free} bytes are free, a start needs ${roomOfStart}`
    if (signal?.aborted) throw startGivenUp(`the disk of ${folder} was full (${why})`)
    if (waitedMs >= patienceMs) throw diskFull(folder, why)
    if (waitedMs === 0) {
      const message = `The disk of ${folder} is full: the start waits ${patienceMs / 1000} s for room. Free some space on it; nothing that was accepted is lost.`
      logger.error({ free, needed: roomOfStart }, message)
    }
    await pause(lookMs, undefined, signal && { signal }).catch(() => undefined)
  }
}
