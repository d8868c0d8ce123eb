import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { waitForRoom } from './disk-room.js'
import { isDiskFull } from './store/disk-full.js'
import { StoreError } from './store/errors.js'

const logger = pino({ level: 'silent' })

describe('waiting for room on the disk', () => {
  it('goes on by itself when there is some', async () => {
    const rooms = [0, 1024 ** 2, 1024 ** 3]
    await waitForRoom('/data', logger, 60_000, undefined, () => rooms.shift()!)
    expect(rooms).toEqual([])
  })

  it('ends with what to do and the exit code of a data folder that cannot be used', async () => {
    const waiting = waitForRoom('/data', logger, 0, undefined, () => 42)
    await expect(waiting).rejects.toMatchObject({ code: 'disk-full', exitCode: 4 })
    await expect(waiting).rejects.toThrow(
      'The disk of /data is full (42 bytes are free, a start needs 16777216). Free some space on it and start again; nothing that was accepted is lost.',
    )
  })
})

describe('a start that is stopped', () => {
  it('while it waits for room ends as asked', async () => {
    const stop = new AbortController()
    const rooms: number[] = []
    const waiting = waitForRoom('/data', logger, 60_000, stop.signal, () => {
      stop.abort()
      return rooms.push(0)
    })
    await expect(waiting).rejects.toMatchObject({ code: 'start-given-up', exitCode: 0 })
    await expect(waiting).rejects.toThrow('The start was given up while the disk of /data was full')
  })
})

describe('a full disk', () => {
  it('is known by the words of the system, of ClickHouse and of the store, be they behind another error', () => {
    const system = Object.assign(new Error('ENOSPC: no space left on device, open'), { code: 'ENOSPC' })
    const database = Object.assign(new Error('Cannot reserve 1.00 MiB'), { code: '243' })
    for (const error of [system, database, new StoreError('disk-full', 'full')]) {
      expect(isDiskFull(error)).toBe(true)
      expect(isDiskFull(new StoreError('store-failed', 'no', { cause: error }))).toBe(true)
    }
    expect(isDiskFull(new Error('std::exception: No space left on device'))).toBe(true)
    expect(isDiskFull(new StoreError('spool-failed', 'EACCES'))).toBe(false)
    expect(isDiskFull(undefined)).toBe(false)
  })
})
